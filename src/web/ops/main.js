// Entry point of the page: sign-in, state, layout and periodic refresh.
import { Trouble, ask, change, mayBeKey } from './api.js';
import { OLDER_RUNS, PAGE } from './queries.js';
import { $, h, show } from './dom.js';
import { keep, kept } from './keep.js';
import { businessZone, isLocalZone, language, localTime, other, setZone, speak, t } from './language.js';
import { attention, jobsSection, overview } from './jobs.js';
import { begun, booksSection, daysSection } from './days.js';
import { runsSection } from './runs.js';
import { parkedSection } from './parked.js';
import { rulesSection } from './rules.js';
import { endpointsSection } from './endpoints.js';
import { processesSection } from './processes.js';
import { changesSection } from './changes.js';
import * as address from './address.js';
import { showFigures } from './figures.js';
import { now, setNow } from './parts.js';
import { backfillDialog, cancelDialog, parkedDialog, pauseDialog, resumeDialog, runDialog } from './dialogs.js';
import { signInForm } from './sign_in.js';

const KEPT = 'newbee.ops.key';
const EVERY = 5_000;
/** Refresh intervals of daily figures, which change slowly and are expensive: the last days every minute, the month rarely. */
const FIGURES_EVERY = 60_000;
const MONTH_EVERY = 900_000;
const MONTH = 30;
const LAST_DAYS = 3;
const LONGEST_WAIT = 60;
/** Maximum number of rows in one reply, and of runs on the page. */
const MOST_ROWS = 100;
const MOST_RUNS = 1_000;
const SAID_FOR = 8_000;

const state = { key: null, asOf: null, trouble: null, problem: null, unread: [], filter: address.read(), shown: 15, allDays: false, demoKey: null, playground: false };
let timer = null;
let silence = null;
let countdown = null;
let failures = 0;
let figuresAt = -Infinity;
let monthAt = -Infinity;
let reading = null;

const mayChange = () => state.viewer?.scopes.includes('OPS_WRITE') ?? false;
const mayLook = () => mayChange() || (state.viewer?.scopes.includes('OPS_READ') ?? false);

function signOut(problem = null) {
  clearTimeout(timer);
  keep('sessionStorage', KEPT, null);
  $('dialog').close();
  Object.assign(state, { key: null, viewer: null, asOf: null, trouble: null, problem, jobs: null, jobRuns: null, days: null, audits: null, rules: null, budgets: null });
  figuresAt = monthAt = -Infinity;
  render();
  $('key').focus();
}

async function signIn(key) {
  if (!key || !mayBeKey(key)) {
    state.problem = key ? t().unknownKey : t().keyEmpty;
    render();
    $('key').focus();
    return;
  }
  keep('sessionStorage', KEPT, key);
  Object.assign(state, { key, problem: null });
  render();
  await refresh();
  if (state.key) $('main').focus({ preventScroll: true });
}

/** Page functions for the dialogs. */
const page = {
  ask: (query, variables) => ask(state.key, language(), query, variables),
  change: async (query, variables) => {
    try {
      return await change(state.key, language(), query, variables);
    } catch (trouble) {
      if (trouble.kind === 'unknownKey') signOut(t().unknownKey);
      throw trouble;
    }
  },
  refresh: () => {
    // The action may have changed the figures of any day.
    figuresAt = monthAt = -Infinity;
    return refresh(true);
  },
  today: () => state.clock.businessDay,
  backlogOf: (name) => state.jobs?.find((job) => job.name === name)?.backlog ?? null,
  say: (text) => {
    $('news').textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => $('news').replaceChildren(), SAID_FOR);
  },
};

/** Reads the due parts, one read at a time. After a change, a new read is required that starts later. */
async function refresh(anew = false) {
  while (reading) {
    await reading;
    if (!anew) return;
  }
  clearTimeout(timer);
  reading = read();
  await reading;
  reading = null;
  plan();
}

/** Merges newer figures of some days into the older ones. */
const updated = (days, newer) => [...newer, ...days.filter((one) => one.day < newer.at(-1).day)].slice(0, Math.max(MONTH, days.length));

/** Returns the displayed runs: the first page, and the further pages that the reader opened. */
async function olderRuns(key, newest, variables) {
  const runs = [...newest];
  while (runs.length < state.shown && runs.length % MOST_ROWS === 0 && runs.length > 0) {
    const { data } = await ask(key, language(), OLDER_RUNS, { ...variables, runs: Math.min(MOST_ROWS, state.shown - runs.length), below: runs.at(-1).id });
    if (!data.jobRuns?.length) break;
    runs.push(...data.jobRuns);
  }
  return runs;
}

