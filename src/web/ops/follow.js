// Live progress of requested runs.
import { FOLLOW, FOLLOW_BACKFILL } from './queries.js';
import { h, show } from './dom.js';
import { pill, runDetails, tag } from './parts.js';
import { progressBar, whatWasDone } from './reports.js';
import { count, t } from './language.js';

const EVERY = 1_000;
/** Number of polls of a queued run before a hint is shown. */
const PATIENT = 20;

export const isOver = (run) => !['QUEUED', 'RUNNING'].includes(run.state);
const pause = () => new Promise((resolve) => setTimeout(resolve, EVERY));

const lineOf = (run) => h('p', { class: 'line', role: 'status' }, h('span', { class: 'unseen' }, t().runIs(run.id, t().states[run.state])), h('span', { 'aria-hidden': 'true' }, t().ofRun(run.id), ' ', pill(run.state), run.dryRun && tag(t().dryRun)));

/** Shows a run in `host` until it is over or `isWanted` returns false. Returns the last known state of the run. */
export async function followRun(host, run, ask, isWanted, backlogOf = () => null) {
  for (let looks = 0; isWanted(); looks += 1) {
    show(host, lineOf(run), run.state === 'QUEUED' && looks > PATIENT && h('p', { class: 'empty' }, t().noProcess),
      run.state === 'RUNNING' && progressBar(run, backlogOf(run.job)), isOver(run) && h('p', { class: 'did' }, whatWasDone(run)), runDetails(run));
    if (isOver(run)) return run;
    await pause();
    // Ignore a failed poll; the next one follows in a second.
    run = (await ask(FOLLOW, { id: run.id }).catch(() => null))?.data.jobRun ?? run;
  }
  return run;
}

/** Does the same for the days of a back-fill; `runs` are the queued runs. */
export async function followBackfill(host, job, runs, ask, isWanted) {
  const states = new Map(runs.map((run) => [run.id, run]));
  for (let looks = 0; isWanted(); looks += 1) {
    const all = [...states.values()];
    const over = all.filter(isOver);
    const failed = over.filter((run) => ['FAILED', 'CANCELLED'].includes(run.state));
    const last = over.at(-1);
    show(host,
      h('p', { class: 'line', role: 'status' }, t().backfillIs(count(over.length), count(all.length))),
      h('progress', { max: all.length, value: over.length, 'aria-label': t().backfill }),
      failed.length > 0 && h('p', { class: 'bad-text' }, t().backfillFailed(count(failed.length))),
      over.length === 0 && looks > PATIENT && h('p', { class: 'empty' }, t().noProcess),
      last?.scheduledFor && [lineOf(last), runDetails(last)]);
    if (over.length === all.length) return;
    await pause();
    const reply = await ask(FOLLOW_BACKFILL, { job }).catch(() => null);
    if (!reply) continue;
    const { queued, running, ended } = reply.data;
    for (const run of [...(ended ?? []), ...(queued ?? []), ...(running ?? [])]) if (states.has(run.id)) states.set(run.id, run);
  }
}
