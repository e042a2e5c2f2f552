// Elements shared by several sections: times, states, amounts, details of a run.
import { h } from './dom.js';
import { amount, away, businessTime, businessZone, day, isLocalZone, lasting, localTime, t } from './language.js';

let offset = 0;
/** Sets the current time from the server, independent of the clock of this machine. */
export const setNow = (serverTime) => {
  offset = new Date(serverTime) - Date.now();
};
export const now = () => Date.now() + offset;
export const secondsUntil = (at) => (new Date(at) - now()) / 1000;

/** Shows an instant in local time, with the business time if it differs. */
export function time(at, relative = false) {
  if (!at) return null;
  const business = isLocalZone(at) ? null : t().inZone(businessTime(at));
  return h('time', { datetime: at, title: `${businessTime(at)} ${businessZone()}` },
    localTime(at),
    relative && h('span', { class: 'quiet' }, ` · ${away(secondsUntil(at))}`),
    business && h('span', { class: 'quiet business' }, business));
}

export const dayTime = (text) => h('time', { datetime: text }, day(text));

export const pill = (state) => h('span', { class: `pill ${state.toLowerCase()}` }, t().states[state] ?? state);
export const tag = (text) => h('span', { class: 'tag' }, text);

/** Shows the sum of each coin, such as `12 coin 1`; a dash if there are none. */
export const coins = (sums) => (sums.length ? sums.map(({ coinId, text }) => h('span', { class: 'coin' }, t().sumOf(amount(text), coinId))) : '–');

export function took(run) {
  if (!run.startedAt || !run.endedAt) return null;
  const seconds = (new Date(run.endedAt) - new Date(run.startedAt)) / 1000;
  return seconds > 0 ? t().took(lasting(seconds)) : null;
}

export const facts = (pairs) => h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
  .map(([term, value]) => h('div', null, h('dt', null, term), h('dd', null, value))));

/** Shows a report: plain values as text, nested values as JSON. */
export function json(value) {
  const written = (part) => (part !== null && typeof part === 'object' ? JSON.stringify(part, null, 1).replace(/\n\s*/g, ' ') : String(part));
  return h('dl', { class: 'report' }, Object.entries(value).map(([name, part]) => h('div', null, h('dt', null, name), h('dd', null, written(part)))));
}

/** Shows the details of a run. */
export function runDetails(run) {
  const word = t();
  return facts([
    [run.origin === 'SCHEDULE' ? word.wasDue : word.asked, time(run.scheduledFor)],
    [word.began, time(run.startedAt)],
    [word.ended, run.endedAt && [time(run.endedAt), h('span', { class: 'quiet business' }, took(run))]],
    [word.backfillOf, run.backfillFrom && `${day(run.backfillFrom)} – ${day(run.backfillTo)}`],
    [word.requestedBy, run.origin === 'SCHEDULE' ? null : run.requestedBy],
    [word.reason, run.reason],
    [word.cancelAsked, run.cancelRequestedBy && [run.cancelRequestedBy, run.cancelReason && [t().colon, h('q', null, run.cancelReason)]]],
    [word.attempt, run.attempt > 1 ? run.attempt : null],
    [word.process, run.process],
    [word.finding, run.finding && h('span', { class: 'bad-text' }, run.finding)],
    [word.error, run.error && h('span', { class: 'bad-text' }, run.error)],
    [word.report, run.report && json(run.report)],
    [word.progress, !run.report && run.progress && json(run.progress)],
  ]);
}

/** Creates an action button; disabled with an explanation if the key lacks the permission. */
export function action(name, label, subject, values, mayChange, style = null) {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [`data-${key}`, value]));
  return h('button', {
    type: 'button', class: style, 'data-action': name, ...data, 'aria-label': t().of(label, subject),
    ...(mayChange ? {} : { 'aria-disabled': 'true', 'aria-describedby': 'no-write', title: t().noWrite }),
  }, label);
}
