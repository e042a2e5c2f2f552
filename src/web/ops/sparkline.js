// Sparkline of a job's last runs: the height of a bar shows the elapsed time, grey bars changed nothing.
import { h } from './dom.js';
import { count, t } from './language.js';

const [WIDTH, HEIGHT, STEP] = [80, 18, 4];

export function sparkline(marks) {
  if (!marks?.length) return null;
  const word = t();
  // The height is logarithmic: one step per power of ten, from one millisecond.
  const tall = ({ tookMs }) => Math.min(HEIGHT, 4 + 3 * Math.log10(Math.max(1, tookMs ?? 1)));
  const kind = (mark) => (mark.state === 'SUCCEEDED' && mark.hadEffect === false ? 'idle' : mark.state.toLowerCase());
  const states = [...new Set(marks.map((mark) => mark.state))];
  const said = states.map((state) => `${word.states[state]} ${count(marks.filter((mark) => mark.state === state).length)}`).join(word.comma);
  const left = WIDTH - marks.length * STEP;
  return h('span', { class: 'sparkline', role: 'img', 'aria-label': word.lastRuns(said), title: word.lastRuns(said) },
    h('svg', { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true', focusable: 'false' },
      marks.map((mark, place) => h('rect', { class: `mark ${kind(mark)}`, x: left + place * STEP, y: HEIGHT - tall(mark), width: STEP - 1, height: tall(mark) }))));
}
