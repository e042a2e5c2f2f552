// Sign-in form for the API key.
import { h } from './dom.js';
import { t } from './language.js';

export function signInForm({ problem, demoKey }) {
  const word = t();
  return h('form', { id: 'sign-in', class: 'card narrow', 'aria-labelledby': 'sign-in-title', novalidate: true, 'data-key': 'sign-in' },
    h('h2', { id: 'sign-in-title' }, word.signIn),
    problem && h('p', { id: 'problem', class: 'trouble', role: 'alert', 'data-key': 'problem' }, problem),
    h('div', { class: 'field', 'data-key': 'field' },
      h('label', { for: 'key' }, word.apiKey),
      h('input', {
        id: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', required: true,
        'aria-describedby': problem ? 'problem key-note' : 'key-note', 'aria-invalid': problem ? 'true' : null,
      }),
      h('p', { id: 'key-note', class: 'note' }, word.keyHelp, ' ', word.keyMake, ' ', h('code', null, 'newbee key create NAME --scope ops-write'))),
    h('div', { class: 'buttons', 'data-key': 'buttons' }, h('button', { type: 'submit', class: 'primary' }, word.signIn)),
    demoKey && h('div', { class: 'demo', 'data-key': 'demo' },
      h('p', null, word.demoKeyHelp),
      h('button', { type: 'button', 'data-action': 'demo-key' }, word.useDemoKey)));
}
