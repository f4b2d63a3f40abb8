/** Spans of time as people and clients write them: 30d, 1h30m, 12w, "2 weeks". Pure. */

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Seconds of a unit, as InfluxQL, InfluxDB 3 and its clients write it: `m` is a minute, `M` and `mo` a month of 30 days. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9], ['u', 1e-6], ['us', 1e-6], ['µ', 1e-6], ['µs', 1e-6], ['ms', 1e-3],
  ...unit(SECOND, 's', 'sec', 'secs', 'second', 'seconds'),
  ...unit(MINUTE, 'm', 'min', 'mins', 'minute', 'minutes'),
  ...unit(HOUR, 'h', 'hr', 'hrs', 'hour', 'hours'),
  ...unit(DAY, 'd', 'day', 'days'),
  ...unit(7 * DAY, 'w', 'week', 'weeks'),
  ...unit(30 * DAY, 'M', 'mo', 'month', 'months'),
  ...unit(365 * DAY, 'y', 'yr', 'year', 'years'),
]);

function unit(seconds: number, ...names: readonly string[]): [string, number][] {
  return names.map((name) => [name, seconds]);
}

/** Numbers with units behind one another; a span is no longer than what a client would write. */
const SPAN = /^(?:\d{1,18} ?[A-Za-zµ]{1,7} ?){1,8}$/;
const PART = /(\d+) ?([A-Za-zµ]+)/g;

/** The seconds of a span, or null for a text that is none. A zero needs no unit. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!SPAN.test(text)) return null;
  let seconds = 0;
  for (const [, count, name] of text.matchAll(PART)) {
    const size = UNITS.get(name!);
    if (size === undefined) return null;
    seconds += Number(count) * size;
  }
  return seconds;
}

/** Whole seconds in the largest unit that leaves them whole, days at most. */
export function durationText(seconds: number): string {
  for (const [name, size] of [['d', DAY], ['h', HOUR], ['m', MINUTE]] as const) {
    if (seconds > 0 && seconds % size === 0) return `${seconds / size}${name}`;
  }
  return `${seconds}s`;
}

/** Whole seconds as Go writes them, and InfluxDB 1 with it: 720h0m0s. */
export function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE)];
  const rest = `${seconds % MINUTE}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
