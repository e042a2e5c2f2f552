// Which of the two pages this is, and where its API is: both are the same files below two paths.
export const isAdmin = /\/admin\/graphiql\/?$/.test(location.pathname);
export const api = isAdmin ? 'admin' : 'customer';
export const endpoint = new URL('../graphql', location.href).href;
// Where newbee begins, also behind a proxy that serves it below a path of its own.
export const home = new URL(isAdmin ? '../../' : '../', location.href);

// Where one may go from here.
const path = (name) => new URL(name, home).pathname;
export const doors = isAdmin
  ? [{ name: 'Customer playground', href: path('graphiql/') }, { name: 'Ops page', href: path('ops/') }]
  : [{ name: 'Admin playground', href: path('admin/graphiql/') }, { name: 'Schema', href: path('schema.graphql') }];

// What the server says of itself: { environment, users: [{ name, key, shows }], apiKey }. Without it the page still works.
export async function loadSettings() {
  const nothing = { environment: '', users: [], apiKey: null };
  try {
    const reply = await fetch('./settings.json');
    return reply.ok ? { ...nothing, ...(await reply.json()) } : nothing;
  } catch {
    return nothing;
  }
}
