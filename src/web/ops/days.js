// Business days with their state, and the audits of the books.
import { h } from './dom.js';
import { coins, dayTime, pill, time } from './parts.js';
import { count, day, t } from './language.js';
import { sum } from './money.js';

const WEEK = 7;

/** Omits the days before the first activity of a new service. */
export function begun(days) {
  const isEmpty = (one) => one.state === 'OPEN' && !one.totals.length && !one.settlements.length;
  let last = days.length;
  while (last > 1 && isEmpty(days[last - 1])) last -= 1;
  return days.slice(0, last);
}

/** Returns the sums of a day by coin, over all items. */
function madeOf(totals) {
  const coinIds = [...new Set(totals.map(({ coinId }) => coinId))];
  return coinIds.map((coinId) => ({ coinId, text: sum(totals.filter((total) => total.coinId === coinId).map(({ amount }) => amount)) }));
}

function dayRow(one, today) {
  const word = t();
  const cell = (label, ...content) => h('td', { role: 'cell', 'data-label': label }, h('div', null, ...content));
  const closed = one.closedAt
    ? [time(one.closedAt), one.closedByRun && h('span', { class: 'quiet business' }, word.ofRun(one.closedByRun))]
    : one.day === today ? word.goesOn : word.waits;
  return h('tr', { role: 'row', 'data-key': one.day },
    h('th', { role: 'rowheader', scope: 'row' }, dayTime(one.day)),
    cell(word.state, pill(one.state)),
    cell(word.closedAt, closed),
    cell(word.signIns, count(one.signIns)),
    cell(word.awardsMade, count(one.totals.reduce((sum, total) => sum + total.awards, 0))),
    cell(word.amountMade, coins(madeOf(one.totals))),
    cell(word.amountSettled, coins(one.settlements.map(({ coinId, settledAmount }) => ({ coinId, text: settledAmount })))));
}

export function daysSection(days, today, all) {
  const word = t();
  const heads = [word.day, word.state, word.closedAt, word.signIns, word.awardsMade, word.amountMade, word.amountSettled];
  return [
    h('table', { class: 'rows', role: 'table' },
      h('caption', { class: 'unseen' }, word.days),
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads.map((text) => h('th', { role: 'columnheader', scope: 'col' }, text)))),
      h('tbody', { role: 'rowgroup' }, days.slice(0, all ? undefined : WEEK).map((one) => dayRow(one, today)))),
    !days.some((one) => one.closedAt) && h('p', { class: 'empty' }, word.noDays),
    days.length > WEEK && h('button', { type: 'button', 'data-action': 'days', 'aria-expanded': String(all) }, all ? word.fewerDays : word.moreDays),
  ];
}

function finding({ check, violations, details, error }) {
  const word = t();
  const rest = (violations ?? 0) - details.length;
  return h('li', { 'data-key': check },
    h('strong', null, word.checks[check] ?? check), ' ', h('span', { class: 'bad-text' }, error ? word.checkFailed : word.violationsOf(count(violations))),
    error && h('p', null, error),
    details.length > 0 && h('ul', { class: 'details' }, details.slice(0, 20).map((line) => h('li', null, h('code', null, line))), (rest > 0 || details.length > 20) && h('li', null, word.more(count(violations - Math.min(20, details.length))))));
}

function auditHead(audit) {
  const word = t();
  if (!audit.endedAt) return [h('span', { class: 'tag' }, word.goingOn)];
  return audit.violations || audit.unfinished
    ? [audit.violations > 0 && h('span', { class: 'pill failed' }, word.violationsOf(count(audit.violations))), audit.unfinished > 0 && h('span', { class: 'pill failed' }, `${word.checksOf(count(audit.unfinished))} ${word.checkFailed}`)]
    : [h('span', { class: 'pill succeeded' }, word.balanced)];
}

export function booksSection(audits) {
  const word = t();
  if (!audits.length) return h('p', { class: 'empty' }, word.noAudit);
  // Audits are sorted by business day, newest first. An unfinished audit is not conclusive.
  const newest = audits.find((audit) => audit.endedAt) ?? audits[0];
  const others = audits.filter((audit) => audit !== newest);
  const line = (audit) => [auditHead(audit), ' ', word.auditOf(day(audit.businessDay)), word.comma, word.checksOf(count(audit.checks)), word.comma, time(audit.endedAt ?? audit.beganAt)];
  return [
    h('p', null, line(newest)),
    newest.findings.length > 0 && h('ul', { class: 'findings' }, newest.findings.map(finding)),
    others.length > 0 && h('details', null, h('summary', null, word.audits),
      h('ul', { class: 'findings' }, others.map((audit) => h('li', { 'data-key': audit.runId }, line(audit), audit.findings.length > 0 && h('ul', { class: 'findings' }, audit.findings.map(finding)))))),
  ];
}
