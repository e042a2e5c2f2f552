// The side panel of live awards. The subscription of a tab ends when the tab is left; this one stays open.
import { useEffect, useState } from 'react';
import { liveClient } from './fetcher.js';
import { t } from './language.js';
import { endpoint, settings } from './page.js';
import { session } from './session.js';
import { createStore, useValue } from './store.js';
import { tabs } from './tabs.js';

const OPERATION = tabs.find(({ operation }) => operation === 'LiveAwards');
const MAX_EVENTS = 100;

// { state: 'off' | 'connecting' | 'live' | 'ended', events: newest first, problem }
const live = createStore({ state: 'off', events: [], problem: null });
const change = (next) => live.set((now) => ({ ...now, ...next }));
let stop = null;

// Errors that are not retried: an invalid key, or too many subscriptions.
const isFinal = (problem) => problem.response && problem.response.status < 500;

// Follows until it is stopped. After a lost connection it continues from the last change received, so none is missed.
// Before the first change there is nothing to continue from: changes during the gap then show in the tabs only.
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
        live.set((now) => ({ state: 'live', problem: null, events: [event, ...now.events].slice(0, MAX_EVENTS) }));
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

// Another user starts with an empty list.
session.subscribe(() => {
  const wasOn = stop !== null;
  stop?.();
  live.set({ state: 'off', events: [], problem: null });
  if (wasOn && session.get()) start();
});

// Seconds until the demo's job settles awards, at the start of each minute of the server's clock.
function useNextSettlement(isWanted) {
  const [skew, setSkew] = useState(null);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isWanted) return undefined;
    const body = JSON.stringify({ query: '{ clock { serverTime } }' });
    fetch(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      .then((reply) => reply.json())
      .then(({ data }) => setSkew(new Date(data.clock.serverTime) - Date.now()))
      .catch(() => setSkew(null));
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isWanted]);
  return isWanted && skew !== null ? 60 - (Math.floor((now + skew) / 1_000) % 60) : null;
}

const Icon = () => {
  const { state } = useValue(live);
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true" className={`newbee-live-icon is-${state}`}>
      <circle cx="10" cy="10" r="2" fill="currentColor" /><path d="M6 14a5.7 5.7 0 0 1 0-8M14 6a5.7 5.7 0 0 1 0 8M3.2 16.8a9.6 9.6 0 0 1 0-13.6M16.8 3.2a9.6 9.6 0 0 1 0 13.6" />
    </svg>
  );
};

// Returns true if the newest state of any award is PENDING.
const hasPending = (events) => events.some(({ award }, place) => award.status === 'PENDING' && !events.slice(0, place).some((newer) => newer.award.id === award.id));

function Live() {
  const { state, events, problem } = useValue(live);
  const key = useValue(session);
  const isOn = state === 'live' || state === 'connecting';
  const next = useNextSettlement(settings.environment === 'demo' && state === 'live' && hasPending(events));
  // Opening the panel starts the subscription.
  useEffect(() => {
    if (session.get() && live.get().state === 'off') start();
  }, []);
  return (
    <section aria-label={t.live.heading} className="newbee-live">
      <h2 className="newbee-panel-title">
        {t.live.heading} <span className={`newbee-badge is-${state}`} role="status">{t.live.states[state]}</span>
      </h2>
      <p>{t.live.about}</p>
      <button type="button" className={isOn ? 'newbee-secondary' : 'newbee-primary'} disabled={!key} onClick={isOn ? () => stop?.() : start}>
        {isOn ? t.live.stop : t.live.start}
      </button>
      {!key && <p>{t.live.needsKey}</p>}
      {problem && <p role="alert" className="newbee-problem">{problem}</p>}
      {next !== null && <p className="newbee-next">{t.live.next(next)}</p>}
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

export const LIVE_PLUGIN = OPERATION && { title: t.live.title, icon: Icon, content: Live };
