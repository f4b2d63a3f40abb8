/** Compaction against a model: per field of a point the value with the highest seq, in the order of tags and time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { parseDataFileName, parseMergedFileName } from '../../src/names.js';
import type { RangeStore, StoreWriter } from '../../src/tables/table-store.js';
import { compactFiles, COMPACTED_LIMITS, type Compacted, type CompactOrder } from '../../src/worker/compact/compact.js';
import { NoRoom } from '../../src/worker/read/page-target.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { fuzzCount, Random } from '../fuzz/random.js';
import { moduleOf } from './builds.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertSameTexts, column, COLUMNS, flush } from './flush-case.js';
import { flushModel, modelStatistics, modelText, sortRows, withoutShadowed, type ModelRow } from './flush-model.js';
import { MemoryStore, textsByHyparquet } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

const encoder = encoderModule();
const NODE = '0123abcd';
const MEMORY = 256 << 20;

/** Files in memory that can be read, written and deleted. */
class Store extends MemoryStore {
  async getRange(path: string, from: number, bytes: number): Promise<Buffer | null> {
    return this.files.get(path)?.subarray(from, from + bytes) ?? null;
  }

  async delete(path: string): Promise<void> {
    this.files.delete(path);
  }
}

/** Per field of a point the value with the highest seq; the row has the highest of all. */
function compactModel(rows: readonly ModelRow[], columns: readonly ColumnDefinition[]): ModelRow[] {
  const tags = columns.filter(({ kind }) => kind === abi.KIND_TAG).map(({ name }) => name);
  const points = new Map<string, { time: bigint; seq: number; values: Map<string, Value> }>();
  for (const { time, seq, values } of rows.toSorted((a, b) => a.seq - b.seq)) {
    const point = JSON.stringify([String(time), ...tags.map((tag) => values.get(tag) ?? null)]);
    const known = points.get(point);
    if (known === undefined) points.set(point, { time, seq, values: new Map(values) });
    else {
      for (const [name, value] of values) known.values.set(name, value);
      known.seq = seq;
    }
  }
  return sortRows([...points.values()], tags);
}

interface Made {
  readonly store: Store;
  readonly order: CompactOrder;
  readonly rows: readonly ModelRow[];
}

/** Files of bodies whose seqs are given, file by file. */
async function madeFiles(random: Random, seqsOfFiles: readonly (readonly number[])[], rowsMax: number): Promise<Made> {
  const store = new Store();
  const rows: ModelRow[] = [];
  for (const [place, seqs] of seqsOfFiles.entries()) {
    // Files may be older than a column.
    const memtable = new HandMadeTable(encoder, random.chance(0.3) ? COLUMNS.filter(({ name }) => name !== 'region' && name !== 'count') : COLUMNS);
    const spans = seqs.map((seq) => addBody(memtable, random, 1 + random.below(rowsMax), seq));
    memtable.layOut();
    store.files.set(`db/t/${place}`, (await flush(memtable, spans)).file);
    rows.push(...flushModel(memtable.rows, spans, memtable.columns));
  }
  return { store, order: orderOf(store, COLUMNS), rows };
}

function orderOf(store: Store, columns: readonly ColumnDefinition[]): CompactOrder {
  const files = [...store.files].map(([path, { length }]) => ({ path, bytes: length }));
  return { tableId: 3, folder: 'db/t', columns, files, node: NODE, numberFirst: 5, limits: COMPACTED_LIMITS, memoryBytesMax: MEMORY, divide: null };
}

/** Compacts, and holds what came of it against the model. */
async function assertCompacted({ store, order, rows }: Made, build: 'simd' | 'scalar' = 'simd'): Promise<Compacted> {
  const expected = compactModel(rows, order.columns);
  const compacted = await compactFiles(new WasmParser(moduleOf(build)), store as unknown as RangeStore, order);
  assert.deepEqual([compacted.rowsRead, compacted.rows], [rows.length, expected.length]);
  let first = 0;
  for (const [place, { path, rows: count, bytes, statistics }] of compacted.files.entries()) {
    const file = store.files.get(path)!;
    assert.deepEqual(parseMergedFileName(path.slice('db/t/'.length)), { node: NODE, seq: rows.reduce((most, { seq }) => Math.max(most, seq), 0), number: 5 + place });
    assert.equal(file.length, bytes);
    const part = expected.slice(first, first + count);
    assertSameTexts(await textsByHyparquet(file, order.columns), part.map((row) => modelText(row, order.columns)), 'hyparquet');
    assert.deepEqual(statistics, modelStatistics(part, order.columns));
    first += count;
  }
  return compacted;
}

