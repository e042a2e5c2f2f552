// The bar above GraphiQL: where this is, who is signed in, light or dark.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { Who } from './key.jsx';
import { doors, isAdmin } from './page.js';
import { session, signIn } from './session.js';
import { useValue } from './store.js';
import { suitedTo } from './tabs.js';

const THEMES = { light: 'Light', dark: 'Dark', system: 'As the system' };

function Theme() {
  const chosen = useGraphiQL((state) => state.theme) ?? 'system';
  const { setTheme } = useGraphiQLActions();
  return (
    <label className="newbee-theme">
      <span className="newbee-unseen">Colours</span>
      <select value={chosen} onChange={({ target }) => setTheme(target.value === 'system' ? null : target.value)}>
        {Object.entries(THEMES).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
      </select>
    </label>
  );
}

// A ready tab names the demo user with whom it shows most.
function Suggestion({ users }) {
  const key = useValue(session);
  const suits = useGraphiQL((state) => suitedTo(state.tabs[state.activeTabIndex]?.query));
  const user = users.find(({ name }) => name === suits);
  if (!user || user.key === key) return null;
  return (
    <button type="button" className="newbee-suggestion" onClick={() => signIn(user.key)}>
      This tab shows most as <b>{user.name}</b>: switch
    </button>
  );
}

export function Header({ settings }) {
  return (
    <header className="newbee-header">
      <h1>
        <span className="newbee-mark" aria-hidden="true">n</span> newbee{' '}
        <span className="newbee-api">{isAdmin ? 'admin API' : 'customer API'}</span>
      </h1>
      {settings.environment && <span className="newbee-environment" title="Where this server runs">{settings.environment}</span>}
      <nav aria-label="Doors">
        {doors.map(({ name, href }) => <a key={href} href={href}>{name}</a>)}
      </nav>
      <Suggestion users={settings.users} />
      <Who settings={settings} />
      <Theme />
    </header>
  );
}
