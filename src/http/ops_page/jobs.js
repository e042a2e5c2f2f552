// The jobs: how each is doing, and the buttons to steer it.
import { h } from './dom.js';
import { action, pill, secondsUntil, tag, time, took, facts } from './parts.js';
import { count, day, lasting, localTime, t } from './language.js';

/** A job later than this needs a look. */
export const LATE = 300;

export const jobText = (job) => t().jobText[job.name] ?? job.description;
export const units = ({ count: number, unit }) => (t().units[unit] ?? ((text) => `${text} ${unit}`))(count(number));

function lastRun(run) {
  if (!run) return t().never;
  return [
    pill(run.state), run.dryRun && tag(t().dryRun), ' ', time(run.endedAt, true),
    h('span', { class: 'quiet business' }, [took(run), run.businessDay && t().about(day(run.businessDay))].filter(Boolean).join(', ')),
    run.error && h('span', { class: 'bad-text error' }, run.error),
  ];
}

function runningNow(run) {
  return h('p', { class: 'going', 'data-key': 'running' }, pill('RUNNING'), run.dryRun && tag(t().dryRun), ` ${t().ofRun(run.id)}, ${t().since(localTime(run.startedAt))}`,
    run.progress && h('span', { class: 'quiet' }, ` ${JSON.stringify(run.progress)}`));
}

function nextDue(job) {
  if (!job.enabled) return t().disabled;
  if (job.pausedAt) return t().notDue;
  return time(job.nextDueAt, secondsUntil(job.nextDueAt) > 0);
}

function card(job, mayChange) {
  const word = t();
  const values = { job: job.name };
  const isLate = job.lagSeconds > LATE;
  return h('li', { class: 'job', 'data-key': job.name },
    h('div', { class: 'about' },
      h('h3', null, job.name, job.pausedAt && tag(word.paused), !job.enabled && tag(word.disabled)),
      h('p', null, jobText(job)),
      h('p', { class: 'quiet' }, `${word.schedule} `, h('code', null, job.schedule))),
    h('div', { class: 'doing', 'data-key': 'doing' },
      job.pausedAt && h('p', { class: 'going', 'data-key': 'paused' }, word.pausedBy(job.pausedBy, localTime(job.pausedAt)), ' ', h('q', null, job.pauseReason)),
      job.running && runningNow(job.running),
      facts([
        [word.nextDue, nextDue(job)],
        [word.lastRun, lastRun(job.lastRun)],
        [word.backlog, job.backlog ? (job.backlog.count ? units(job.backlog) : word.none) : '–'],
        [word.lag, job.lagSeconds ? h('span', { class: isLate ? 'bad-text' : null }, lasting(job.lagSeconds)) : word.noLag],
      ])),
    h('div', { class: 'buttons' },
      action('run', word.run, job.name, values, mayChange),
      job.takesDay && action('backfill', word.backfill, job.name, values, mayChange),
      job.running && action('cancel', word.cancel, job.running.id, { ...values, run: job.running.id, backfill: job.running.backfillFrom ? 'yes' : '' }, mayChange),
      h('span', { 'data-key': 'pause' }, job.pausedAt ? action('resume', word.resume, job.name, values, mayChange) : action('pause', word.pause, job.name, values, mayChange))));
}

export const jobsSection = (jobs, mayChange) => h('ul', { class: 'jobs' }, jobs.map((job) => card(job, mayChange)));

/** What needs a look, the worst first: `{text, to, bad}`. */
export function attention({ jobs, days, audits, today }) {
  const word = t();
  const found = [];
  for (const job of jobs ?? []) {
    if (job.lastRun?.state === 'FAILED') found.push({ text: word.failed(job.name), to: 'jobs', bad: true });
    if (job.lagSeconds > LATE) found.push({ text: word.late(job.name, lasting(job.lagSeconds)), to: 'jobs', bad: true });
    if (job.pausedAt) found.push({ text: word.isPaused(job.name, job.pausedBy), to: 'jobs' });
    if (!job.enabled) found.push({ text: word.isDisabled(job.name), to: 'jobs' });
  }
  const audit = audits?.find((audit) => audit.endedAt);
  if (audit?.violations) found.push({ text: word.violated(count(audit.violations)), to: 'books', bad: true });
  if (audit?.unfinished) found.push({ text: word.unfinished(count(audit.unfinished)), to: 'books', bad: true });
  // The last day has until a while after midnight.
  for (const open of (days ?? []).slice(2).filter((one) => one.state === 'OPEN' && one.day < today)) {
    found.push({ text: word.notClosed(day(open.day)), to: 'days', bad: true });
  }
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
  const audit = state.audits?.find((audit) => audit.endedAt);
  return h('section', { class: 'overview good', 'aria-labelledby': 'overview-title' },
    h('h2', { id: 'overview-title' }, word.wellTitle),
    h('p', null, word.well(count(state.jobs?.length ?? 0)), audit && ` ${word.wellBooks(day(audit.businessDay))}`));
}
