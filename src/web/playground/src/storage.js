// Browser storage of GraphiQL. Both pages have the same origin, so each stores its values under its own prefix.
import { api, isAdmin } from './page.js';
import { inThisLanguage } from './tabs.js';

const PREFIX = `newbee:${api}:`;
// Typed texts and replies are not stored. On the admin page all other values last for the browser session: variables
// and queries there may hold session keys, and localStorage is written to disk.
const LASTING = ['theme', 'visiblePlugin', 'docExplorerFlex', 'editorFlex', 'secondaryEditorFlex'].map((name) => `graphiql:${name}`);
const placeOf = (name) => (!isAdmin || LASTING.includes(name) ? localStorage : sessionStorage);
const namesIn = (place) => Object.keys(place).filter((name) => name.startsWith(PREFIX));

// History entries contain the text of the Headers pane, which may include a key.
const HISTORY = ['graphiql:queries', 'graphiql:favorites'];
const withoutHeaders = (text) => JSON.stringify(JSON.parse(text), (key, value) => (key === 'headers' ? undefined : value));

// Ready tabs that were stored in the other language.
function translated(name, text) {
  if (text && name === 'graphiql:query') return inThisLanguage(text);
  if (!text || name !== 'graphiql:tabState') return text;
  return JSON.stringify(JSON.parse(text), (key, value) => (key === 'query' && value ? inThisLanguage(value) : value));
}

export const storage = {
  getItem: (name) => translated(name, placeOf(name).getItem(PREFIX + name)),
  setItem: (name, value) => placeOf(name).setItem(PREFIX + name, HISTORY.includes(name) ? withoutHeaders(value) : value),
  removeItem: (name) => placeOf(name).removeItem(PREFIX + name),
  clear: () => [localStorage, sessionStorage].forEach((place) => namesIn(place).forEach((name) => name !== `${PREFIX}key` && place.removeItem(name))),
  get length() {
    return namesIn(localStorage).length + (isAdmin ? namesIn(sessionStorage).length : 0);
  },
};

// Earlier versions of the page stored the typed texts of the admin page, and headers in the history of both pages.
if (isAdmin) {
  for (const name of namesIn(localStorage)) {
    if (!LASTING.includes(name.slice(PREFIX.length))) localStorage.removeItem(name);
  }
}
