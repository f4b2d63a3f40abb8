/** Flushed files against a naive model: every kind of column, groups, pages and encodings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertFlushed, column, COLUMNS, PATH, flush, U64_MAX } from './flush-case.js';
import { MemoryStore, metadataOf, queryDuckdb, textsByDuckdb } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

test('random rows of every kind come back, sorted and merged', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    const memtable = new HandMadeTable(encoderModule(), COLUMNS);
    const spans = Array.from({ length: 1 + random.below(6) }, (_, i) => addBody(memtable, random, random.below(seed < 20 ? 40 : 700), 100 + 7 * i));
    addBody(memtable, random, 1, 999);
    if (spans.every(({ rowFirst, rowEnd }) => rowFirst === rowEnd)) spans.push(addBody(memtable, random, 1, 1000));
    memtable.layOut();
    await assertFlushed(memtable, spans);
  }
});

test('a single row, and a row with nothing but a time', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  memtable.rows.push({ time: 1_001n, values: new Map([['value', 1]]) });
  memtable.layOut();
  const { flushed } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 1, seq: 42 }]);
  assert.deepEqual({ ...flushed.statistics.nullCount }, { time: 0, sluice_ns: 0, sluice_seq: 0, host: 1, value: 0, count: 1, region: 1, total: 1, up: 1, note: 1 });
  assert.deepEqual(Object.keys(flushed.statistics.minValues), ['time', 'sluice_ns', 'sluice_seq', 'value']);
});

test('a column that the memtable does not have is null in the file', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS.slice(0, 2));
  memtable.rows.push({ time: 5n, values: new Map<string, Value>([['host', 'a'], ['value', 2]]) });
  memtable.layOut();
  const store = new MemoryStore();
  const order = { tableId: 1, seq: 1, path: PATH, columns: COLUMNS };
  const flushed = await writeParquetFile(memtable.flushModule(), store as unknown as TableStore, order, () => [{ rowFirst: 0, rowEnd: 1, seq: 1 }]);
  assert.equal(flushed?.statistics.nullCount['note'], 1);
  assert.deepEqual(await textsByDuckdb(store.files.get(PATH)!, COLUMNS), ['0 | 5 | 1 | "a" | 2 | null | null | null | null | null']);
});

test('no rows make no file', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  memtable.layOut();
  const store = new MemoryStore();
  const order = { tableId: 1, seq: 1, path: PATH, columns: COLUMNS };
  for (const spans of [[], [{ rowFirst: 0, rowEnd: 0, seq: 1 }]]) {
    assert.equal(await writeParquetFile(memtable.flushModule(), store as unknown as TableStore, order, () => spans), null);
  }
  assert.equal(store.files.size, 0);
});

test('long tags that return stand in the file once a row group, though they are more than a page', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 'a', abi.KIND_TAG), column(2, 'long', abi.KIND_TAG)]);
  const texts = Array.from({ length: 60 }, (_, i) => `${i} `.repeat(7000));
  for (let i = 0; i < 7000; i++) memtable.rows.push({ time: BigInt(i), values: new Map([['a', `a${i % 7}`], ['long', texts[i % 60]!]]) });
  memtable.layOut();
  const { file } = await flush(memtable, [{ rowFirst: 0, rowEnd: 7000, seq: 3 }]);
  const [chunk] = metadataOf(file).row_groups.map((group) => group.columns[4]!.meta_data!);
  assert.equal(chunk!.encodings[0], 'RLE_DICTIONARY');
  assert.ok(Number(chunk!.total_uncompressed_size) < 1.1 * texts.reduce((sum, text) => sum + text.length, 0));
  assert.deepEqual(await queryDuckdb(file, 'select count(*), count(distinct long), sum(length(long))::bigint from file'), [
    [7000n, 60n, BigInt(Array.from({ length: 7000 }, (_, i) => texts[i % 60]!.length).reduce((sum, length) => sum + length))],
  ]);
});

test('values that repeat take a dictionary, others do not', async () => {
  const columns = [
    column(1, 'few', abi.KIND_F64), column(2, 'many', abi.KIND_F64), column(3, 'code', abi.KIND_I64), column(4, 'big', abi.KIND_U64),
    column(5, 'state', abi.KIND_STRING), column(6, 'message', abi.KIND_STRING), column(7, 'up', abi.KIND_BOOL), column(8, 'request', abi.KIND_TAG),
  ];
  const memtable = new HandMadeTable(encoderModule(), columns);
  const random = new Random(10);
  for (let i = 0; i < 20_000; i++) {
    const values = new Map<string, Value>([
      ['few', random.below(50) / 3], ['many', random.u32() / 3], ['code', BigInt(random.pick([200, 404, 500_000_000_000]))], ['big', U64_MAX - BigInt(random.below(9))],
      ['state', `state ${random.below(9)}`], ['message', `message ${random.u32()}`], ['up', random.chance(0.5)], ['request', `request ${i}`],
    ]);
    memtable.rows.push({ time: BigInt(i) * 10_000_000_000n, values });
  }
  memtable.layOut();
  const { file } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 20_000, seq: 3 }]);
  const encodings = metadataOf(file).row_groups[0]!.columns.map((chunk) => chunk.meta_data!.encodings[0]);
  assert.deepEqual(encodings, ['DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'PLAIN', 'RLE_DICTIONARY', 'RLE_DICTIONARY', 'RLE_DICTIONARY', 'DELTA_LENGTH_BYTE_ARRAY', 'RLE', 'DELTA_LENGTH_BYTE_ARRAY']);
});