async function read() {
  const { key } = state;
  const isLongAgo = (then, often) => performance.now() - then > often;
  const month = isLongAgo(monthAt, MONTH_EVERY);
  const figures = month || isLongAgo(figuresAt, FIGURES_EVERY);
  try {
    const { job, state: runState, all } = state.filter;
    const variables = { job, state: runState, withEffect: !all, runs: Math.min(MOST_ROWS, state.shown) };
    const { data, errors } = await ask(key, language(), PAGE, { ...variables, figures, days: month ? MONTH : LAST_DAYS });
    const jobRuns = data.jobRuns && (await olderRuns(key, data.jobRuns, variables));
    if (state.key !== key) return;
    setNow(data.clock.serverTime);
    setZone(data.clock.timeZone);
    const known = Object.fromEntries(['jobs', 'rules', 'budgets', 'parkedAwards', 'endpoints', 'processes', 'auditLog'].map((field) => [field, data[field] ?? state[field]]));
    known.jobRuns = jobRuns ?? state.jobRuns;
    if (data.books) known.books = data.books;
    known.parked = known.parkedAwards;
    known.parkedTotal = Math.max(data.parkedAwardCount ?? 0, known.parked?.length ?? 0);
    if (data.businessDays) known.days = month ? begun(data.businessDays) : updated(state.days ?? [], data.businessDays);
    if (data.bookAudits) known.audits = data.bookAudits;
    if (figures && data.businessDays && data.bookAudits) {
      figuresAt = performance.now();
      if (month) monthAt = figuresAt;
    }
    Object.assign(state, { viewer: data.viewer, clock: data.clock, ...known, asOf: now(), trouble: null, unread: errors.map(({ path }) => path?.[0]) });
    failures = 0;
  } catch (trouble) {
    if (state.key !== key) return;
    if (trouble.kind === 'unknownKey') {
      signOut(t().unknownKey);
      return;
    }
    failures += 1;
    const wait = Math.min(LONGEST_WAIT, trouble.wait ?? 2 ** failures);
    state.trouble = { kind: trouble instanceof Trouble ? trouble.kind : 'broken', message: trouble.message, wait, until: performance.now() + wait * 1_000 };
  }
  render();
}

/** Schedules the next read: none while the page is hidden; after an error, after the time requested by the server. */
function plan() {
  clearTimeout(timer);
  if (!state.key || document.hidden || (state.viewer && !mayLook())) return;
  timer = setTimeout(refresh, state.trouble ? state.trouble.wait * 1_000 : EVERY);
  clearInterval(countdown);
  if (state.trouble) countdown = setInterval(() => (state.trouble ? show($('banner'), banner()) : clearInterval(countdown)), 1_000);
}

const SECTIONS = ['jobs', 'figures', 'days', 'books', 'rules', 'runs', 'endpoints', 'processes', 'changes'];
const FIELDS = { jobs: 'jobs', parkedAwards: 'parked', businessDays: 'days', bookAudits: 'books', rules: 'rules', budgets: 'rules', jobRuns: 'runs', endpoints: 'endpoints', processes: 'processes', auditLog: 'changes' };

function header() {
  const word = t();
  return [
    h('div', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: '28', height: '28' }), h('h1', null, word.title)),
    state.asOf && h('nav', { 'aria-label': word.sections }, SECTIONS.filter((id) => id !== 'endpoints' || state.endpoints?.length).map((id) => h('a', { href: `#${id}` }, word[id]))),
    h('div', { class: 'who' },
      h('button', { type: 'button', lang: other() === 'zh' ? 'zh-CN' : 'en', 'data-action': 'language', 'data-key': 'language' }, word.toOther),
      state.key && h('button', { type: 'button', 'data-action': 'sign-out', 'data-key': 'sign-out' }, word.signOut)),
  ];
}

function banner() {
  const word = t();
  const { trouble } = state;
  if (!trouble) return null;
  return h('div', { class: 'banner' },
    h('p', null, h('strong', null, word.troubles[trouble.kind]), ' ', trouble.message, ' ', state.asOf && word.old, ' ', word.again(String(Math.max(0, Math.ceil((trouble.until - performance.now()) / 1000))))),
    h('button', { type: 'button', 'data-action': 'now' }, word.tryNow));
}

const section = (id, ...content) => h('section', { id, 'aria-labelledby': `${id}-title`, 'data-key': id }, h('h2', { id: `${id}-title` }, t()[id]), ...content);

/** Links to further pages for operators. */
const links = () => [['runbook.txt', t().runbook], ...(state.playground ? [['../admin/graphiql/', t().adminPlayground]] : [])];

