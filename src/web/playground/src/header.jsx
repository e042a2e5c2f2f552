// The bar above GraphiQL: the API, links to the other pages, the user in use, the language.
import { useGraphiQL } from '@graphiql/react';
import { Who } from './key.jsx';
import { speakOther, t } from './language.js';
import { api, links } from './page.js';
import { session, signIn } from './session.js';
import { useValue } from './store.js';
import { suitedTo } from './tabs.js';

// A ready tab names the demo user that it is intended for.
function Suggestion({ users }) {
  const key = useValue(session);
  const suits = useGraphiQL((state) => suitedTo(state.tabs[state.activeTabIndex]?.query));
  const user = users.find(({ name }) => name === suits);
  if (!user || user.key === key) return null;
  const [before, name, after] = t.switchTo(user.name);
  return (
    <button type="button" className="newbee-suggestion" onClick={() => signIn(user.key)}>
      {before}<b>{name}</b>{after}
    </button>
  );
}

// First element in the tab order.
function Skip() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  return <button type="button" className="newbee-skip" onClick={() => queryEditor?.focus()}>{t.skip}</button>;
}

export const Mark = () => <span className="newbee-mark" aria-hidden="true">n</span>;

export const LanguageButton = () => (
  <button type="button" className="newbee-language" onClick={speakOther} lang={t.code === 'en' ? 'zh-CN' : 'en'}>{t.other}</button>
);

export function Header({ settings }) {
  return (
    <header className="newbee-header">
      <Skip />
      <h1><Mark /> newbee <span className="newbee-api">{t.apis[api]}</span></h1>
      {settings.environment && <span className="newbee-environment" title={t.environment}>{settings.environment}</span>}
      <nav aria-label={t.links.label}>
        {links.map(({ name, href }) => <a key={href} href={href}>{name}</a>)}
      </nav>
      <Suggestion users={settings.users} />
      <Who settings={settings} />
      <LanguageButton />
    </header>
  );
}