test('[issue 14 3] compacted files are equal to the model, whatever the order of files and seqs', async () => {
  let merged = 0;
  for (let seed = 0; seed < fuzzCount(4); seed++) {
    const random = new Random(500 + seed);
    const bodies = 1 + random.below(12);
    const seqs = Array.from({ length: bodies }, (_, place) => 1000 + place * (seed % 2 === 0 ? 1 : 2 ** 33));
    if (seed % 3 !== 0) seqs.sort(() => random.u32() - 2 ** 31);
    const files: number[][] = [];
    for (let at = 0; at < seqs.length;) files.push(seqs.slice(at, (at += 1 + random.below(4))));
    const { rowsRead, rows } = await assertCompacted(await madeFiles(random, files, random.pick([3, 30, 120])), seed % 2 === 0 ? 'simd' : 'scalar');
    merged += rowsRead - rows;
  }
  assert.ok(merged > fuzzCount(7), `only ${merged} rows were merged`);
});

test('[issue 14 3] what was compacted is compacted again, beside new files', async () => {
  const random = new Random(600);
  const made = await madeFiles(random, [[1, 2], [3], [4, 5]], 80);
  const before = new Set(made.store.files.keys());
  const compacted = await assertCompacted(made);
  const late = await madeFiles(random, [[6], [7]], 80);
  for (const path of before) made.store.files.delete(path);
  for (const [path, file] of late.store.files) made.store.files.set(path, file);
  const merged = compactModel(made.rows, COLUMNS);
  assert.equal(merged.length, compacted.rows);
  await assertCompacted({ store: made.store, order: orderOf(made.store, COLUMNS), rows: [...merged, ...late.rows] });
});

test('[issue 14 3] rows are combined where one has a field that none of a higher seq has, else left out', async () => {
  const columns = [column(1, 'host', abi.KIND_TAG), column(2, 'a', abi.KIND_F64), column(3, 'b', abi.KIND_F64)];
  const compactedOf = async (...versions: readonly Record<string, number>[]): Promise<number> => {
    const store = new Store();
    let rows: ModelRow[] = [];
    for (const [place, fields] of versions.entries()) {
      const memtable = new HandMadeTable(encoder, columns);
      // Another point beside it, so that no column is whole or empty.
      memtable.rows.push({ time: 5n, values: new Map<string, Value>([['host', 'h'], ...Object.entries(fields)]) });
      memtable.rows.push({ time: BigInt(10 + place), values: new Map<string, Value>([['host', 'h'], [place % 2 === 0 ? 'a' : 'b', place]]) });
      memtable.layOut();
      const spans = [{ rowFirst: 0, rowEnd: 2, seq: place + 1 }];
      store.files.set(`db/t/${place}`, (await flush(memtable, spans)).file);
      rows = rows.concat(flushModel(memtable.rows, spans, columns));
    }
    return (await assertCompacted({ store, order: orderOf(store, columns), rows })).combined;
  };
  assert.equal(await compactedOf({ a: 1 }, { a: 2 }), 0);
  assert.equal(await compactedOf({ a: 1 }, { a: 2, b: 3 }), 0);
  assert.equal(await compactedOf({ a: 1, b: 1 }, { a: 2 }), 1);
  assert.equal(await compactedOf({ a: 1 }, { b: 2 }, { a: 3 }), 1);
  assert.equal(await compactedOf({ b: 1 }, { a: 2 }, { b: 3 }, { a: 4, b: 4 }), 0);
});

test('[issue 14 3] where points may not be combined, versions stay but for those that the next one has whole', async () => {
  let left = 0;
  for (let seed = 0; seed < fuzzCount(2); seed++) {
    const { store, order, rows } = await madeFiles(new Random(700 + seed), [[3], [1, 4], [2], [5, 6]], seed % 2 === 0 ? 4 : 150);
    const expected = withoutShadowed(rows, ['host', 'region']);
    const divide = () => [{ fromMs: -Infinity, endMs: Infinity, combines: false }];
    const { files, combined } = await compactFiles(new WasmParser(moduleOf('simd')), store as unknown as RangeStore, { ...order, divide });
    assert.equal(combined, 0);
    const texts = await textsByHyparquet(store.files.get(files[0]!.path)!, COLUMNS);
    assertSameTexts(texts, expected.map((row) => modelText(row, COLUMNS)), 'hyparquet');
    left += rows.length - expected.length;
  }
  assert.ok(left > fuzzCount(2), `only ${left} rows were left out`);
});

