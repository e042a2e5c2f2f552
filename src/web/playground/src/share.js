// An operation inside an address. It stands after the `#`, so no server and no log sees it. The key is never part of it.
export function linkTo({ query, variables }) {
  const parts = new URLSearchParams({ query });
  if (variables?.trim()) parts.set('variables', variables);
  return `${location.origin}${location.pathname}#${parts}`;
}

// The operation of the address that opened the page. It is removed from the address, so that a reload does not open it again.
export function takeShared() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const query = parts.get('query');
  if (!query) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return { query, variables: parts.get('variables') ?? undefined };
}
