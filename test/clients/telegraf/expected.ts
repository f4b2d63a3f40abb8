/** The points behind a recorded body, from what Telegraf was fed (test/data/telegraf/expected) and not from a parser. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBody } from '../../oracle/line-protocol.js';
import type { FieldValue, Point } from '../../oracle/point.js';
import { TELEGRAF_DATA, type Recording } from './recordings.js';

/** Integers are strings; the float "-0" is negative zero; long strings are a text and how often it stands. */
interface StoredValue {
  readonly type: 'float' | 'integer' | 'unsigned' | 'boolean' | 'string';
  readonly value: number | string | boolean | Repeated;
}
interface Repeated {
  readonly repeat: string;
  readonly times: number;
}
interface StoredPoint {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string | Repeated>>;
  readonly fields: Readonly<Record<string, StoredValue>>;
  readonly time_ns: string;
}

/** A point of a body and the physical line on which it starts, as `Point` has it. */
export type ExpectedPoint = Omit<Point, 'timestampNs'> & {
  /** null: the line names no time. */
  readonly timestampNs: bigint | null;
};

function text(value: string | Repeated): string {
  return typeof value === 'string' ? value : value.repeat.repeat(value.times);
}

function fieldValue({ type, value }: StoredValue): FieldValue {
  switch (type) {
    case 'float':
      return { type: 'f64', value: Number(value) };
    case 'integer':
      return { type: 'i64', value: BigInt(value as string) };
    case 'unsigned':
      return { type: 'u64', value: BigInt(value as string) };
    case 'boolean':
      return { type: 'bool', value: value as boolean };
    case 'string':
      return { type: 'string', value: text(value as string | Repeated) };
  }
}

/** Physical line, from 1, of each line of the body: a string with line breaks spans several. */
export function physicalLines(lines: readonly string[]): number[] {
  let next = 1;
  return lines.map((line) => {
    const first = next;
    next += line.split('\n').length;
    return first;
  });
}

function ofSet(recording: Recording, set: string): ExpectedPoint[] {
  const stored = JSON.parse(readFileSync(join(TELEGRAF_DATA, 'expected', `${set}.json`), 'utf8')) as StoredPoint[];
  const removed = new Set(recording.expected_tags_removed);
  const physical = recording.lines === undefined ? [] : physicalLines(recording.lines);
  const indexes = recording.expected_points ?? stored.map((_, index) => index);
  return indexes.map((index, i) => {
    const { measurement, tags, fields, time_ns } = stored[index]!;
    return {
      line: physical[i] ?? 0,
      measurement,
      tags: Object.entries(tags).filter(([key]) => !removed.has(key)).map(([key, value]) => [key, text(value)] as const),
      fields: Object.entries(fields).map(([key, value]) => [key, fieldValue(value)] as const),
      timestampNs: recording.expected_time === 'none sent' ? null : BigInt(time_ns),
    };
  });
}

/** The rule of the large bodies: everything follows from the point's number. */
function ofRule(recording: Recording): ExpectedPoint[] {
  const from = recording.expected_seq_from!, to = recording.expected_seq_to!;
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const i = from + at;
    return {
      line: at + 1,
      measurement: 'big',
      tags: [['host', `host-${i % 20}`], ['region', `eu-${i % 3}`]],
      fields: [
        ['seq', { type: 'i64', value: BigInt(i) }],
        ['value', { type: 'f64', value: i / 4 }],
        ['total', { type: recording.expected_unsigned ? 'u64' : 'i64', value: BigInt(i) * 1000n }],
        ['ok', { type: 'bool', value: i % 2 === 0 }],
      ],
      timestampNs: 1_700_000_000_000_000_000n + 1_000_000n * BigInt(i),
    };
  });
}

/** Name of the file in expected/ that holds the points of a body; null when there is none. */
export function expectedSet({ expected_set, scenario }: Recording): string | null {
  return expected_set ?? (scenario.endsWith('-broken-lines') ? 'broken-lines' : null);
}

/**
 * The points of a body in its order; for the runs without an expected set (status runs, agents with inputs of the machine)
 * as the oracle reads the recorded lines.
 */
export function expectedPoints(recording: Recording): ExpectedPoint[] {
  const set = expectedSet(recording);
  if (set !== null) return ofSet(recording, set);
  if (recording.expected_rule === 'big') return ofRule(recording);
  const body = Buffer.from((recording.lines ?? []).map((line) => `${line}\n`).join(''));
  const { points, errors } = parseBody(body, { precision: 'ns', defaultTimeNs: 0n });
  if (errors.length > 0) throw new Error(`${recording.scenario} has bad lines and no expected set`);
  return [...points];
}
