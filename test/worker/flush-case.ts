/** What tests of a flush share: columns of every kind, random bodies, and the comparison with the model. */
import assert from 'node:assert/strict';
import * as abi from '../../assembly/layout/codes.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import type { Random } from '../fuzz/random.js';
import { modelStatistics, modelText, flushModel } from './flush-model.js';
import { MemoryStore, textsByDuckdb, textsByHyparquet } from './flushed-file.js';
import type { HandMadeTable, Value } from './hand-made-table.js';

export const PATH = 'db/table/node-1-0.parquet';
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
export const U64_MAX = 2n ** 64n - 1n;

export function column(id: number, name: string, kind: number): ColumnDefinition {
  return { id, name, kind, key: name };
}

export const COLUMNS = [
  column(3, 'host', abi.KIND_TAG), column(4, 'value', abi.KIND_F64), column(7, 'count', abi.KIND_I64),
  column(8, 'region', abi.KIND_TAG), column(9, 'total', abi.KIND_U64), column(12, 'up', abi.KIND_BOOL),
  column(13, 'note', abi.KIND_STRING),
];

const FLOATS = [0, -0, 1.5, 5e-324, -2.2250738585072014e-308, Number.MAX_VALUE, Infinity, -Infinity, 0.1];
const TEXTS = ['', 'a', 'ok', 'the same start 1', 'the same start 2', 'the same start', 'Zürich', '日本', '𝄞', 'a\u0000b', 'a\u0000', 'x'.repeat(300), 'sixteen bytes..', 'seventeen bytes..'];

function randomValue(random: Random, kind: number): Value {
  switch (kind) {
    case abi.KIND_TAG:
      return random.chance(0.5) ? `h${random.below(5)}` : random.pick(TEXTS.slice(1));
    case abi.KIND_F64:
      return random.chance(0.3) ? random.pick(FLOATS) : random.below(1000) / 7;
    case abi.KIND_I64:
      return random.chance(0.2) ? random.pick([I64_MIN, I64_MAX, 0n, -1n]) : BigInt(random.below(100));
    case abi.KIND_U64:
      return random.chance(0.2) ? random.pick([U64_MAX, 0n, 2n ** 63n]) : BigInt(random.below(100));
    case abi.KIND_BOOL:
      return random.chance(0.5);
    default:
      return random.pick(TEXTS);
  }
}

const TIME_BASES = [0n, 1_700_000_000_000_000_000n, -1n, -9_223_372_036_854_775_806n, 9_223_372_036_854_775_000n, -3_000_000_000_000_000_000n];

function randomTime(random: Random): bigint {
  if (random.chance(0.2)) return BigInt.asIntN(63, (BigInt(random.u32()) << 32n) | BigInt(random.u32())) >> BigInt(random.below(62));
  return random.pick(TIME_BASES) + BigInt(random.below(random.pick([3, 800])));
}

/** Appends a body of random rows; returns its span. */
export function addBody(memtable: HandMadeTable, random: Random, rows: number, seq: number): FlushSpan {
  const rowFirst = memtable.rows.length;
  for (let i = 0; i < rows; i++) {
    const present = memtable.columns.filter(({ id }) => random.chance(id % 4 === 0 ? 0.9 : 0.6));
    memtable.rows.push({ time: randomTime(random), values: new Map(present.map(({ name, kind }) => [name, randomValue(random, kind)])) });
  }
  return { rowFirst, rowEnd: rowFirst + rows, seq };
}

/** Gives every row a long string that does not compress, so that a file takes several writes. */
export function addNoise(memtable: HandMadeTable, random: Random): void {
  memtable.rows.forEach((row, seq) => {
    const note = Array.from({ length: 120 }, () => random.u32().toString(36)).join('');
    memtable.rows[seq] = { time: row.time, values: new Map(row.values).set('note', note) };
  });
}

interface FlushOptions {
  readonly store?: MemoryStore;
  /** Entries that a call of the flush looks at. */
  readonly stepEntries?: number;
}

export async function flush(
  memtable: HandMadeTable, spans: readonly FlushSpan[], { store = new MemoryStore(), stepEntries }: FlushOptions = {},
): Promise<{ flushed: FlushedFile; file: Buffer }> {
  const order = { tableId: memtable.tableId, seq: 0, path: PATH, columns: memtable.columns };
  const flushed = await writeParquetFile(memtable.flushModule(stepEntries), store as unknown as TableStore, order, () => spans);
  assert.ok(flushed !== null);
  const file = store.files.get(PATH)!;
  assert.equal(flushed.path, PATH);
  assert.equal(flushed.bytes, file.length);
  return { flushed, file };
}

export async function assertFlushed(memtable: HandMadeTable, spans: readonly FlushSpan[], options?: FlushOptions): Promise<{ flushed: FlushedFile; file: Buffer }> {
  const result = await flush(memtable, spans, options);
  const rows = flushModel(memtable.rows, spans, memtable.columns);
  const expected = rows.map((row) => modelText(row, memtable.columns));
  assert.equal(result.flushed.rows, expected.length);
  assert.deepEqual(result.flushed.statistics, modelStatistics(rows, memtable.columns));
  assertSameTexts(await textsByHyparquet(result.file, memtable.columns), expected, 'hyparquet');
  assertSameTexts(await textsByDuckdb(result.file, memtable.columns), expected, 'DuckDB');
  return result;
}

export function assertSameTexts(actual: readonly string[], expected: readonly string[], reader: string): void {
  assert.equal(actual.length, expected.length, `rows by ${reader}`);
  const at = expected.findIndex((text, place) => actual[place] !== text);
  if (at >= 0) assert.fail(`row ${at} by ${reader}:\n  ${actual[at]}\nexpected:\n  ${expected[at]}`);
}
