// Language of the page, and formatting of numbers, days and times.
import { keep, kept } from './keep.js';

const KEPT = 'newbee.ops.language';
/** Loads only the selected language. */
const load = async (name) => (await import(`./languages/${name}.js`)).default;

const before = kept('localStorage', KEPT);
const preferred = () => (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');
let chosen = ['en', 'zh'].includes(before) ? before : preferred();
let words = await load(chosen);
let zone = 'UTC';

export const language = () => chosen;
export const other = () => (chosen === 'en' ? 'zh' : 'en');
/** Returns the texts of the current language. */
export const t = () => words;

export async function speak(next) {
  words = await load(next);
  chosen = next;
  keep('localStorage', KEPT, next);
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
/** Formats an amount exactly, without trailing zeros. */
export const amount = (text) => formatter(Intl.NumberFormat, { maximumFractionDigits: 4 }).format(text);
/** Formats a number for a plot axis: 3M, 2.5K. British English would give 3m. */
export const short = (value) => new Intl.NumberFormat(chosen === 'zh' ? 'zh-CN' : 'en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

// A business day is a date without a time. Parsing and formatting in UTC preserves it.
const dayStyle = (options) => ({ timeZone: 'UTC', ...options });
/** Formats a day, with the year if it is not the current one. */
export const day = (text) => formatter(Intl.DateTimeFormat, dayStyle({
  day: 'numeric', month: 'short', weekday: 'short', ...(text.slice(0, 4) === String(new Date().getFullYear()) ? {} : { year: 'numeric' }),
})).format(new Date(text));
export const shortDay = (text) => formatter(Intl.DateTimeFormat, dayStyle({ day: 'numeric', month: 'short' })).format(new Date(text));

const DATE = { day: 'numeric', month: 'short' };
const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const moment = (at, options, timeZone) => formatter(Intl.DateTimeFormat, { ...options, ...(timeZone ? { timeZone } : {}) }).format(new Date(at));
/** Formats the time of day, with the date if it is not today in that zone. */
function time(at, timeZone) {
  const date = moment(at, DATE, timeZone);
  return moment(at, date === moment(Date.now(), DATE, timeZone) ? TIME : { ...DATE, ...TIME }, timeZone);
}
/** Formats a time in the reader's zone. */
export const localTime = (at) => time(at);
/** Formats a time in the business zone. */
export const businessTime = (at) => time(at, zone);
/** Returns true if both zones have the same local time at this instant. */
export const isLocalZone = (at) => moment(at, { ...DATE, ...TIME }) === moment(at, { ...DATE, ...TIME }, zone);

const STEPS = [[86_400, 'day'], [3_600, 'hour'], [60, 'minute'], [1, 'second']];
const SHORTER = [0.001, 'millisecond'];
/** Formats a relative time: `in 4 minutes`, `2 hours ago`. */
export function away(seconds) {
  const [size, unit] = STEPS.find(([size]) => Math.abs(seconds) >= size) ?? STEPS.at(-1);
  return formatter(Intl.RelativeTimeFormat, { numeric: 'always', style: 'short' }).format(Math.trunc(seconds / size), unit);
}
/** Formats a duration: `4 min`. */
export function lasting(seconds) {
  const [size, unit] = STEPS.find(([size]) => seconds >= size) ?? SHORTER;
  const digits = seconds >= 1 && seconds < 10 ? 1 : 0;
  return formatter(Intl.NumberFormat, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(seconds / size);
}
