// Kind of this page (customer or admin) and URLs of the service. Both pages are the same files at two paths.
import { t } from './language.js';

export const isAdmin = /\/admin\/graphiql\/?$/.test(location.pathname);
export const api = isAdmin ? 'admin' : 'customer';
export const endpoint = new URL('../graphql', location.href).href;
// Root URL of newbee, also behind a proxy that serves it below a prefix.
export const home = new URL(isAdmin ? '../../' : '../', location.href);

// The links of the header.
const path = (name) => new URL(name, home).pathname;
export const links = [
  { name: t.links.home, href: home.pathname },
  ...(isAdmin
    ? [{ name: t.links.customer, href: path('graphiql/') }, { name: t.links.ops, href: path('ops/') }]
    : [{ name: t.links.admin, href: path('admin/graphiql/') }, { name: t.links.schema, href: path('schema.graphql') }]),
];

// The server's description of itself: { environment, users: [{ name, key, shows, showsZh }], apiKey }. Without it the
// page still works.
const NOTHING = { environment: '', users: [], apiKey: null };
export let settings = NOTHING;

export async function loadSettings() {
  try {
    const reply = await fetch('./settings.json');
    if (reply.ok) settings = { ...NOTHING, ...(await reply.json()) };
  } catch {
    // The page starts without settings.
  }
  return settings;
}
