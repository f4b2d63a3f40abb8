/** Checks of what a parser says against itself. */
import { PLAIN_RULES } from '../../src/schema-rules.js';
import { listedPoints, type Point } from '../../src/worker/wasm/dump.js';
import type { Parsed, WasmParser } from '../../src/worker/wasm/wasm.js';
import { DEFAULT_TIME_NS, push, rowText } from './case.js';

/**
 * The lines that the listing of the body parsed last has, which must be none of the rejected ones and, where no rule puts
 * values elsewhere, say the same as the memtables.
 */
export function checkedLines(parser: WasmParser, parsed: Parsed, rows: ReadonlyMap<string, readonly string[]>, rules = PLAIN_RULES): number[] {
  const { rejectedRuns, errors, accepted } = parsed;
  const listed = listedPoints(parser);
  const texts = new Map<string, string[]>();
  for (const point of listed) push(texts, point.measurement, pointText(point));
  if (rules.types === 'strict') assertEqual([...texts].sort(), [...rows].sort(), 'listing');
  assertEqual(listed.length, accepted, 'number of listed lines');
  const isRejected = (line: number): boolean => rejectedRuns.some((first, at) => at % 2 === 0 && first <= line && line <= (rejectedRuns[at + 1] ?? 0));
  const lines = listed.map(({ line }) => line);
  assertEqual(lines.filter(isRejected), [], 'accepted lines in the rejected runs');
  assertEqual(errors.filter(({ line }) => !isRejected(line)), [], 'rejected lines outside the rejected runs');
  return lines;
}

/** A point as `rowText` writes it. */
export function pointText({ tags, fields, timestamp }: Point): string {
  return rowText(timestamp === null ? DEFAULT_TIME_NS : BigInt(timestamp), [
    ...tags.map(([key, value]) => [key, 'tag', value] as const),
    ...fields,
  ]);
}

/** @throws saying what of two things that JSON can say is not as it should be */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const text = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  if (text(actual) !== text(expected)) throw new Error(`${what}: ${text(actual).slice(0, 4000)} is not ${text(expected).slice(0, 4000)}`);
}
