// Settlement and sign-ins of the last 30 days, as plots and tables.
import { $, h, show } from './dom.js';
import { amount, count, day, short, shortDay, t } from './language.js';
import { NONE, sum } from './money.js';
import { plot } from './plot.js';

const drawers = new Map();
let coin = null;

/** Sorts coins by their number of awards, largest first. */
function coinsOf(days) {
  const sums = new Map();
  for (const one of days) for (const settled of one.settlements) sums.set(settled.coinId, (sums.get(settled.coinId) ?? 0) + settled.settled);
  return [...sums].sort((a, b) => b[1] - a[1]).map(([coinId]) => coinId);
}

const NOTHING = { settled: 0, settledAmount: NONE, reversed: 0, reversedAmount: NONE };

function settlementPoints(days, today) {
  const word = t();
  return days.map((one) => {
    const of = one.settlements.find((settled) => settled.coinId === coin) ?? NOTHING;
    const lines = [day(one.day) + (one.day === today ? ` (${word.soFar})` : ''), `${word.settled} ${amount(of.settledAmount)}, ${word.awardsOf(count(of.settled))}`];
    if (of.reversed) lines.push(`${word.reversed} ${amount(of.reversedAmount)}, ${word.awardsOf(count(of.reversed))}`);
    return { label: shortDay(one.day), up: Number(of.settledAmount), down: Number(of.reversedAmount), open: one.day === today, lines };
  });
}

function signInPoints(days, today) {
  return days.map((one) => ({
    label: shortDay(one.day), up: one.signIns, down: 0, open: one.day === today,
    lines: [day(one.day) + (one.day === today ? ` (${t().soFar})` : ''), t().usersOf(count(one.signIns))],
  }));
}

const table = (title, head, rows) => h('details', null, h('summary', null, t().asTable),
  h('div', { class: 'scrolls', tabindex: '0', role: 'region', 'aria-label': title },
    h('table', { class: 'plain' }, h('caption', { class: 'unseen' }, title),
      h('thead', null, h('tr', null, head.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', null, rows.map(([first, ...cells]) => h('tr', null, h('th', { scope: 'row' }, first), cells.map((text) => h('td', null, text))))))));

function figure(id, title, total, unit, empty, tools, rows) {
  return h('figure', { id, class: 'card' },
    h('figcaption', null, h('h3', null, title), tools,
      !empty && h('p', { class: 'total' }, total, h('span', { class: 'quiet' }, ` ${unit}, ${t().last30}`))),
    empty ? h('p', { class: 'empty' }, empty) : [h('div', { class: 'plot', 'data-own': true, id: `${id}-plot` }), rows]);
}

function draw(id, data) {
  const host = $(`${id}-plot`);
  if (!host) return;
  if (drawers.get(id)?.host !== host) drawers.set(id, { host, draw: plot(host) });
  drawers.get(id).draw(data);
}

export function showFigures(parent, newestFirst, today, again) {
  const word = t();
  const days = [...newestFirst].reverse();
  const coins = coinsOf(days);
  if (!coins.includes(coin)) [coin = null] = coins;
  const settled = settlementPoints(days, today);
  const signedIn = signInPoints(days, today);
  const settledOf = (one) => one.settlements.find((settled) => settled.coinId === coin) ?? NOTHING;
  const chooser = coins.length > 1 && h('span', null, h('label', { for: 'coin' }, word.coin), ' ',
    h('select', { id: 'coin', onchange: (event) => { coin = event.target.value; again(); } }, coins.map((one) => h('option', { value: one, selected: one === coin }, one))));
  const tips = h('span', { class: 'unseen' }, ` ${word.plotHelp}`);
  show(parent,
    figure('settlement', word.settledTitle, amount(sum(days.map((one) => settledOf(one).settledAmount))), word.ofCoin(coin),
      !coins.length && word.noSettlement, chooser,
      table(word.settledTitle, [word.day, word.awardsSettled, word.amountSettled, word.reversed],
        [...days].reverse().map((one) => [day(one.day), count(settledOf(one).settled), amount(settledOf(one).settledAmount), amount(settledOf(one).reversedAmount)]))),
    figure('sign-ins', word.signInsTitle, count(days.reduce((total, one) => total + one.signIns, 0)), word.signInsUnit,
      !days.some((one) => one.signIns) && word.noSignIns, tips,
      table(word.signInsTitle, [word.day, word.signIns], [...days].reverse().map((one) => [day(one.day), count(one.signIns)]))));
  draw('settlement', { title: `${word.settledTitle}, ${word.ofCoin(coin)}`, points: settled, write: short, whole: false });
  draw('sign-ins', { title: word.signInsTitle, points: signedIn, write: short, whole: true });
}
