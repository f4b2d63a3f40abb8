/** How long a database keeps its rows (DESIGN.md, section 17): what a period may be, in seconds or in words, and what it keeps. Pure. */
import { durationText, parseDuration } from './durations.js';

/** InfluxDB's. */
const RETENTION_S_MIN = 3600;
/** What nanoseconds of 64 bits hold: 292 years. */
const RETENTION_S_MAX = 9_223_372_036;

/** Of times in nanoseconds: the first there is. */
export const FIRST_TIME_NS = -(2n ** 63n);
const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1000;

/** What is wrong with a period of whole or broken seconds, or null. */
export function checkRetention(seconds: number): string | null {
  // The words of InfluxDB 1 and 2.
  if (!(seconds >= RETENTION_S_MIN)) return 'retention policy duration must be at least 1h0m0s';
  return seconds > RETENTION_S_MAX ? 'a retention period is 292 years at most' : null;
}

/**
 * A period as the user writes it.
 * @returns whole seconds; null for `none`
 * @throws Error with a sentence
 */
export function parseRetention(text: string): number | null {
  if (text === 'none') return null;
  const seconds = parseDuration(text);
  if (seconds === null) throw new Error(`${JSON.stringify(text.slice(0, 80))} is no retention period: it must be a time as in 12h, 30d, 8w or 1y, or none`);
  const problem = checkRetention(seconds);
  if (problem !== null) throw new Error(`${problem}; none keeps all rows`);
  return Math.floor(seconds);
}

/** A period as `parseRetention` reads it. */
export function retentionText(retentionS: number | null): string {
  return retentionS === null ? 'none' : durationText(retentionS);
}

/** The first microsecond since 1970 that is kept at a moment; null: all are. */
export function keptSinceMicros(retentionS: number | null, nowMs: number): number | null {
  return retentionS === null ? null : Math.floor(nowMs) * MICROS_PER_MS - retentionS * MICROS_PER_SECOND;
}

/** The same in nanoseconds, the first time there is for all. */
export function keptSinceNs(retentionS: number | null, nowMs: number): bigint {
  const micros = keptSinceMicros(retentionS, nowMs);
  if (micros === null) return FIRST_TIME_NS;
  const nanos = BigInt(micros) * 1000n;
  return nanos < FIRST_TIME_NS ? FIRST_TIME_NS : nanos;
}
