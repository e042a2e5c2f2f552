// The rules in force: amount, texts, limits, and what is left of their budgets.
import { h } from './dom.js';
import { secondsUntil, tag, time } from './parts.js';
import { amount, count, day, language, t } from './language.js';

const CODES = { en: 'en', zh: 'zh-CN' };

/** Returns the state of a rule: `off`, `later`, `over` or `on`. */
function stateOf(rule) {
  if (!rule.enabled) return 'off';
  if (rule.opensAt && secondsUntil(rule.opensAt) > 0) return 'later';
  return rule.closesAt && secondsUntil(rule.closesAt) <= 0 ? 'over' : 'on';
}

function state(rule) {
  const name = stateOf(rule);
  const until = name === 'later' ? rule.opensAt : name === 'on' && rule.closesAt;
  return [h('span', { class: `pill ${name === 'on' ? 'succeeded' : 'cancelled'}` }, t().ruleStates[name]), until && h('span', { class: 'quiet business' }, t().until(name), ' ', time(until))];
}

/** Shows a text in the language of the page, or else in the other one. Links are no anchors: they open apps of customers. */
function text(english, chinese, attributes) {
  const [own, rest, code] = language() === 'zh' ? [chinese, english, CODES.en] : [english, chinese, CODES.zh];
  if (!own && !rest) return null;
  return h('span', { ...attributes, lang: own ? null : code }, own ?? rest, !own && tag(t().onlyIn[code]));
}

function texts({ titleEn, titleZh, descriptionEn, descriptionZh, link }) {
  const shown = [text(titleEn, titleZh, { class: 'business' }), text(descriptionEn, descriptionZh, { class: 'quiet business' }), link && h('code', { class: 'business' }, link)].filter(Boolean);
  return shown.length ? shown : h('span', { class: 'quiet' }, t().noTexts);
}

function limits({ dailyLimit, invite }) {
  const found = [dailyLimit && t().aDay(count(dailyLimit)), invite?.lifetimeLimit && t().inAll(count(invite.lifetimeLimit))].filter(Boolean);
  return found.length ? found.map((limit) => h('span', { class: 'business' }, limit)) : '–';
}

function period(label, used, forecast) {
  if (!used) return '–';
  const word = t();
  const spent = word.spentOf(amount(used.spent), amount(used.limit));
  return [
    h('span', { class: 'business' }, spent),
    h('progress', { 'aria-label': `${label}${word.colon}${spent}`, max: '1', value: String(Math.min(1, used.spent / used.limit)) }),
    h('span', { class: 'quiet business' }, word.leftOf(amount(used.left)), word.comma, forecast),
  ];
}

function row(rule, budget) {
  const word = t();
  const cell = (label, ...content) => h('td', { role: 'cell', 'data-label': label }, h('div', null, ...content));
  const amounts = rule.maxAmount ? `${amount(rule.amount)}–${amount(rule.maxAmount)}` : amount(rule.amount);
  return h('tr', { role: 'row', 'data-key': rule.item },
    h('th', { role: 'rowheader', scope: 'row' }, h('code', null, rule.item)),
    cell(word.state, state(rule)),
    cell(word.texts, texts(rule.texts)),
    cell(word.amount, h('span', { class: 'coin' }, word.sumOf(amounts, rule.coinId))),
    cell(word.limits, limits(rule)),
    cell(word.dayBudget, period(`${rule.item} ${word.dayBudget}`, budget?.day, budget?.dayRunsOutAt ? h('span', { class: 'bad-text' }, word.usedUp, ' ', time(budget.dayRunsOutAt)) : word.lastsToday)),
    cell(word.totalBudget, period(`${rule.item} ${word.totalBudget}`, budget?.total, budget?.totalRunsOutOn ? `${word.usedUp} ${day(budget.totalRunsOutOn)}` : word.noForecast)));
}

export function rulesSection(rules, budgets) {
  const word = t();
  const heads = [word.item, word.state, word.texts, word.amount, word.limits, word.dayBudget, word.totalBudget];
  return h('table', { class: 'rows', role: 'table' },
    h('caption', { class: 'unseen' }, word.rules),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads.map((head) => h('th', { role: 'columnheader', scope: 'col' }, head)))),
    h('tbody', { role: 'rowgroup' }, rules.map((rule) => row(rule, budgets.find(({ item }) => item === rule.item)))));
}

/** Returns the rules that need attention: what is left of a budget does not cover an award. */
export function ruleTrouble(rules, budgets) {
  return (budgets ?? []).filter(({ item, day, total }) => {
    const rule = rules?.find((one) => one.item === item);
    return rule?.enabled && [day, total].some((used) => used && Number(used.left) < Number(rule.amount));
  }).map(({ item }) => ({ text: t().budgetSpent(item), to: 'rules' }));
}
