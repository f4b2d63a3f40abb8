/** Moments as people and clients write them, to the nanosecond. Pure. */

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d:\d\d)?$/i;
const NS_PER_MS = 1_000_000n;

/** Nanoseconds since 1970 of a day or a moment, of UTC where it says no other zone; null for what is none, or does not fit 64 bits. */
export function parseTimeNs(text: string): bigint | null {
  const [, day, minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  const ms = Date.parse(`${day}T${minutes}${seconds}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || !isDay(day!)) return null;
  const ns = BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'));
  return BigInt.asIntN(64, ns) === ns ? ns : null;
}

/** Dates past the end of a month are taken for days of the next. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
