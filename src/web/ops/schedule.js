// Schedules in words. `0 5 0 * * * Asia/Shanghai` has six cron fields and the time zone.
import { businessZone, t } from './language.js';

const two = (text) => text.padStart(2, '0');

/** Returns "every minute", "every 5 minutes", "00:20 each day", or the cron expression itself for other schedules. */
export function inWords(schedule) {
  const word = t();
  const [second, minute, hour, ...rest] = schedule.split(' ');
  const zone = rest[3] ?? '';
  const isEachDay = rest.slice(0, 3).every((field) => field === '*');
  if (!isEachDay || !/^\d+$/.test(second)) return schedule;
  const inZone = zone && zone !== businessZone() ? ` ${zone}` : '';
  if (hour === '*' && minute === '*') return word.everyMinute;
  if (hour === '*' && /^\*\/\d+$/.test(minute)) return word.everyMinutes(minute.slice(2));
  if (hour === '*' && /^\d+$/.test(minute)) return word.everyHour(two(minute));
  if (/^\d+$/.test(hour) && /^\d+$/.test(minute)) return word.eachDay(`${two(hour)}:${two(minute)}`) + inZone;
  return schedule;
}
