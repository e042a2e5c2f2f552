// The side panel of live awards. A subscription in a tab ends when the tab is left; this one stays while others are tried.
import { useEffect } from 'react';
import { liveClient } from './fetcher.js';
import { session } from './session.js';
import { createStore, useValue } from './store.js';
import { tabs } from './tabs.js';

const OPERATION = tabs.find(({ operation }) => operation === 'LiveAwards');
const MOST = 100;

// { state: 'off' | 'connecting' | 'live' | 'ended', events: the newest first, problem }
const live = createStore({ state: 'off', events: [], problem: null });
const change = (next) => live.set((now) => ({ ...now, ...next }));
let stop = null;

// The server knows better than to be asked again: a wrong key, or too many subscriptions.
const isFinal = (problem) => problem.response && problem.response.status < 500;

// Follows until it is stopped. Whenever the connection is lost it goes on from the last change that came, so none is missed. Before the
// first has come there is none to go on from: what changes while it is away then shows in the tabs alone.
async function follow(run) {
  let after = null;
  for (let failures = 0; run.isOn; failures += 1) {
    const connected = () => run.isOn && change({ state: 'live', problem: null });
    const client = liveClient({ retryAttempts: 0, on: { connected } });
    run.end = () => client.dispose();
    try {
      for await (const { data, errors } of client.iterate({ query: OPERATION.query, variables: { after } })) {
        if (!run.isOn) return;
        if (errors) return change({ state: 'ended', problem: errors[0].message });
        failures = 0;
        after = data.awardChanged.changeCursor;
        const event = { at: new Date(), award: data.awardChanged };
        live.set((now) => ({ state: 'live', problem: null, events: [event, ...now.events].slice(0, MOST) }));
      }
    } catch (problem) {
      if (!run.isOn) return;
      if (isFinal(problem)) return change({ state: 'ended', problem: problem.message });
    }
    if (!run.isOn) return;
    change({ state: 'connecting' });
    await new Promise((wake) => setTimeout(wake, Math.min(30_000, 500 * 2 ** failures)));
  }
}

function start() {
  stop?.();
  const run = { isOn: true, end: null };
  stop = () => {
    run.isOn = false;
    run.end?.();
    stop = null;
    change({ state: 'off' });
  };
  change({ state: 'connecting', problem: null });
  follow(run);
}

// Somebody else's awards are nobody else's business: who signs in as another begins with an empty list.
session.subscribe(() => {
  const wasOn = stop !== null;
  stop?.();
  live.set({ state: 'off', events: [], problem: null });
  if (wasOn && session.get()) start();
});

const SAID = { off: 'Off', connecting: 'Connecting…', live: 'Live', ended: 'Ended' };

const Icon = () => {
  const { state } = useValue(live);
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true" className={`newbee-live-icon is-${state}`}>
      <circle cx="10" cy="10" r="2" fill="currentColor" /><path d="M6 14a5.7 5.7 0 0 1 0-8M14 6a5.7 5.7 0 0 1 0 8M3.2 16.8a9.6 9.6 0 0 1 0-13.6M16.8 3.2a9.6 9.6 0 0 1 0 13.6" />
    </svg>
  );
};

function Live() {
  const { state, events, problem } = useValue(live);
  const key = useValue(session);
  const isOn = state === 'live' || state === 'connecting';
  // Opening the panel is asking for it.
  useEffect(() => {
    if (session.get() && live.get().state === 'off') start();
  }, []);
  return (
    <section aria-label="Live awards" className="newbee-live">
      <h2 className="newbee-panel-title">
        Live awards <span className={`newbee-badge is-${state}`} role="status">{SAID[state]}</span>
      </h2>
      <p>Whatever changes with your awards appears here by itself, also while you try other tabs. Sign in today and wait for a minute.</p>
      <button type="button" className="newbee-primary" disabled={!key} onClick={isOn ? () => stop?.() : start}>{isOn ? 'Stop' : 'Start'}</button>
      {!key && <p>Sign in first: awards are those of somebody.</p>}
      {problem && <p role="alert" className="newbee-problem">{problem}</p>}
      <ol aria-live="polite">
        {events.map(({ at, award }) => (
          <li key={`${award.id}-${award.status}-${at.getTime()}`}>
            <span className={`newbee-status is-${award.status}`}>{award.status}</span>
            <b>{award.item}</b> <span>{award.amount}</span>
            <small>{award.id} · {at.toLocaleTimeString()}</small>
          </li>
        ))}
      </ol>
    </section>
  );
}

export const LIVE_PLUGIN = OPERATION && { title: 'Live', icon: Icon, content: Live };
