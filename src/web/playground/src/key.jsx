// The user or API key in use, and how to change it: a demo user of the menu, or any key.
import { Dialog, DropdownMenu } from '@graphiql/react';
import { useEffect, useRef, useState } from 'react';
import { speakOther, t } from './language.js';
import { api, endpoint, isAdmin, links } from './page.js';
import { authorization, isKey, session, signedInName, signIn, signOut } from './session.js';
import { useValue } from './store.js';

const KIND = t.key[api];
const WHO = isAdmin
  ? { query: '{ viewer { name } }', name: (data) => data?.viewer?.name }
  : { query: '{ me { id name } }', name: (data) => data?.me?.name ?? data?.me?.id };

// Owner of a key that is not in the menu: queried once per key.
function useNameOf(key, known) {
  const [found, setFound] = useState({});
  useEffect(() => {
    if (!key || known) return undefined;
    let isCurrent = true;
    const headers = { 'content-type': 'application/json', ...authorization() };
    fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query: WHO.query }) })
      .then((reply) => reply.json())
      .then(({ data }) => isCurrent && setFound({ key, name: WHO.name(data) ?? t.key.rejected, isWrong: !WHO.name(data) }))
      .catch(() => isCurrent && setFound({ key, name: t.key.noAnswer, isWrong: true }));
    return () => { isCurrent = false; };
  }, [key, known]);
  if (!key) return { name: t.key.nobody[api] };
  if (known) return { name: known.isExpired ? t.key.expired(known.name) : known.name, isWrong: known.isExpired };
  return found.key === key ? found : { name: '…' };
}

const choicesOf = (settings) =>
  isAdmin
    ? settings.apiKey ? [{ name: t.key.demo, key: settings.apiKey, shows: t.key.demoShows }] : []
    : settings.users.map((user) => ({ ...user, shows: t.shows(user) }));

function KeyForm({ onDone }) {
  const [text, setText] = useState('');
  const input = useRef(null);
  // Runs after the closing menu has returned the focus.
  useEffect(() => {
    const timer = setTimeout(() => input.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, []);
  const problem = text && !isKey(text.trim()) ? t.key.invalid : null;
  const submit = (event) => {
    event.preventDefault();
    if (!isKey(text.trim())) return;
    signIn(text.trim());
    onDone?.();
  };
  return (
    <form className="newbee-key-form" onSubmit={submit}>
      <label htmlFor="newbee-key">{KIND}</label>
      <input
        id="newbee-key" type="password" autoComplete="off" spellCheck="false" ref={input} value={text}
        aria-invalid={Boolean(problem)} aria-describedby="newbee-key-help" onChange={({ target }) => setText(target.value)}
      />
      <p id="newbee-key-help" role={problem ? 'alert' : undefined}>{problem ?? t.key.kept}</p>
      <button type="submit" disabled={!isKey(text.trim())}>{t.key.signIn}</button>
    </form>
  );
}

export function Who({ settings }) {
  const key = useValue(session);
  const choices = choicesOf(settings);
  const { name, isWrong } = useNameOf(key, choices.find((choice) => choice.key === key));
  const [isAsking, setIsAsking] = useState(false);
  useEffect(() => signedInName.set(name), [name]);
  return (
    <>
      <DropdownMenu>
        <DropdownMenu.Button className={`newbee-who${isWrong ? ' is-wrong' : ''}${key ? '' : ' is-nobody'}`} aria-label={t.key.current(name)}>
          <span className="newbee-dot" aria-hidden="true" />
          <span className="newbee-who-name">{name}</span>
          <span aria-hidden="true">▾</span>
        </DropdownMenu.Button>
        <DropdownMenu.Content className="newbee-menu" align="end">
          {choices.map((choice) => (
            <DropdownMenu.Item key={choice.name} className="newbee-choice" onSelect={() => signIn(choice.key)}>
              <b>{choice.name}{choice.key === key ? ' ✓' : ''}</b>
              <span>{choice.shows}</span>
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Item className="newbee-choice" onSelect={() => setIsAsking(true)}>
            <b>{choices.length ? t.key.another : t.key.first(KIND)}</b>
          </DropdownMenu.Item>
          {links.map(({ name, href }) => (
            <DropdownMenu.Item key={href} className="newbee-choice newbee-on-phones" onSelect={() => location.assign(href)}>
              <b>{name}</b>
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Item className="newbee-choice newbee-on-phones" onSelect={speakOther}>
            <b>{t.other}</b>
          </DropdownMenu.Item>
          {key && (
            <DropdownMenu.Item className="newbee-choice" onSelect={signOut}>
              <b>{t.key.signOut}</b>
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu>
      <Dialog open={isAsking} onOpenChange={setIsAsking}>
        <div className="graphiql-dialog-header">
          <Dialog.Title className="graphiql-dialog-title">{t.key.signInTitle}</Dialog.Title>
          <Dialog.Close />
        </div>
        <Dialog.Description className="newbee-unseen">{t.key.dialog(KIND)}</Dialog.Description>
        <div className="graphiql-dialog-section"><KeyForm onDone={() => setIsAsking(false)} /></div>
      </Dialog>
    </>
  );
}

// The admin page without a key.
export function Gate({ settings }) {
  return (
    <main className="newbee-gate">
      <h1><span className="newbee-mark" aria-hidden="true">n</span> newbee <span className="newbee-api">{t.apis.admin}</span></h1>
      <p>{t.key.gate}</p>
      {settings.apiKey && (
        <button type="button" className="newbee-primary" onClick={() => signIn(settings.apiKey)}>{t.key.useDemo}</button>
      )}
      <KeyForm />
      <p>{t.key.create}</p>
      <pre><code>newbee key create me --scope host --scope ops-write</code></pre>
    </main>
  );
}
