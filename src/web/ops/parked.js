// Parked awards with the actions retry and void.
import { h } from './dom.js';
import { action, time } from './parts.js';
import { amount, count, t } from './language.js';

const SHOWN = 20;

function row(award, mayChange) {
  const word = t();
  const values = { award: award.id };
  return h('li', { 'data-key': award.id },
    h('div', null,
      h('strong', null, award.id), ` ${word.ofUser(award.userId)}, ${award.item}, `, h('span', { class: 'coin-sum' }, word.sumOf(amount(award.amount), award.coinId)),
      h('span', { class: 'bad-text error' }, award.settleError),
      h('span', { class: 'quiet' }, word.parkedSince, ' ', time(award.updatedAt, true))),
    h('div', { class: 'buttons' },
      action('retry', word.retry, award.id, values, mayChange),
      action('void', word.void, award.id, values, mayChange)));
}

/** Returns the section of parked awards; null if there are none. */
export function parkedSection(parked, total, mayChange) {
  if (!parked?.length) return null;
  const word = t();
  const rest = total - Math.min(SHOWN, parked.length);
  return h('div', { class: 'card' },
    h('p', null, word.parkedText),
    h('ul', { class: 'parked' }, parked.slice(0, SHOWN).map((award) => row(award, mayChange))),
    rest > 0 && h('p', { class: 'quiet' }, word.parkedMore(count(rest)), ' ', h('code', null, 'newbee award parked')));
}
