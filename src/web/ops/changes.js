// Recent changes: the newest entries of the audit log.
import { h } from './dom.js';
import { facts, json, time } from './parts.js';
import { t } from './language.js';

function row(entry) {
  const word = t();
  return h('li', { 'data-key': entry.id },
    h('details', null,
      h('summary', null,
        h('span', null, time(entry.at, true)),
        h('span', { class: 'what' }, h('code', null, entry.action), ' ', entry.subject),
        h('span', { class: 'quiet' }, entry.actor),
        h('span', { class: 'quiet' }, entry.reason ?? '')),
      h('div', { class: 'more' }, facts([
        [word.before, entry.before && json(entry.before)],
        [word.after, entry.after && json(entry.after)],
        [word.requestId, entry.requestId],
      ]))));
}

export const changesSection = (entries) => (entries.length ? h('ul', { class: 'runs changes' }, entries.map(row)) : h('p', { class: 'empty' }, t().noChanges));