function content() {
  const word = t();
  if (!state.key) return signInForm(state);
  if (state.viewer && !mayLook()) {
    return h('div', { class: 'card narrow', role: 'alert' }, h('p', null, word.noRead(state.viewer.name)), h('pre', null, 'newbee key create NAME --scope ops-read'));
  }
  if (!state.jobs) return state.trouble ? null : h('p', { class: 'empty', role: 'status' }, word.loading);
  const zone = `${word.zone(businessZone())}, ${isLocalZone(now()) ? word.zoneSame : word.zoneBoth}.`;
  const write = mayChange();
  return [
    h('p', { class: 'quiet', 'data-key': 'as-of' }, word.updated(localTime(state.asOf)), ' · ', word.keyIs(state.viewer.name), write ? word.mayChange : word.mayLook, ' · ', zone),
    state.unread.filter((field) => FIELDS[field]).map((field) => h('p', { class: 'bad-text', 'data-key': `unread-${field}` }, word.unread(word[FIELDS[field]]))),
    !write && h('p', { id: 'no-write', class: 'note', 'data-key': 'no-write' }, word.noWrite),
    h('div', { 'data-key': 'overview' }, overview({ ...state, today: state.clock.businessDay })),
    state.parked?.length > 0 && section('parked', parkedSection(state.parked, state.parkedTotal, write)),
    section('jobs', jobsSection(state.jobs, write)),
    section('figures', h('div', { class: 'figures', id: 'plots', 'data-own': true })),
    section('days', h('div', { class: 'card' }, daysSection(state.days ?? [], state.clock.businessDay, state.allDays))),
    section('books', h('div', { class: 'card' }, booksSection(state.audits ?? []))),
    section('rules', h('div', { class: 'card' }, rulesSection(state.rules ?? [], state.budgets ?? []))),
    section('runs', h('div', { class: 'card' }, runsSection(state.jobRuns ?? [], state.filter, state.shown, state.jobs, write))),
    state.endpoints?.length > 0 && section('endpoints', h('div', { class: 'card' }, endpointsSection(state.endpoints))),
    section('processes', h('div', { class: 'card' }, processesSection(state.processes ?? [], links()))),
    section('changes', h('div', { class: 'card' }, changesSection(state.auditLog ?? []))),
  ];
}

function render() {
  const word = t();
  const needed = state.jobs ? attention({ ...state, today: state.clock.businessDay }).length : 0;
  document.documentElement.lang = word.code;
  document.title = needed ? `(${needed}) ${word.title}` : word.title;
  $('skip').textContent = word.skip;
  show($('header'), header());
  show($('banner'), banner());
  show($('main'), content());
  if (state.key && state.days && $('plots')) showFigures($('plots'), state.days, state.clock.businessDay, render);
}

const ACTIONS = {
  language: async () => {
    await speak(other());
    render();
    if (state.key) refresh(true);
  },
  'sign-out': () => signOut(),
  'demo-key': () => signIn(state.demoKey),
  now: () => refresh(),
  days: () => {
    state.allDays = !state.allDays;
    render();
  },
  runs: () => {
    state.shown = Math.min(MOST_RUNS, state.shown < MOST_ROWS ? MOST_ROWS : state.shown + MOST_ROWS);
    refresh(true);
  },
  run: (job) => runDialog(page, job),
  backfill: (job) => backfillDialog(page, job),
  retry: (job, { award }) => parkedDialog(page, 'retry', award),
  void: (job, { award }) => parkedDialog(page, 'void', award),
  pause: (job) => pauseDialog(page, job),
  resume: (job) => resumeDialog(page, job),
  cancel: (job, { job: name, run, backfill }) => cancelDialog(page, name, run, backfill === 'yes'),
};

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-action]');
  if (!button) return;
  if (button.getAttribute('aria-disabled') === 'true') {
    page.say('');
    page.say(t().noWrite);
    return;
  }
  ACTIONS[button.dataset.action](state.jobs?.find((job) => job.name === button.dataset.job), button.dataset);
});
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'sign-in') return;
  event.preventDefault();
  signIn($('key').value.trim());
});
document.addEventListener('change', (event) => {
  const name = event.target.dataset.filter;
  if (!name) return;
  state.filter = { ...state.filter, [name]: name === 'all' ? event.target.checked : event.target.value || null, run: null };
  state.shown = 15;
  address.write(state.filter);
  refresh(true);
});
// The opened run is part of the URL fragment. `toggle` events do not bubble.
document.addEventListener('toggle', (event) => {
  const { run } = event.target.dataset ?? {};
  if (!run || (!event.target.open && state.filter.run !== run)) return;
  state.filter.run = event.target.open ? run : null;
  address.write(state.filter);
}, true);
addEventListener('hashchange', () => {
  if (!location.hash.startsWith('#runs')) return;
  state.filter = address.read();
  state.shown = 15;
  if (state.key) refresh(true).then(() => $('runs')?.scrollIntoView());
});
document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : state.key && refresh()));

state.key = kept('sessionStorage', KEPT);
render();
if (state.key) refresh();
// Only the demo has a public key.
const settings = await fetch('settings.json').then((reply) => reply.json()).catch(() => ({}));
state.demoKey = settings.demoApiKey ?? null;
state.playground = settings.playground ?? false;
render();
