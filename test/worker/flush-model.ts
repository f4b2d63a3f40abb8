/** What a flush must write, worked out naively: sorted rows, equal points of one body merged, shadowed ones left out. */
import * as abi from '../../assembly/layout/codes.js';
import { fileStatistics } from '../../src/tables/delta/stats.js';
import { fileColumns, type FileColumn } from '../../src/tables/parquet/file-columns.js';
import type { Range } from '../../src/tables/parquet/statistics.js';
import type { FileStatistics } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import type { Row, Value } from './hand-made-table.js';

export interface ModelRow {
  readonly time: bigint;
  readonly seq: number;
  readonly values: ReadonlyMap<string, Value>;
}

/** Rows of the spans as the file has them. */
export function flushModel(rows: readonly Row[], spans: readonly FlushSpan[], columns: readonly ColumnDefinition[]): ModelRow[] {
  const tags = columns.filter(({ kind }) => kind === abi.KIND_TAG).map(({ name }) => name);
  const merged = spans.flatMap((span) => mergeBody(rows.slice(span.rowFirst, span.rowEnd), tags).map((row) => ({ ...row, seq: span.seq })));
  return withoutShadowed(merged, tags);
}

/** Rows in the order of a file, but for those that the next version of their point wrote again as a whole. */
export function withoutShadowed(rows: readonly ModelRow[], tags: readonly string[]): ModelRow[] {
  const sorted = sortRows(rows, tags);
  return sorted.filter((row, i) => !isShadowed(row, sorted[i + 1], tags));
}

/** The order of a file. @param tags names of the tags, in the order of the file */
export function sortRows(rows: readonly ModelRow[], tags: readonly string[]): ModelRow[] {
  return rows.toSorted((a, b) => compareRows(a, b, tags));
}

/** Whether the next row is of the same point and has every field that this one has. */
function isShadowed(row: ModelRow, next: ModelRow | undefined, tags: readonly string[]): boolean {
  if (next === undefined || compareRows({ ...row, seq: next.seq }, next, tags) !== 0) return false;
  return [...row.values.keys()].every((name) => next.values.has(name));
}

/** One row a point; of each field the last value. */
function mergeBody(rows: readonly Row[], tags: readonly string[]): Row[] {
  const points = new Map<string, Map<string, Value>>();
  const times = new Map<string, bigint>();
  for (const { time, values } of rows) {
    const point = JSON.stringify([String(time), ...tags.map((tag) => values.get(tag) ?? null)]);
    const fields = points.get(point) ?? new Map<string, Value>();
    for (const [name, value] of values) fields.set(name, value);
    points.set(point, fields);
    times.set(point, time);
  }
  return [...points].map(([point, values]) => ({ time: times.get(point)!, values }));
}

function compareRows(a: ModelRow, b: ModelRow, tags: readonly string[]): number {
  for (const tag of tags) {
    const order = compareTags(a.values.get(tag), b.values.get(tag));
    if (order !== 0) return order;
  }
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.seq - b.seq;
}

function compareTags(a: Value | undefined, b: Value | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
}

const NANOS_PER_MICRO = 1000n;

/** Nanoseconds beyond whole microseconds. */
function restOf(time: bigint): bigint {
  return ((time % NANOS_PER_MICRO) + NANOS_PER_MICRO) % NANOS_PER_MICRO;
}

/** A row as text that tells every value apart, bit for bit, in the order of the file's columns. */
export function modelText({ time, seq, values }: ModelRow, columns: readonly ColumnDefinition[]): string {
  const cells = columns.map(({ name }) => valueText(values.get(name) ?? null));
  return [(time - restOf(time)) / NANOS_PER_MICRO, restOf(time), seq, ...cells].join(' | ');
}

/** Statistics of the file, from ranges worked out naively. */
export function modelStatistics(rows: readonly ModelRow[], columns: readonly ColumnDefinition[]): FileStatistics {
  return fileStatistics(rows.length, fileColumns(columns).map((column) => {
    const values = rows.map((row) => modelValue(row, column)).filter((value) => value !== undefined);
    return { column, nulls: rows.length - values.length, range: rangeOf(values) };
  }));
}

function modelValue({ time, seq, values }: ModelRow, { kind, name }: FileColumn): Value | undefined {
  switch (kind) {
    case 'time': return (time - restOf(time)) / NANOS_PER_MICRO;
    case 'ns': return restOf(time);
    case 'seq': return BigInt(seq);
    default: return values.get(name);
  }
}

function rangeOf(values: readonly Value[]): Range | null {
  if (values.length === 0) return null;
  if (typeof values[0] === 'string') {
    const sorted = values.map((value) => Buffer.from(value as string)).sort(Buffer.compare);
    return { of: 'texts', min: sorted[0]!, max: sorted.at(-1)! };
  }
  if (typeof values[0] === 'number') {
    const seqs = values as number[];
    const sorted = seqs.toSorted((a, b) => a - b);
    return { of: 'floats', min: sorted[0]!, max: sorted.at(-1)!, nan: seqs.some(Number.isNaN) };
  }
  const sorted = values.map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { of: 'integers', min: sorted[0]!, max: sorted.at(-1)! };
}

/** Text of a cell; numbers that differ in a bit differ in text. */
export function valueText(value: Value | null): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.length}:${value.slice(0, 50)}…${value.slice(-50)}` : value);
  return Object.is(value, -0) ? '-0' : String(value);
}
