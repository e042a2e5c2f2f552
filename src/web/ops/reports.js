// Summaries of runs in one sentence, and the progress of running ones.
import { h } from './dom.js';
import { secondsUntil } from './parts.js';
import { amount, count, lasting, t } from './language.js';

const sumsOf = (sums) => Object.entries(sums ?? {}).filter(([, sum]) => Number(sum)).map(([coin, sum]) => t().sumOf(amount(sum), coin)).join(t().comma);

/** Summarises the report of a run for known jobs; null for others. */
export function whatWasDone(run) {
  const word = t();
  const { report } = run;
  if (!report) return null;
  const number = (value) => count(value ?? 0);
  const parts = {
    settle_awards: () => [report.settled && word.didSettle(number(report.settled), sumsOf(report.sums)), report.newly_parked && word.didPark(number(report.newly_parked))],
    close_day: () => [report.closed && word.didClose(number(report.closed), number(report.awards)), report.pruned_counters && word.didDelete(number(report.pruned_counters), 'daily_counters'), report.checked && word.didCompare],
    audit_books: () => [report.violations ? word.didFind(number(report.violations)) : word.didAudit(number(report.checks))],
    pay_reservations: () => [report.paid && word.didPay(number(report.paid), sumsOf(report.sums))],
    deliver_events: () => [report.delivered && word.didDeliver(number(report.delivered)), report.failures && word.didFail(number(report.failures))],
    expire_due: () => Object.entries(report).filter(([, changed]) => changed > 0).map(([kind, changed]) => word.didEnd(number(changed), kind)),
    prune_history: () => Object.entries(report).filter(([, changed]) => changed > 0).map(([kind, changed]) => word.didDelete(number(changed), kind)),
  }[run.job]?.().filter(Boolean);
  if (!parts) return null;
  if (!parts.length) return word.didNothing;
  return run.dryRun ? word.would(parts.join(word.comma)) : parts.join(word.comma);
}

/** Returns the number of backlog units that a run has completed. */
const doneBy = ({ job, progress }) => progress?.[{ settle_awards: 'settled', close_day: 'closed', pay_reservations: 'paid' }[job]] ?? null;

/** Shows a progress bar with rate and remaining time for a running run; null if its progress is unknown. */
export function progressBar(run, backlog) {
  const done = doneBy(run);
  if (done === null || !backlog) return null;
  const word = t();
  const total = done + backlog.count;
  const seconds = -secondsUntil(run.startedAt);
  const rate = seconds > 1 && done > 0 ? done / seconds : null;
  const text = word.doneOf(count(done), count(total), rate && count(Math.round(rate)), rate && backlog.count > 0 && lasting(backlog.count / rate));
  return h('span', { class: 'progress', 'data-key': 'progress' },
    h('progress', { max: Math.max(total, 1), value: done, 'aria-label': word.progressOf(run.id) }), h('span', { class: 'quiet' }, text));
}
