// Bar chart of daily values in SVG. Accessible as a single slider over the days that announces each value.
import { h } from './dom.js';

const HEIGHT = 190;
const BELOW = 24;
const LETTER = 7;

/** Returns the top of the axis: the largest value, capped if it would make all other bars indistinguishable. */
function highest(values) {
  const [largest = 0, second = 0] = [...values].sort((a, b) => b - a);
  return second > 0 && largest > 8 * second ? 1.5 * second : largest;
}

/** Returns three to six axis marks at multiples of 1, 2 or 5 times a power of ten, at least `least` apart. */
function marks(low, high, least) {
  const rough = Math.max((high - low) / 4, least);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= rough);
  const found = [];
  for (let mark = Math.floor(low / step); mark <= Math.ceil(high / step); mark += 1) found.push(mark * step || 0);
  return found;
}

/**
 * Draws into `host`, and redraws when its width changes. `show({title, points, write, whole})` updates the plot. A point is
 * `{label, up, down, open, lines}`: the values above and below zero, and the lines of its tooltip.
 */
export function plot(host) {
  const area = h('div', { class: 'plot-area', role: 'slider', tabindex: '0', 'aria-orientation': 'horizontal', 'aria-valuemin': '1' });
  const tip = h('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  host.append(area, tip);
  let shown = null;
  let at = -1;
  let geometry = null;

  const draw = () => {
    if (!shown || !area.clientWidth) return;
    const { points, write, whole } = shown;
    const width = area.clientWidth;
    const high = highest(points.map((point) => point.up));
    const low = Math.min(0, ...points.map((point) => -point.down));
    const ticks = marks(low, high, whole ? 1 : Number.MIN_VALUE);
    const left = Math.max(...ticks.map((tick) => write(tick).length)) * LETTER + 10;
    const [first, last] = [ticks[0], ticks.at(-1)];
    const y = (value) => 8 + ((last - value) / (last - first || 1)) * (HEIGHT - BELOW - 8);
    const band = (width - left) / points.length;
    const bar = Math.max(2, band * 0.72);
    geometry = { left, band, width };
    const every = Math.ceil(58 / band);
    const x = (index) => left + index * band + (band - bar) / 2;
    area.replaceChildren(h('svg', { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, 'aria-hidden': 'true', focusable: 'false' },
      h('rect', { class: 'cursor', x: left + Math.max(at, 0) * band, y: 0, width: band, height: HEIGHT - BELOW, visibility: at < 0 ? 'hidden' : 'visible' }),
      ticks.map((tick) => [
        h('line', { class: tick === 0 ? 'zero' : 'grid', x1: left, x2: width, y1: y(tick), y2: y(tick) }),
        h('text', { x: left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, write(tick)),
      ]),
      points.map((point, index) => [
        point.up > 0 && h('rect', { class: point.open ? 'bar open' : 'bar', x: x(index), y: y(Math.min(point.up, last)), width: bar, height: Math.max(1, y(0) - y(Math.min(point.up, last))), rx: Math.min(2, bar / 4) }),
        point.up > last && h('path', { class: 'cut', d: `M${x(index) - 2} ${y(last) + 12}l${bar + 4} -4` }),
        point.down > 0 && h('rect', { class: 'bar down', x: x(index), y: y(0), width: bar, height: Math.max(1, y(-point.down) - y(0)), rx: Math.min(2, bar / 4) }),
        (points.length - 1 - index) % every === 0 &&
          h('text', { x: Math.min(left + (index + 0.5) * band, width - point.label.length * 3.4), y: HEIGHT - 6, 'text-anchor': 'middle' }, point.label),
      ])));
  };

  const point = (index, withTip) => {
    at = Math.max(0, Math.min(shown.points.length - 1, index));
    const { lines } = shown.points[at];
    area.setAttribute('aria-valuenow', at + 1);
    area.setAttribute('aria-valuetext', lines.join(', '));
    if (!withTip || !geometry) return;
    const cursor = area.querySelector('.cursor');
    cursor?.setAttribute('x', geometry.left + at * geometry.band);
    cursor?.setAttribute('visibility', 'visible');
    tip.replaceChildren(...lines.map((line) => h('span', null, line)));
    tip.hidden = false;
    const middle = area.offsetLeft + geometry.left + (at + 0.5) * geometry.band;
    tip.style.left = `${Math.max(0, Math.min(middle - tip.offsetWidth / 2, geometry.width - tip.offsetWidth))}px`;
  };
  const leave = () => {
    tip.hidden = true;
    area.querySelector('.cursor')?.setAttribute('visibility', 'hidden');
  };

  const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 7, PageDown: -7 };
  area.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') return leave();
    const to = { Home: 0, End: shown.points.length - 1 }[event.key] ?? (event.key in STEPS ? at + STEPS[event.key] : null);
    if (to === null) return undefined;
    event.preventDefault();
    return point(to, true);
  });
  area.addEventListener('focus', () => area.matches(':focus-visible') && point(at, true));
  area.addEventListener('blur', leave);
  const under = (event) => point(Math.floor((event.clientX - area.getBoundingClientRect().left - geometry.left) / geometry.band), true);
  area.addEventListener('pointermove', under);
  area.addEventListener('pointerdown', under);
  // On touch screens the tooltip stays visible after the finger is lifted.
  area.addEventListener('pointerleave', (event) => event.pointerType !== 'touch' && leave());
  new ResizeObserver(draw).observe(area);

  return (next) => {
    const wasLast = !shown || at === shown.points.length - 1;
    shown = next;
    area.setAttribute('aria-label', next.title);
    area.setAttribute('aria-valuemax', next.points.length);
    point(wasLast ? next.points.length - 1 : at, !tip.hidden);
    const hidden = tip.hidden;
    const kept = at;
    if (hidden) at = -1;
    draw();
    at = kept;
  };
}
