// Shared operations in the URL fragment, which is not sent to servers or logged. The key is never included.
export function linkTo({ query, variables }) {
  const parts = new URLSearchParams({ query });
  if (variables?.trim()) parts.set('variables', variables);
  return `${location.origin}${location.pathname}#${parts}`;
}

// The operation of the address that opened the page. It is removed from the address, so that a reload does not open it
// again.
export function takeShared() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const query = parts.get('query');
  if (!query) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return { query, variables: parts.get('variables') ?? undefined };
}