test('[issue 14 3] a file ends at its limits and the next begins, and a failure leaves none', async () => {
  const columns = [column(1, 'host', abi.KIND_TAG), column(2, 'v', abi.KIND_I64)];
  const store = new Store();
  let rows: ModelRow[] = [];
  for (const seq of [1, 2]) {
    const memtable = new HandMadeTable(encoder, columns);
    for (let i = 0; i < 70_000; i++) memtable.rows.push({ time: BigInt(seq * 70_000 + i), values: new Map<string, Value>([['host', `h${i % 3}`], ['v', BigInt(i)]]) });
    memtable.layOut();
    const spans = [{ rowFirst: 0, rowEnd: memtable.rows.length, seq }];
    store.files.set(`db/t/${seq}`, (await flush(memtable, spans)).file);
    rows = rows.concat(flushModel(memtable.rows, spans, columns));
  }
  const order = { ...orderOf(store, columns), limits: { rowsMax: 131_072, bytesMax: Infinity } };
  const { files } = await assertCompacted({ store, order, rows });
  assert.deepEqual(files.map((file) => file.rows), [131_072, 8928]);
  for (const { path } of files) store.files.delete(path);
  const bySize = await compactFiles(new WasmParser(moduleOf('simd')), store as unknown as RangeStore, { ...order, limits: { rowsMax: Infinity, bytesMax: 1 } });
  assert.equal(bySize.files.length, 2);
  for (const { path } of bySize.files) store.files.delete(path);
  const failing = new Store();
  for (const [path, file] of store.files) failing.files.set(path, file);
  let puts = 0;
  const put = failing.put.bind(failing);
  failing.put = async (path): Promise<StoreWriter> => {
    puts += 1;
    if (puts === 2) throw new Error('no space');
    return put(path);
  };
  await assert.rejects(compactFiles(new WasmParser(moduleOf('simd')), failing as unknown as RangeStore, order), /no space/);
  assert.deepEqual([...failing.files.keys()], ['db/t/1', 'db/t/2']);
});

test('[issue 14 3] past the memory given nothing is written, and the instance can be used again', async () => {
  const made = await madeFiles(new Random(601), [[1], [2], [3]], 400);
  const parser = new WasmParser(moduleOf('simd'));
  const before = made.store.files.size;
  for (const memoryBytesMax of [1 << 20, (16 << 20) + 60_000]) {
    await assert.rejects(compactFiles(parser, made.store as unknown as RangeStore, { ...made.order, memoryBytesMax }), NoRoom);
  }
  assert.equal(made.store.files.size, before);
  const compacted = await compactFiles(parser, made.store as unknown as RangeStore, made.order);
  assert.equal(compacted.rows, compactModel(made.rows, COLUMNS).length);
  assert.equal(parser.exports.flushBytes(), 0);
});

test('[issue 14 3] it can be ended between any two slices, and leaves nothing', async () => {
  const made = await madeFiles(new Random(604), [[1], [2], [3], [4]], 300);
  const before = [...made.store.files.keys()];
  const parser = new WasmParser(moduleOf('simd'));
  const { files } = await compactFiles(parser, made.store as unknown as RangeStore, made.order);
  for (const { path } of files) made.store.files.delete(path);
  const held = parser.heldBytes();
  let ended = 0;
  for (let last = 1; ; last++) {
    let slices = 0;
    const onSlice = (): void => {
      slices += 1;
      if (slices === last) throw new Error('the server ends');
    };
    const compacted = compactFiles(parser, made.store as unknown as RangeStore, made.order, onSlice);
    if (await compacted.then(() => true, () => false)) break;
    await assert.rejects(compacted, /the server ends/);
    assert.deepEqual([...made.store.files.keys()], before);
    assert.equal(parser.heldBytes(), held);
    ended += 1;
  }
  assert.ok(ended >= 5, `only ${ended} slices`);
});

test('[issue 14 3] linear memory stays within what was given, also where each row is a series', async () => {
  const random = new Random(602);
  const columns = [
    column(1, 'host', abi.KIND_TAG), column(2, 'id', abi.KIND_TAG), column(3, 'v', abi.KIND_F64), column(4, 'w', abi.KIND_I64), column(5, 'note', abi.KIND_STRING),
  ];
  const store = new Store();
  for (let file = 0; file < 12; file++) {
    const memtable = new HandMadeTable(encoder, columns);
    for (let i = 0; i < 5000; i++) {
      memtable.rows.push({ time: BigInt(file * 5000 + i), values: new Map<string, Value>([['host', `h${i % 30}`], ['id', `id ${random.u32()}`], ['v', i], ['note', `note ${random.u32()}`]]) });
    }
    memtable.layOut();
    store.files.set(`db/t/${file}`, (await flush(memtable, [{ rowFirst: 0, rowEnd: 5000, seq: file + 1 }])).file);
  }
  let compacted = 0;
  for (let mebibytes = 18; mebibytes <= 60; mebibytes += 3) {
    const parser = new WasmParser(moduleOf('simd'));
    try {
      await compactFiles(parser, store as unknown as RangeStore, { ...orderOf(store, columns), memoryBytesMax: mebibytes << 20 });
      compacted += 1;
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error;
    }
    assert.ok(parser.linearBytes() <= (mebibytes << 20), `${parser.linearBytes()} bytes of ${mebibytes} MiB`);
  }
  assert.ok(compacted >= 5, `only ${compacted} had room`);
});

test('[issue 14 3] names of compacted files are told from those of flushed ones', () => {
  assert.equal(parseDataFileName('0123abcd-0000000000000007-c0.parquet'), null);
  assert.equal(parseMergedFileName('0123abcd-0000000000000007-0.parquet'), null);
  assert.equal(parseMergedFileName('0123abcd-0000000000000007-c01.parquet'), null);
  assert.deepEqual(parseMergedFileName('0123abcd-0000000000000007-c12.parquet'), { node: '0123abcd', seq: 7, number: 12 });
});
