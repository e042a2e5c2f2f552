// The ready tabs: each a file `NN-name.graphql`, with a file of variables beside it where it has some.
import { api } from './page.js';

const QUERIES = import.meta.glob('../tabs/*/*.graphql', { query: '?raw', import: 'default', eager: true });
const VARIABLES = import.meta.glob('../tabs/*/*.json', { query: '?raw', import: 'default', eager: true });

function read([path, query]) {
  const [title, about] = query.split('\n', 1)[0].replace(/^# /, '').split(/: (.*)/s);
  const variables = VARIABLES[path.replace(/graphql$/, 'json')]?.trim();
  return { title, about, suits: suitedTo(query), query, variables, operation: /^(query|mutation|subscription) (\w+)/m.exec(query)?.[2] };
}

// The demo user with whom a tab shows most, from its line `# As: Name`.
export const suitedTo = (query) => /^# As: (\w+)$/m.exec(query ?? '')?.[1] ?? null;

export const tabs = Object.entries(QUERIES)
  .filter(([path]) => path.includes(`/${api}/`))
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(read);
