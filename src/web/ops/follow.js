// What becomes of runs that were asked for, told while they are worked on.
import { FOLLOW, FOLLOW_BACKFILL } from './queries.js';
import { h, show } from './dom.js';
import { pill, runDetails, tag } from './parts.js';
import { progressBar, whatWasDone } from './reports.js';
import { count, t } from './language.js';

const EVERY = 1_000;
/** So many looks at a run that only waits, then somebody may want to know why. */
const PATIENT = 20;

export const isOver = (run) => !['QUEUED', 'RUNNING'].includes(run.state);
const pause = () => new Promise((resolve) => setTimeout(resolve, EVERY));

const lineOf = (run) => h('p', { class: 'line', role: 'status' }, h('span', { class: 'unseen' }, t().runIs(run.id, t().states[run.state])), h('span', { 'aria-hidden': 'true' }, t().ofRun(run.id), ' ', pill(run.state), run.dryRun && tag(t().dryRun)));

/** Shows a run in `host` until it is over, or `isWanted` says that nobody looks any more. Answers with the run as it was last. */
export async function followRun(host, run, ask, isWanted, backlogOf = () => null) {
  for (let looks = 0; isWanted(); looks += 1) {
    show(host, lineOf(run), run.state === 'QUEUED' && looks > PATIENT && h('p', { class: 'empty' }, t().noProcess),
      run.state === 'RUNNING' && progressBar(run, backlogOf(run.job)), isOver(run) && h('p', { class: 'did' }, whatWasDone(run)), runDetails(run));
    if (isOver(run)) return run;
    await pause();
    // A look that failed is not news about the run: the next one is a second away.
    run = (await ask(FOLLOW, { id: run.id }).catch(() => null))?.data.jobRun ?? run;
  }
  return run;
}

/** The same for the days of a back-fill; `runs` are those that were queued. */
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
