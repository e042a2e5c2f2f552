// The page put together: who is signed in, what was read last, and when it is read again.
import { Trouble, ask, change, mayBeKey } from './api.js';
import { PAGE } from './queries.js';
import { $, h, show } from './dom.js';
import { keep, kept } from './keep.js';
import { businessZone, isLocalZone, language, localTime, other, setZone, speak, t } from './language.js';
import { attention, jobsSection, overview } from './jobs.js';
import { begun, booksSection, daysSection, runsSection } from './days.js';
import { showFigures } from './figures.js';
import { now, setNow } from './parts.js';
import { backfillDialog, cancelDialog, pauseDialog, resumeDialog, runDialog } from './dialogs.js';
import { signInForm } from './sign_in.js';

const KEPT = 'newbee.ops.key';
const EVERY = 5_000;
/** Figures of whole days change slowly and cost more to read: those of the last days each minute, the whole month rarely. */
const FIGURES_EVERY = 60_000;
const MONTH_EVERY = 900_000;
const MONTH = 30;
const LAST_DAYS = 3;
const LONGEST_WAIT = 60;
const SAID_FOR = 8_000;

const state = { key: null, asOf: null, trouble: null, problem: null, unread: [], filter: { job: null, state: null, runs: 15 }, allDays: false, demoKey: null };
let timer = null;
let silence = null;
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
  Object.assign(state, { key: null, viewer: null, asOf: null, trouble: null, problem, jobs: null, jobRuns: null, days: null, audits: null });
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

/** What this page lends to its dialogs. */
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
    // What was done may have changed any day.
    figuresAt = monthAt = -Infinity;
    return refresh(true);
  },
  today: () => state.clock.businessDay,
  say: (text) => {
    $('news').textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => $('news').replaceChildren(), SAID_FOR);
  },
};

/** Reads what is due to be read, one reading at a time. Who changed something needs one that began later. */
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

/** Newer figures of some days among the older ones of others. */
const updated = (days, newer) => [...newer, ...days.filter((one) => one.day < newer.at(-1).day)].slice(0, Math.max(MONTH, days.length));

async function read() {
  const { key } = state;
  const isLongAgo = (then, often) => performance.now() - then > often;
  const month = isLongAgo(monthAt, MONTH_EVERY);
  const figures = month || isLongAgo(figuresAt, FIGURES_EVERY);
  try {
    const { data, errors } = await ask(key, language(), PAGE, { ...state.filter, figures, days: month ? MONTH : LAST_DAYS });
    if (state.key !== key) return;
    setNow(data.clock.serverTime);
    setZone(data.clock.timeZone);
    const known = { jobs: data.jobs ?? state.jobs, jobRuns: data.jobRuns ?? state.jobRuns };
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
    state.trouble = { kind: trouble instanceof Trouble ? trouble.kind : 'broken', message: trouble.message, wait };
  }
  render();
}

/** The next reading: while nobody looks, none; after trouble, as late as the server asked for. */
function plan() {
  clearTimeout(timer);
  if (!state.key || document.hidden || (state.viewer && !mayLook())) return;
  timer = setTimeout(refresh, state.trouble ? state.trouble.wait * 1_000 : EVERY);
}

const SECTIONS = ['jobs', 'figures', 'days', 'books', 'runs'];
const FIELDS = { jobs: 'jobs', businessDays: 'days', bookAudits: 'books', jobRuns: 'runs' };

function header() {
  const word = t();
  return [
    h('div', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: '28', height: '28' }), h('h1', null, word.title)),
    state.asOf && h('nav', { 'aria-label': word.sections }, SECTIONS.map((id) => h('a', { href: `#${id}` }, word[id]))),
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
    h('p', null, h('strong', null, word.troubles[trouble.kind]), ' ', trouble.message, ' ', state.asOf && word.old, ' ', word.again(String(trouble.wait))),
    h('button', { type: 'button', 'data-action': 'now' }, word.tryNow));
}

const section = (id, ...content) => h('section', { id, 'aria-labelledby': `${id}-title`, 'data-key': id }, h('h2', { id: `${id}-title` }, t()[id]), ...content);

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
    section('jobs', jobsSection(state.jobs, write)),
    section('figures', h('div', { class: 'figures', id: 'plots', 'data-own': true })),
    section('days', h('div', { class: 'card' }, daysSection(state.days ?? [], state.clock.businessDay, state.allDays))),
    section('books', h('div', { class: 'card' }, booksSection(state.audits ?? []))),
    section('runs', h('div', { class: 'card' }, runsSection(state.jobRuns ?? [], state.filter, state.jobs, write))),
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
    state.filter.runs = Math.min(100, state.filter.runs * 2);
    refresh(true);
  },
  run: (job) => runDialog(page, job),
  backfill: (job) => backfillDialog(page, job),
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
  state.filter[name] = event.target.value || null;
  refresh(true);
});
document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : state.key && refresh()));

state.key = kept('sessionStorage', KEPT);
render();
if (state.key) refresh();
// Only the demo has a key to offer.
const settings = await fetch('settings.json').then((reply) => reply.json()).catch(() => ({}));
state.demoKey = settings.demoApiKey ?? null;
if (!state.key) render();
