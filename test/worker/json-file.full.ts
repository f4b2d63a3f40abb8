/** Rows as JSON lines are, to whoever reads them, what the encoder makes of the same rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { PendingRows } from '../../src/worker/pending-rows.js';
import { writeJsonFile } from '../../src/worker/flush/json-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import { randomCase } from '../fuzz/cases.js';
import { fuzzCount, Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { DATABASE, ParserSession } from './parser-session.js';
import { readBack } from './json-file.js';
import { addBody, addNoise, column, COLUMNS, PATH, flush, U64_MAX } from './flush-case.js';
import { takenOut } from './taken-out.js';
import { MemoryStore } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 3);
const ROUNDS = fuzzCount(2);
/** Of a line; what else is in it are tags and fields. */
const OWN_MEMBERS = ['time', 'sluice_ns', 'sluice_seq', 'row number'];

async function plain(
  memtable: HandMadeTable, spans: readonly FlushSpan[], { columns = memtable.columns, store = new MemoryStore(), onSlice = (): void => undefined } = {},
): Promise<{ rows: number; file: Buffer }> {
  const order = { tableId: memtable.tableId, seq: 0, path: PATH, columns };
  const written = await writeJsonFile(memtable.flushModule(), store as unknown as TableStore, order, () => spans, onSlice);
  assert.ok(written !== null);
  const file = store.files.get(PATH)!;
  assert.deepEqual([written.path, written.bytes], [PATH, file.length]);
  assert.ok(store.steps.every((bytes) => bytes <= 1 << 20));
  return { rows: written.rows, file };
}

const linesOf = (file: Buffer): Record<string, unknown>[] => file.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

async function assertAlike(columns: readonly ColumnDefinition[], parquet: Buffer, plainFile: Buffer): Promise<number> {
  const flushed = await readBack(columns, { parquet: [parquet] });
  const dumped = await readBack(columns, { plain: [plainFile] });
  assert.deepEqual(dumped.points, flushed.points);
  // Parquet leaves out rows of which a later one has every field.
  const rows = new Set(dumped.rows);
  for (const row of flushed.rows) assert.ok(rows.has(row), row);
  return flushed.points.length;
}

test('random rows of every kind, of which many are equal points, are the same by JSON lines and by Parquet', async () => {
  let merged = 0;
  for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
    const random = new Random(seed);
    const memtable = new HandMadeTable(encoderModule(), COLUMNS);
    // Bodies stand in another order than their numbers, with rows between that are not asked for.
    const spans = Array.from({ length: 1 + random.below(5) }, (_, i) => {
      addBody(memtable, random, random.below(3), 999);
      return addBody(memtable, random, 1 + random.below(seed % 5 === 0 ? 2000 : 40), 100 + ((i * 3) % 5));
    }).sort((a, b) => a.seq - b.seq);
    addBody(memtable, random, 1, 999);
    memtable.layOut();
    const { rows, file } = await plain(memtable, spans);
    assert.equal(rows, spans.reduce((sum, { rowEnd, rowFirst }) => sum + rowEnd - rowFirst, 0));
    assert.equal(linesOf(file).length, rows);
    merged += rows - (await assertAlike(COLUMNS, (await flush(memtable, spans)).file, file));
  }
  assert.ok(merged > 0, 'no point was written twice');
});

test('bodies of any kind, parsed by the real module, are the same by JSON lines and by Parquet', async () => {
  let files = 0;
  for (let seed = SEED; seed < SEED + ROUNDS; seed += 1) {
    const random = new Random(seed);
    const session = new ParserSession();
    const pending = new PendingRows(new SharedArrayBuffer(8), () => undefined);
    let seq = 0;
    for (let cases = 0; cases < 3; cases += 1) {
      for (const { body } of randomCase(random, DATABASE)) pending.addReplayed(session.write(body).spans, seq += 1);
      for (const { id } of session.tables()) if (random.chance(0.2)) session.parser.removeRows(id, takenOut(pending, id, seq - random.below(3)));
    }
    for (const { id, columns } of session.tables()) {
      const store = new MemoryStore();
      // Names in files are those of the catalog, unlike in more than case.
      const named = columns.map((each) => ({ ...each, name: `c${each.id}'"` }));
      const write = (writer: typeof writeParquetFile | typeof writeJsonFile, path: string): Promise<unknown> =>
        writer(session.parser, store as unknown as TableStore, { tableId: id, seq, path, columns: named }, () => pending.upTo(id, seq));
      assert.equal((await write(writeParquetFile, 'parquet')) === null, (await write(writeJsonFile, 'plain')) === null);
      if (!store.files.has('plain')) continue;
      await assertAlike(named, store.files.get('parquet')!, store.files.get('plain')!);
      files += 1;
    }
  }
  assert.ok(files > ROUNDS, `${files} files`);
});

test('numbers at their ends, texts of every kind and times of three centuries come back bit for bit', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const floats = [0, -0, 1e308, -1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, Infinity, -Infinity, NaN, 0.1, 1e21, 2 ** 53 + 2, 2 ** 63, 2 ** 64, 123456789012345680000, 1e-7, 100];
  const texts = ['', ' ', 'null', '"', '\\', '\\u0041', '\u0000', '\u0001\b\f\n\r\t\u001f\u007f', '\ufeff', '\u2028\u2029', '\u{1f600}', '\ud7ff\ue000\uffff', '{"a":1}', "it's", 'NaN', '-0'];
  const integers = [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n + 1n];
  const unsigned = [U64_MAX, 2n ** 63n, 0n, 10n ** 19n];
  const times = [-(2n ** 63n) + 2n, 2n ** 63n - 2n, -1n, 0n, -1000n, -1001n, 999n];
  for (let i = 0; i < 112; i += 1) {
    const values = new Map<string, Value>([['value', floats[i % floats.length]!], ['note', texts[i % texts.length]!], ['total', unsigned[i % unsigned.length]!], ['up', i % 2 === 0]]);
    if (i % 3 === 0) values.set('count', integers[i % integers.length]!);
    if (i % 4 !== 0) values.set('host', `${texts[(i * 7) % texts.length]!}.`);
    memtable.rows.push({ time: times[i % times.length]!, values });
  }
  memtable.layOut();
  const spans = [{ rowFirst: 0, rowEnd: 112, seq: Number.MAX_SAFE_INTEGER }];
  const { file } = await plain(memtable, spans);
  await assertAlike(COLUMNS, (await flush(memtable, spans)).file, file);
});

