// Actions of operators: each opens a dialog that describes its effect, then shows its progress until it is complete.
import { $, h } from './dom.js';
import { CHANGES } from './queries.js';
import { followBackfill, followRun } from './follow.js';
import { count, day, t } from './language.js';
import { jobText } from './jobs.js';

const LONGEST_REASON = 500;
const MOST_DAYS = 366;
const A_DAY = 86_400_000;

const dialog = () => $('dialog');
let opening = 0;

/** Shows a step of a dialog. `fields` are created by the functions below; `submit` may return an error text. */
function step(title, content, fields, buttons) {
  const trouble = h('p', { class: 'trouble', role: 'alert' });
  const form = h('form', { novalidate: true, onsubmit: (event) => event.preventDefault() },
    h('h2', { id: 'dialog-title', tabindex: '-1' }, title), content, fields.map(({ row }) => row), trouble,
    h('div', { class: 'buttons' }, buttons.map(({ label, style, act, type }) =>
      h('button', { type: type ?? 'button', class: style, ...(type ? {} : { onclick: () => press(act) }) }, label))));
  const press = async (act) => {
    trouble.textContent = '';
    const wrong = fields.find(({ isGood }) => isGood && !isGood());
    if (wrong && act.needsFields !== false) return wrong.complain();
    form.setAttribute('aria-busy', 'true');
    try {
      trouble.textContent = (await act()) ?? '';
    } catch (error) {
      trouble.textContent = [t().troubles[error.kind] ?? String(error), error.message].filter(Boolean).join(' ');
    } finally {
      form.removeAttribute('aria-busy');
    }
    return undefined;
  };
  const main = buttons.find(({ type }) => type === 'submit');
  if (main) form.addEventListener('submit', () => form.hasAttribute('aria-busy') || press(main.act));
  dialog().replaceChildren(form);
  if (!dialog().open) dialog().showModal();
  (fields[0]?.input ?? $('dialog-title')).focus();
  return form;
}

const free = (act) => Object.assign(act, { needsFields: false });
const closing = (label) => ({ label, act: free(() => dialog().close()) });

function field(id, label, input, help, isGood) {
  const note = h('p', { class: 'note', id: `${id}-note` }, help);
  input.setAttribute('aria-describedby', `${id}-note`);
  const row = h('div', { class: 'field' }, h('label', { for: id }, label), input, note);
  const complain = () => {
    input.setAttribute('aria-invalid', 'true');
    note.textContent = `${label}: ${t().required}. ${help}`;
    input.focus();
  };
  return { row, input, complain, isGood: isGood ?? (() => input.value.trim() !== '') };
}

const reasonField = (help = t().reasonHelp) =>
  field('reason', t().reason, h('textarea', { id: 'reason', rows: '2', maxlength: LONGEST_REASON, required: true, autocomplete: 'off' }), help);
const dayField = (id, label, value, last) => field(id, label, h('input', { id, type: 'date', value, max: last, required: true }), '');

function checkbox(id, label, checked, onchange) {
  const input = h('input', { id, type: 'checkbox', checked, onchange });
  return { row: h('div', { class: 'field check' }, input, h('label', { for: id }, label)), input };
}

/** Jobs that only check data and record the results. */
const ONLY_LOOK = ['audit_books'];
const changesData = (job) => !ONLY_LOOK.includes(job.name);
/** Returns the description of a real run. */
const sure = (job, of) => (changesData(job) ? t().willRun(job.name, of) : t().willLook(job.name, of));

const dayBefore = (today) => new Date(new Date(today) - A_DAY).toISOString().slice(0, 10);
const messages = (payload) => payload.problems.map(({ message }) => message).join(' ');

/** Shows a result that is updated until the dialog shows another step or is closed. */
function result(title, buttons = []) {
  opening += 1;
  const mine = opening;
  const host = h('div', { class: 'result' });
  step(title, host, [], [...buttons, closing(t().close)]);
  return { host, isWanted: () => mine === opening && dialog().open };
}

async function runAndFollow(page, job, values) {
  const payload = await page.change(CHANGES.run, values);
  if (payload.problems.length) return messages(payload);
  page.refresh();
  const title = t().runTitle(job.name);
  const { host, isWanted } = result(title);
  const ended = followRun(host, payload.runs[0], page.ask, isWanted, page.backlogOf).then((run) => {
    page.refresh();
    if (!isWanted() || !run.dryRun || run.state !== 'SUCCEEDED') return;
    // After a dry run, the real run is offered with one more confirmation.
    const real = h('button', { type: 'button', class: 'primary', onclick: () => confirmRun(page, job, { ...values, dryRun: false }) }, t().runForReal);
    host.closest('form').querySelector('.buttons').prepend(real);
  });
  void ended;
  return '';
}

function confirmRun(page, job, values) {
  opening += 1;
  const word = t();
  // The real run has its own reason.
  const reason = reasonField();
  const act = () => runAndFollow(page, job, { ...values, reason: reason.input.value.trim() });
  step(word.runTitle(job.name), h('p', { class: changesData(job) ? 'sure' : 'sure calm' }, sure(job, values.day && day(values.day))), [reason],
    [{ label: word.runReal, style: changesData(job) ? 'primary danger' : 'primary', act, type: 'submit' }, closing(word.abort)]);
}

