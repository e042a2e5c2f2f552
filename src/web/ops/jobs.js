// The jobs with their state and actions.
import { h } from './dom.js';
import { action, pill, secondsUntil, tag, time, took, facts } from './parts.js';
import { count, day, lasting, localTime, t } from './language.js';
import { of as addressOf } from './address.js';
import { inWords } from './schedule.js';
import { endpointTrouble } from './endpoints.js';
import { processTrouble } from './processes.js';
import { progressBar, whatWasDone } from './reports.js';
import { ruleTrouble } from './rules.js';
import { sparkline } from './sparkline.js';

/** Lag in seconds from which a job needs attention. */
export const LATE = 300;
/** Display order of the jobs, most urgent first; other jobs follow. */
const ORDER = ['settle_awards', 'close_day', 'audit_books', 'pay_reservations', 'deliver_events', 'expire_due', 'prune_history'];
const place = (job) => (ORDER.indexOf(job.name) + ORDER.length + 1) % (ORDER.length + 1);

export const jobText = (job) => t().jobText[job.name] ?? job.description;
export const units = ({ count: number, unit }) => (t().units[unit] ?? ((text) => `${text} ${unit}`))(count(number));

function lastRun(job) {
  const run = job.lastRun;
  if (!run) return t().never;
  return [
    pill(run.state), run.dryRun && tag(t().dryRun), ' ', time(run.endedAt, true), ' ', sparkline(job.recentRuns),
    h('span', { class: 'quiet business' }, [took(run), run.businessDay && t().about(day(run.businessDay)), whatWasDone(run)].filter(Boolean).join(t().comma)),
    run.error && h('span', { class: 'bad-text error' }, run.error),
  ];
}

function runningNow(job) {
  const run = job.running;
  return h('p', { class: 'going', 'data-key': 'running' }, pill('RUNNING'), run.dryRun && tag(t().dryRun), ` ${t().ofRun(run.id)}${t().comma}${t().since(localTime(run.startedAt))}`,
    progressBar(run, job.backlog));
}

function nextDue(job) {
  if (!job.enabled) return t().disabled;
  if (job.pausedAt) return t().notDue;
  return time(job.nextDueAt, secondsUntil(job.nextDueAt) > 0);
}

function row(job, mayChange) {
  const word = t();
  const values = { job: job.name };
  const isLate = job.lagSeconds > LATE;
  return h('li', { class: 'job', 'data-key': job.name },
    h('div', { class: 'about' },
      h('h3', null, h('a', { href: addressOf({ job: job.name }), title: word.runsOf(job.name) }, job.name), job.pausedAt && tag(word.paused), !job.enabled && tag(word.disabled)),
      h('p', { class: 'quiet' }, jobText(job)),
      h('p', { class: 'quiet', title: job.schedule }, inWords(job.schedule))),
    h('div', { class: 'doing', 'data-key': 'doing' },
      job.pausedAt && h('p', { class: 'going', 'data-key': 'paused' }, word.pausedBy(job.pausedBy, localTime(job.pausedAt)), ' ', h('q', null, job.pauseReason)),
      job.running && runningNow(job),
      facts([
        [word.lastRun, lastRun(job)],
        [word.backlog, job.backlog ? (job.backlog.count ? units(job.backlog) : word.none) : '–'],
        [word.lag, job.lagSeconds ? h('span', { class: isLate ? 'bad-text' : null }, lasting(job.lagSeconds)) : word.noLag],
        [word.nextDue, nextDue(job)],
      ])),
    h('div', { class: 'buttons' },
      action('run', word.run, job.name, values, mayChange),
      job.takesDay && action('backfill', word.backfill, job.name, values, mayChange),
      job.running && action('cancel', word.cancel, job.running.id, { ...values, run: job.running.id, backfill: job.running.backfillFrom ? 'yes' : '' }, mayChange),
      h('span', { 'data-key': 'pause' }, job.pausedAt ? action('resume', word.resume, job.name, values, mayChange) : action('pause', word.pause, job.name, values, mayChange))));
}

const byImportance = (jobs) => [...jobs].sort((a, b) => place(a) - place(b));

export const jobsSection = (jobs, mayChange) => h('ul', { class: 'jobs' }, byImportance(jobs).map((job) => row(job, mayChange)));

function jobTrouble(job) {
  const word = t();
  const waiting = job.backlog?.count ? units(job.backlog) : null;
  return [
    job.lastRun?.state === 'FAILED' && { text: word.failed(job.name), to: 'jobs', bad: true },
    job.lagSeconds > LATE && { text: word.late(job.name, lasting(job.lagSeconds)), to: 'jobs', bad: true },
    job.pausedAt && { text: waiting ? word.isPausedWaiting(job.name, job.pausedBy, waiting) : word.isPaused(job.name, job.pausedBy), to: 'jobs', bad: Boolean(waiting) && job.lagSeconds > LATE },
    !job.enabled && { text: word.isDisabled(job.name), to: 'jobs' },
  ].filter(Boolean);
}

/** Returns the items that need attention, most severe first: `{text, to, bad}`. */
export function attention({ jobs, days, books, parked, parkedTotal, processes, endpoints, rules, budgets, today }) {
  const word = t();
  const found = byImportance(jobs ?? []).flatMap(jobTrouble);
  if (parked?.length) found.push({ text: word.isParked(count(parkedTotal)), to: 'parked', bad: true });
  if (books?.violations) found.push({ text: word.violated(count(books.violations)), to: 'books', bad: true });
  if (books?.unfinished) found.push({ text: word.unfinished(count(books.unfinished)), to: 'books', bad: true });
  // The last day is closed some minutes after midnight.
  for (const open of (days ?? []).slice(2).filter((one) => one.state === 'OPEN' && one.day < today)) {
    found.push({ text: word.notClosed(day(open.day)), to: 'days', bad: true });
  }
  found.push(...processTrouble(processes), ...endpointTrouble(endpoints), ...ruleTrouble(rules, budgets));
  return found.sort((a, b) => Number(Boolean(b.bad)) - Number(Boolean(a.bad)));
}

export function overview(state) {
  const word = t();
  const found = attention(state);
  if (found.length) {
    return h('section', { class: `overview ${found[0].bad ? 'bad' : 'warn'}`, 'aria-labelledby': 'overview-title' },
      h('h2', { id: 'overview-title' }, word.attention),
      h('ul', null, found.map(({ text, to }) => h('li', null, h('a', { href: `#${to}` }, text)))));
  }
  return h('section', { class: 'overview good', 'aria-labelledby': 'overview-title' },
    h('h2', { id: 'overview-title' }, word.wellTitle),
    h('p', null, word.well(count(state.jobs?.length ?? 0)), state.books && ` ${word.wellBooks(day(state.books.auditedThrough))}`));
}