test('what has no value is not in a line; a column that the memtable does not have is in none', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS.slice(0, 2));
  memtable.rows.push({ time: -1n, values: new Map<string, Value>([['host', 'a'], ['value', 2]]) }, { time: 5n, values: new Map() });
  memtable.layOut();
  const { file } = await plain(memtable, [{ rowFirst: 0, rowEnd: 2, seq: 7 }], { columns: COLUMNS });
  assert.equal(file.toString(), '{"time":-1,"sluice_ns":999,"sluice_seq":7,"row number":0,"host":"a","value":2}\n{"time":0,"sluice_ns":5,"sluice_seq":7,"row number":1}\n');
});

test('no rows make no file', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  memtable.layOut();
  const store = new MemoryStore();
  const order = { tableId: 1, seq: 1, path: PATH, columns: COLUMNS };
  for (const spans of [[], [{ rowFirst: 0, rowEnd: 0, seq: 1 }]]) {
    assert.equal(await writeJsonFile(memtable.flushModule(), store as unknown as TableStore, order, () => spans), null);
  }
  assert.equal(store.files.size, 0);
});

test('a row of many MiB stands in several lines and is one row; lines as long as tags are long are read', async () => {
  const names = ['a', 'b', 'c'];
  const columns = [column(1, 'tag', abi.KIND_TAG), ...names.map((name, at) => column(2 + at, name, abi.KIND_STRING)), column(9, 'n', abi.KIND_I64)];
  const memtable = new HandMadeTable(encoderModule(), columns);
  const long = '\u0001'.repeat(1 << 20);
  for (let i = 0; i < 3; i += 1) memtable.rows.push({ time: 1n, values: new Map<string, Value>([['tag', 'x'], ...names.map((name) => [name, `${i}${long}`] as const), ['n', BigInt(i)]]) });
  // 3 MiB of control characters are 18 MiB of JSON, more than DuckDB takes unasked.
  memtable.rows.push({ time: 1n, values: new Map<string, Value>([['tag', long.repeat(3)], ['n', 7n]]) });
  memtable.layOut();
  const spans = [{ rowFirst: 0, rowEnd: 4, seq: 3 }];
  const { rows, file } = await plain(memtable, spans);
  assert.equal(rows, 4);
  const lines = linesOf(file);
  assert.ok(lines.length > rows, `${lines.length} lines`);
  assert.ok(lines.every((line) => Object.keys(line).length > OWN_MEMBERS.length));
  assert.equal(await assertAlike(columns, (await flush(memtable, spans)).file, file), 2);
});

test('few of many series, and series whose tags are more than is gathered at once', async () => {
  const columns = [column(1, 'id', abi.KIND_TAG), column(2, 'odd', abi.KIND_TAG), column(3, 'long', abi.KIND_TAG), column(4, 'v', abi.KIND_I64)];
  const memtable = new HandMadeTable(encoderModule(), columns);
  const row = (id: number, time: number, long?: string): void => {
    const values = new Map<string, Value>([['id', `id ${id}`], ['v', BigInt(time)]]);
    if (id % 2 === 1) values.set('odd', `odd ${id % 6}`);
    if (long !== undefined) values.set('long', long);
    memtable.rows.push({ time: BigInt(time), values });
  };
  for (let id = 0; id < 6000; id += 1) row(id, 0);
  for (let time = 1; time <= 40; time += 1) row((time * 1009) % 6000, time);
  for (let id = 0; id < 400; id += 1) row(id, 41, `${id} ${'x'.repeat(60_000)}`);
  memtable.layOut();
  // The rows of the many are another body, which is not asked for.
  const spans = [{ rowFirst: 6000, rowEnd: 6440, seq: 1 }];
  const { file } = await plain(memtable, spans);
  assert.equal(await assertAlike(columns, (await flush(memtable, spans)).file, file), 440);
});

test('rows may be appended, and every array may move, in any slice', async () => {
  const random = new Random(SEED);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [addBody(memtable, random, 2500, 1), addBody(memtable, random, 2500, 2)];
  addNoise(memtable, random);
  memtable.layOut();
  const expected = (await flush(memtable, spans)).file;
  let slices = 0;
  const { file } = await plain(memtable, spans, {
    onSlice: () => {
      slices += 1;
      addBody(memtable, random, 50, 3);
      memtable.layOut();
    },
  });
  assert.ok(slices > 6, `${slices} slices`);
  await assertAlike(COLUMNS, expected, file);
});

test('files of both kinds are one table', async () => {
  const random = new Random(SEED);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [addBody(memtable, random, 300, 1), addBody(memtable, random, 300, 2), addBody(memtable, random, 300, 3)];
  memtable.layOut();
  const all = await readBack(COLUMNS, { parquet: [(await flush(memtable, spans)).file] });
  const [first, ...others] = spans;
  const mixed = await readBack(COLUMNS, {
    parquet: [(await flush(memtable, [first!])).file], plain: await Promise.all(others.map(async (span) => (await plain(memtable, [span])).file)),
  });
  assert.deepEqual(mixed.points, all.points);
});