export function runDialog(page, job) {
  opening += 1;
  const word = t();
  const days = job.takesDay ? [dayField('day', word.runDay, dayBefore(page.today()), dayBefore(page.today()))] : [];
  const what = h('p', { class: 'sure', id: 'what', role: 'status' });
  const reason = reasonField();
  const dry = checkbox('dry', word.dryRunLabel, true, () => tell());
  const values = () => ({ job: job.name, day: days[0]?.input.value ?? null, dryRun: dry.input.checked, reason: reason.input.value.trim() });
  const form = step(word.runTitle(job.name), [h('p', null, jobText(job)), h('p', { class: 'quiet' }, word.runText)], [...days, dry, reason, { row: what }],
    [{ label: word.runDry, style: 'primary', type: 'submit', act: () => runAndFollow(page, job, values()) }, closing(word.abort)]);
  const tell = () => {
    const { dryRun, day: chosen } = values();
    const of = chosen && day(chosen);
    what.classList.toggle('calm', dryRun || !changesData(job));
    what.textContent = dryRun ? word.willTry(job.name, of) : sure(job, of);
    const button = form.querySelector('[type=submit]');
    button.textContent = dryRun ? word.runDry : word.runReal;
    button.classList.toggle('danger', !dryRun && changesData(job));
  };
  days[0]?.input.addEventListener('input', () => days[0].input.value && tell());
  tell();
  reason.input.focus();
}

export function backfillDialog(page, job, before = {}) {
  opening += 1;
  const word = t();
  const last = dayBefore(page.today());
  const from = dayField('from', word.from, before.from ?? last, last);
  const to = dayField('to', word.to, before.to ?? last, last);
  const reason = reasonField();
  reason.input.value = before.reason ?? '';
  const check = () => {
    const values = { job: job.name, from: from.input.value, to: to.input.value, reason: reason.input.value.trim() };
    const days = Math.round((new Date(values.to) - new Date(values.from)) / A_DAY) + 1;
    if (days < 1) return word.rangeWrong;
    if (days > MOST_DAYS) return word.rangeLong;
    if (values.to > last) return word.rangeNotOver(day(last));
    confirmBackfill(page, job, values, days);
    return '';
  };
  step(word.backfillTitle(job.name), [h('p', null, jobText(job)), h('p', { class: 'quiet' }, word.backfillText)], [from, to, reason],
    [{ label: word.check, style: 'primary', type: 'submit', act: async () => check() }, closing(word.abort)]);
}

function confirmBackfill(page, job, values, days) {
  opening += 1;
  const word = t();
  const queue = async () => {
    const payload = await page.change(CHANGES.backfill, values);
    if (payload.problems.length) return messages(payload);
    page.refresh();
    const { host, isWanted } = result(word.backfillTitle(job.name));
    const open = payload.runs.filter((run) => ['QUEUED', 'RUNNING'].includes(run.state));
    if (!open.length) host.append(h('p', { role: 'status' }, word.nothingQueued));
    else void followBackfill(host, job.name, open, page.ask, isWanted).then(() => page.refresh());
    return '';
  };
  step(word.backfillTitle(job.name), h('p', { class: changesData(job) ? 'sure' : 'sure calm' }, word.backfillSure(job.name, count(days), day(values.from), day(values.to)), changesData(job) && ` ${word.theyChange}`), [], [
    { label: word.queueRuns(count(days)), style: changesData(job) ? 'primary danger' : 'primary', type: 'submit', act: queue },
    { label: word.tryFirst, act: () => runAndFollow(page, job, { job: job.name, day: values.from, dryRun: true, reason: values.reason }) },
    { label: word.back, act: free(async () => backfillDialog(page, job, values)) },
    closing(word.abort),
  ]);
}

/** Shows a dialog that requires a reason and closes after the mutation. */
function simpleDialog(page, { title, text, fields = [], help, label, style, mutation, values, done }) {
  opening += 1;
  const reason = reasonField(help);
  const act = async () => {
    const payload = await page.change(mutation, { ...values(), reason: reason.input.value.trim() });
    if (payload.problems.length) return messages(payload);
    dialog().close();
    page.say(done(payload));
    page.refresh();
    return '';
  };
  step(title, h('p', null, text), [reason, ...fields], [{ label, style, type: 'submit', act }, closing(t().abort)]);
}

/** Shows the dialog to retry or void a parked award. */
export function parkedDialog(page, verb, award) {
  const word = t();
  simpleDialog(page, {
    title: word[`${verb}Title`](award), text: word[`${verb}Text`], label: word[verb], style: verb === 'void' ? 'primary danger' : 'primary',
    mutation: CHANGES[verb], values: () => ({ ids: [award] }), done: ({ changed }) => (changed.length ? word[`${verb}Done`](award) : word.notParked(award)),
  });
}

export const pauseDialog = (page, job) =>
  simpleDialog(page, {
    title: t().pauseTitle(job.name), text: t().pauseText, help: t().reasonShown, label: t().askPause, style: 'primary danger',
    mutation: CHANGES.pause, values: () => ({ job: job.name }), done: () => t().donePause(job.name),
  });

export const resumeDialog = (page, job) =>
  simpleDialog(page, {
    title: t().resumeTitle(job.name), text: t().resumeText[job.catchUp], label: t().askResume, style: 'primary',
    mutation: CHANGES.resume, values: () => ({ job: job.name }), done: () => t().doneResume(job.name),
  });

export function cancelDialog(page, job, run, isBackfill) {
  const whole = checkbox('whole', t().wholeBackfill, false, () => {});
  simpleDialog(page, {
    title: t().cancelTitle(run, job), text: t().cancelText, fields: isBackfill ? [whole] : [], label: t().askCancel, style: 'primary danger',
    mutation: CHANGES.cancel, values: () => ({ id: run, whole: whole.input.checked }), done: ({ cancelled }) => t().doneCancel(count(cancelled)),
  });
}
