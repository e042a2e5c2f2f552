// The history of runs.
import { h } from './dom.js';
import { action, pill, runDetails, tag, time, took } from './parts.js';
import { progressBar, whatWasDone } from './reports.js';
import { day, t } from './language.js';

const isOver = (run) => !['QUEUED', 'RUNNING'].includes(run.state);

const outcome = (run) => run.error ?? whatWasDone(run) ?? (run.state === 'SKIPPED' ? run.reason : null);

function runRow(run, isOpen, jobs, mayChange) {
  const word = t();
  const backlog = jobs?.find((job) => job.name === run.job)?.backlog;
  return h('li', { 'data-key': run.id },
    h('details', { open: isOpen, 'data-run': run.id },
      h('summary', null,
        pill(run.state), h('span', { class: 'what' }, run.job, run.dryRun && tag(word.dryRun), run.businessDay && h('span', { class: 'quiet' }, ` ${word.about(day(run.businessDay))}`)),
        h('span', { class: run.error ? 'did bad-text' : 'did' }, outcome(run) ?? '', run.finding && h('span', { class: 'bad-text error' }, run.finding)),
        h('span', { class: 'quiet' }, [word.ofRun(run.id), word.origins[run.origin], took(run)].filter(Boolean).join(word.comma)),
        h('span', null, time(run.endedAt ?? run.startedAt ?? run.scheduledFor, true))),
      h('div', { class: 'more' }, run.state === 'RUNNING' && progressBar(run, backlog), runDetails(run),
        !isOver(run) && action('cancel', word.cancel, run.id, { job: run.job, run: run.id, backfill: run.backfillFrom ? 'yes' : '' }, mayChange))));
}

export function runsSection(runs, filter, shown, jobs, mayChange) {
  const word = t();
  const choose = (name, label, values, chosen, write) => h('span', null, h('label', { for: `of-${name}` }, label), ' ',
    h('select', { id: `of-${name}`, 'data-filter': name }, values.map((value) => h('option', { value, selected: value === chosen }, write(value)))));
  return [
    h('div', { class: 'filters' },
      choose('job', word.filterJob, ['', ...(jobs ?? []).map((job) => job.name)], filter.job ?? '', (name) => name || word.allJobs),
      choose('state', word.filterState, ['', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED'], filter.state ?? '', (state) => word.states[state] ?? word.allStates),
      h('span', { class: 'check' }, h('input', { id: 'of-all', type: 'checkbox', 'data-filter': 'all', checked: filter.all }), ' ', h('label', { for: 'of-all' }, word.allRuns))),
    runs.length ? h('ul', { class: 'runs' }, runs.map((run) => runRow(run, run.id === filter.run, jobs, mayChange))) : h('p', { class: 'empty' }, word.noRuns),
    runs.length >= shown && h('button', { type: 'button', 'data-action': 'runs' }, word.moreRuns),
  ];
}
