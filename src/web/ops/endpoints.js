// The endpoints of the host application, to which changes are sent.
import { h } from './dom.js';
import { time } from './parts.js';
import { count, t } from './language.js';

/** Number of failures from which an endpoint needs attention. */
const FAILURES = 3;

function state(endpoint) {
  const word = t();
  if (endpoint.disabledReason) return h('span', { class: 'pill cancelled' }, word.disabled);
  return endpoint.failures ? h('span', { class: 'pill failed' }, word.failing) : h('span', { class: 'pill succeeded' }, word.active);
}

function row(endpoint) {
  const word = t();
  return h('li', { 'data-key': endpoint.name },
    state(endpoint), h('strong', null, endpoint.name), h('span', { class: 'quiet' }, endpoint.url),
    h('span', { class: 'quiet' }, word.throughPosition(endpoint.position), word.comma, word.changesWait(count(endpoint.pending))),
    endpoint.lastSuccessAt && h('span', { class: 'quiet' }, word.lastDelivery, ' ', time(endpoint.lastSuccessAt, true)),
    endpoint.failures > 0 && h('span', { class: 'bad-text error' }, word.failedTimes(count(endpoint.failures)), word.colon, endpoint.lastError),
    endpoint.nextAttemptAt && h('span', { class: 'quiet' }, word.nextAttempt, ' ', time(endpoint.nextAttemptAt, true)),
    endpoint.disabledReason && h('span', { class: 'bad-text error' }, endpoint.disabledReason),
    endpoint.deadLetters.map((letter) => !letter.redeliveredAt && h('span', { class: 'bad-text error' },
      word.gaveUp(letter.after, letter.through), word.colon, letter.error, ' ',
      h('code', null, `newbee endpoint redeliver ${endpoint.name} ${letter.after} --reason '…'`))));
}

/** Returns the section of endpoints; null if there are none. */
export const endpointsSection = (endpoints) => h('ul', { class: 'processes' }, endpoints.map(row));

/** Returns the endpoints' items that need attention. */
export function endpointTrouble(endpoints) {
  const word = t();
  return (endpoints ?? []).flatMap((endpoint) => [
    !endpoint.disabledReason && endpoint.failures >= FAILURES && { text: word.endpointFails(endpoint.name, count(endpoint.failures)), to: 'endpoints', bad: true },
    endpoint.disabledReason && { text: word.endpointIsDisabled(endpoint.name), to: 'endpoints' },
    endpoint.deadLetterCount > 0 && { text: word.endpointGaveUp(endpoint.name, count(endpoint.deadLetterCount)), to: 'endpoints', bad: true },
  ].filter(Boolean));
}
