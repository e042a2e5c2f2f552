// Who is signed in, and how to become somebody else: a demo user of the menu, or any key.
import { Dialog, DropdownMenu } from '@graphiql/react';
import { useEffect, useRef, useState } from 'react';
import { doors, endpoint, isAdmin } from './page.js';
import { authorization, isKey, session, signIn, signOut } from './session.js';
import { useValue } from './store.js';

const WORDS = isAdmin
  ? { key: 'API key', nobody: 'No API key', ask: '{ viewer { name } }', name: (data) => data?.viewer?.name }
  : { key: 'Session key', nobody: 'Not signed in', ask: '{ me { id name } }', name: (data) => data?.me?.name ?? data?.me?.id };

// Whose a key is that the menu does not know: the server is asked once for each.
function useNameOf(key, known) {
  const [found, setFound] = useState({});
  useEffect(() => {
    if (!key || known) return undefined;
    let isCurrent = true;
    const headers = { 'content-type': 'application/json', ...authorization() };
    fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query: WORDS.ask }) })
      .then((reply) => reply.json())
      .then(({ data }) => isCurrent && setFound({ key, name: WORDS.name(data) ?? 'Key not accepted', isWrong: !WORDS.name(data) }))
      .catch(() => isCurrent && setFound({ key, name: 'No answer from the server', isWrong: true }));
    return () => { isCurrent = false; };
  }, [key, known]);
  if (!key) return { name: WORDS.nobody };
  if (known) return { name: known.isExpired ? `${known.name} (key ended)` : known.name, isWrong: known.isExpired };
  return found.key === key ? found : { name: '…' };
}

const choicesOf = (settings) =>
  isAdmin
    ? settings.apiKey ? [{ name: 'Demo key', key: settings.apiKey, shows: 'the demo’s public API key: HOST and OPS_WRITE' }] : []
    : settings.users;

function KeyForm({ onDone }) {
  const [text, setText] = useState('');
  const input = useRef(null);
  // After the menu that led here has given the focus back.
  useEffect(() => {
    const timer = setTimeout(() => input.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, []);
  const problem = text && !isKey(text.trim()) ? 'A key has 1 to 55 visible ASCII characters and no spaces.' : null;
  const submit = (event) => {
    event.preventDefault();
    if (!isKey(text.trim())) return;
    signIn(text.trim());
    onDone?.();
  };
  return (
    <form className="newbee-key-form" onSubmit={submit}>
      <label htmlFor="newbee-key">{WORDS.key}</label>
      <input
        id="newbee-key" type="password" autoComplete="off" spellCheck="false" ref={input} value={text}
        aria-invalid={Boolean(problem)} aria-describedby="newbee-key-help" onChange={({ target }) => setText(target.value)}
      />
      <p id="newbee-key-help" role={problem ? 'alert' : undefined}>
        {problem ?? 'Kept for this browser session only, and sent to this server alone as Authorization: Bearer.'}
      </p>
      <button type="submit" disabled={!isKey(text.trim())}>Sign in</button>
    </form>
  );
}

export function Who({ settings }) {
  const key = useValue(session);
  const choices = choicesOf(settings);
  const { name, isWrong } = useNameOf(key, choices.find((choice) => choice.key === key));
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <DropdownMenu>
        <DropdownMenu.Button className={`newbee-who${isWrong ? ' is-wrong' : ''}${key ? '' : ' is-nobody'}`} aria-label={`Signed in: ${name}. Change`}>
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
            <b>{choices.length ? 'Another key…' : `${WORDS.key}…`}</b>
          </DropdownMenu.Item>
          {doors.map(({ name, href }) => (
            <DropdownMenu.Item key={href} className="newbee-choice newbee-on-phones" onSelect={() => location.assign(href)}>
              <b>{name}</b>
            </DropdownMenu.Item>
          ))}
          {key && (
            <DropdownMenu.Item className="newbee-choice" onSelect={signOut}>
              <b>Sign out</b>
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu>
      <Dialog open={isAsking} onOpenChange={setIsAsking}>
        <div className="graphiql-dialog-header">
          <Dialog.Title className="graphiql-dialog-title">Sign in with a key</Dialog.Title>
          <Dialog.Close />
        </div>
        <Dialog.Description className="newbee-unseen">{WORDS.key} for the requests of this page</Dialog.Description>
        <div className="graphiql-dialog-section"><KeyForm onDone={() => setIsAsking(false)} /></div>
      </Dialog>
    </>
  );
}

// The admin page while there is no key.
export function Gate({ settings }) {
  return (
    <main className="newbee-gate">
      <h1><span className="newbee-mark" aria-hidden="true">n</span> newbee <span className="newbee-api">admin API</span></h1>
      <p>This API answers only with an API key, also to questions about its schema.</p>
      {settings.apiKey && (
        <button type="button" className="newbee-primary" onClick={() => signIn(settings.apiKey)}>Go on with the demo’s public key</button>
      )}
      <KeyForm />
      <p>Make one of your own at the command line; it is shown once:</p>
      <pre><code>newbee key create me --scope host --scope ops-write</code></pre>
    </main>
  );
}
