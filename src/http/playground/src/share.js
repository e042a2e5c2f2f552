// An operation within an address. It stands behind the `#`, so no server and no log sees it; the key is never part of it.
export function linkTo({ query, variables }) {
  const parts = new URLSearchParams({ query });
  if (variables?.trim()) parts.set('variables', variables);
  return `${location.origin}${location.pathname}#${parts}`;
}

// The operation that the page was opened with, taken out of the address: a reload is not to open it again.
export function takeShared() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const query = parts.get('query');
  if (!query) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return { query, variables: parts.get('variables') ?? undefined };
}
