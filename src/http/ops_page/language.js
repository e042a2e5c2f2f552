// In which language the page speaks, and how it writes numbers, days and times.
import en from './languages/en.js';
import zh from './languages/zh.js';

const KEPT = 'newbee.ops.language';
const LANGUAGES = { en, zh };

// The page works where nothing may be kept, too.
const kept = () => {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
};
const preferred = () => (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');
let chosen = kept() in LANGUAGES ? kept() : preferred();
let zone = 'UTC';

export const language = () => chosen;
export const other = () => (chosen === 'en' ? 'zh' : 'en');
/** The words of the language that is spoken. */
export const t = () => LANGUAGES[chosen];

export function speak(next) {
  chosen = next;
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // Then it is for this visit only.
  }
}

export const setZone = (name) => {
  zone = name;
};
export const businessZone = () => zone;

const locale = () => (chosen === 'zh' ? 'zh-CN' : 'en-GB');
const cache = new Map();
function formatter(kind, options) {
  const name = `${locale()} ${kind.name} ${JSON.stringify(options)}`;
  if (!cache.has(name)) cache.set(name, new kind(locale(), options));
  return cache.get(name);
}

export const count = (value) => formatter(Intl.NumberFormat, {}).format(value);
/** An amount as the API writes it: exact, and without zeros that say nothing. */
export const amount = (text) => formatter(Intl.NumberFormat, { maximumFractionDigits: 4 }).format(text);
export const short = (value) => formatter(Intl.NumberFormat, { notation: 'compact', maximumFractionDigits: 1 }).format(value);

// A business day is a date without a time: read and written in UTC it stays the day it is.
const dayStyle = (options) => ({ timeZone: 'UTC', ...options });
export const day = (text) => formatter(Intl.DateTimeFormat, dayStyle({ day: 'numeric', month: 'short', weekday: 'short' })).format(new Date(text));
export const shortDay = (text) => formatter(Intl.DateTimeFormat, dayStyle({ day: 'numeric', month: 'short' })).format(new Date(text));

const moment = (at, timeZone, withDay = true) =>
  formatter(Intl.DateTimeFormat, {
    ...(withDay ? { day: 'numeric', month: 'short' } : {}),
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...(timeZone ? { timeZone } : {}),
  }).format(new Date(at));
/** In the reader's own zone. */
export const localTime = (at) => moment(at);
export const clockTime = (at) => moment(at, undefined, false);
/** In the business zone. */
export const businessTime = (at) => moment(at, zone);
/** Whether both are the same at this moment. */
export const isLocalZone = (at) => moment(at) === moment(at, zone);

const STEPS = [[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']];
/** How far off: `in 4 minutes`, `2 hours ago`. */
export function away(seconds) {
  const [size, unit] = STEPS.find(([size]) => Math.abs(seconds) >= size) ?? STEPS.at(-1);
  return formatter(Intl.RelativeTimeFormat, { numeric: 'always', style: 'short' }).format(Math.trunc(seconds / size), unit);
}
/** How long: `4 min`. */
export function lasting(seconds) {
  const [size, unit] = STEPS.find(([size]) => seconds >= size) ?? STEPS.at(-1);
  const digits = seconds < 10 ? 1 : 0;
  return formatter(Intl.NumberFormat, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(seconds / size);
}
