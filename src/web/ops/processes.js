// The processes that serve requests and run jobs, and links for operators.
import { h } from './dom.js';
import { tag, time } from './parts.js';
import { count, lasting, t } from './language.js';

/** Maximum tolerated clock skew; beyond it, processes would end a business day at different times. */
const MOST_SKEW_MS = 2_000;

function row(process) {
  const word = t();
  const skewed = Math.abs(process.clockSkewMs) > MOST_SKEW_MS;
  return h('li', { 'data-key': process.id },
    h('span', { class: `pill ${process.alive ? 'succeeded' : 'failed'}` }, process.alive ? word.alive : word.silent),
    h('strong', null, process.name),
    h('span', { class: 'quiet' }, word.version(process.version)),
    tag(process.scheduler ? word.runsJobs : word.servesOnly),
    h('span', { class: skewed ? 'bad-text' : 'quiet' }, word.skew(lasting(Math.abs(process.clockSkewMs) / 1000))),
    h('span', { class: 'quiet' }, process.alive ? [word.since(''), ' ', time(process.startedAt)] : [word.lastSeen, ' ', time(process.heartbeatAt, true)]));
}

export function processesSection(processes, links) {
  const word = t();
  return [
    processes.length ? h('ul', { class: 'processes' }, processes.map(row)) : h('p', { class: 'empty' }, word.noProcesses),
    h('p', { class: 'links' }, links.map(([href, label]) => h('a', { href }, label))),
  ];
}

/** Returns the processes' items that need attention. */
export function processTrouble(processes) {
  const word = t();
  if (!processes) return [];
  const alive = processes.filter((process) => process.alive);
  const silent = processes.length - alive.length;
  const skewed = alive.filter((process) => Math.abs(process.clockSkewMs) > MOST_SKEW_MS);
  return [
    !alive.some((process) => process.scheduler) && { text: word.nobodyRunsJobs, to: 'processes', bad: true },
    skewed.length && { text: word.clocksDiffer(skewed.map(({ name }) => name).join(word.comma)), to: 'processes', bad: true },
    silent && { text: word.silentProcesses(count(silent)), to: 'processes' },
  ].filter(Boolean);
}
