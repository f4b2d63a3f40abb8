/** Sealed files against a naive model: every kind of column, the order, the merge, groups, and failures on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/abi.js';
import type { ColumnDefinition, SealedFile } from '../../src/worker/protocol.js';
import { sealFile, type SealSpan } from '../../src/worker/seal.js';
import type { TableStore } from '../../src/tables/store.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { modelStatistics, modelText, sealModel } from './seal-model.js';
import { MemoryStore, metadataOf, queryDuckdb, textsByDuckdb, textsByHyparquet } from './sealed-file.js';
import { TableBuilder, type Value } from './table-builder.js';

const PATH = 'db/table/node-1-0.parquet';
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

function column(id: number, name: string, kind: number): ColumnDefinition {
  return { id, name, kind, key: name };
}

const COLUMNS = [
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
function addBody(builder: TableBuilder, random: Random, rows: number, number: number): SealSpan {
  const rowFirst = builder.rows.length;
  for (let i = 0; i < rows; i++) {
    const present = builder.columns.filter(({ id }) => random.chance(id % 4 === 0 ? 0.9 : 0.6));
    builder.rows.push({ time: randomTime(random), values: new Map(present.map(({ name, kind }) => [name, randomValue(random, kind)])) });
  }
  return { rowFirst, rowEnd: rowFirst + rows, number };
}

/** Gives every row a long string that does not compress, so that a file takes several writes. */
function addNoise(builder: TableBuilder, random: Random): void {
  builder.rows.forEach((row, number) => {
    const note = Array.from({ length: 120 }, () => random.u32().toString(36)).join('');
    builder.rows[number] = { time: row.time, values: new Map(row.values).set('note', note) };
  });
}

async function seal(builder: TableBuilder, spans: readonly SealSpan[], store = new MemoryStore()): Promise<{ sealed: SealedFile; file: Buffer }> {
  const order = { tableId: builder.tableId, number: 0, path: PATH, columns: builder.columns };
  const sealed = await sealFile(builder.sealModule(), store as unknown as TableStore, order, () => spans);
  assert.ok(sealed !== null);
  const file = store.files.get(PATH)!;
  assert.equal(sealed.path, PATH);
  assert.equal(sealed.bytes, file.length);
  return { sealed, file };
}

async function assertSealed(builder: TableBuilder, spans: readonly SealSpan[], store?: MemoryStore): Promise<{ sealed: SealedFile; file: Buffer }> {
  const result = await seal(builder, spans, store);
  const rows = sealModel(builder.rows, spans, builder.columns);
  const expected = rows.map((row) => modelText(row, builder.columns));
  assert.equal(result.sealed.rows, expected.length);
  assert.deepEqual(result.sealed.statistics, modelStatistics(rows, builder.columns));
  assertSameTexts(await textsByHyparquet(result.file, builder.columns), expected, 'hyparquet');
  assertSameTexts(await textsByDuckdb(result.file, builder.columns), expected, 'DuckDB');
  return result;
}

function assertSameTexts(actual: readonly string[], expected: readonly string[], reader: string): void {
  assert.equal(actual.length, expected.length, `rows by ${reader}`);
  const at = expected.findIndex((text, place) => actual[place] !== text);
  if (at >= 0) assert.fail(`row ${at} by ${reader}:\n  ${actual[at]}\nexpected:\n  ${expected[at]}`);
}

test('random rows of every kind come back, sorted and merged', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    const builder = new TableBuilder(encoderModule(), COLUMNS);
    const spans = Array.from({ length: 1 + random.below(6) }, (_, i) => addBody(builder, random, random.below(seed < 20 ? 40 : 700), 100 + 7 * i));
    addBody(builder, random, 1, 999);
    if (spans.every(({ rowFirst, rowEnd }) => rowFirst === rowEnd)) spans.push(addBody(builder, random, 1, 1000));
    builder.layOut();
    await assertSealed(builder, spans);
  }
});

test('rows between the spans and numbers against the order of rows', async () => {
  const random = new Random(100);
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  const spans = [500, 300, 900, 100].map((number) => {
    addBody(builder, random, 30, 0);
    return addBody(builder, random, 50, number);
  });
  builder.layOut();
  await assertSealed(builder, spans.toSorted((a, b) => a.number - b.number));
});

test('a single row, and a row with nothing but a time', async () => {
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  builder.rows.push({ time: 1_001n, values: new Map([['value', 1]]) });
  builder.layOut();
  const { sealed } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 1, number: 42 }]);
  assert.deepEqual({ ...sealed.statistics.nullCount }, { time: 0, sluice_ns: 0, sluice_seq: 0, host: 1, value: 0, count: 1, region: 1, total: 1, up: 1, note: 1 });
  assert.deepEqual(Object.keys(sealed.statistics.minValues), ['time', 'sluice_ns', 'sluice_seq', 'value']);
});

test('a column that the builder does not have is null in the file', async () => {
  const builder = new TableBuilder(encoderModule(), COLUMNS.slice(0, 2));
  builder.rows.push({ time: 5n, values: new Map<string, Value>([['host', 'a'], ['value', 2]]) });
  builder.layOut();
  const store = new MemoryStore();
  const order = { tableId: 1, number: 1, path: PATH, columns: COLUMNS };
  const sealed = await sealFile(builder.sealModule(), store as unknown as TableStore, order, () => [{ rowFirst: 0, rowEnd: 1, number: 1 }]);
  assert.equal(sealed?.statistics.nullCount['note'], 1);
  assert.deepEqual(await textsByDuckdb(store.files.get(PATH)!, COLUMNS), ['0 | 5 | 1 | "a" | 2 | null | null | null | null | null']);
});

test('no rows make no file', async () => {
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  builder.layOut();
  const store = new MemoryStore();
  const order = { tableId: 1, number: 1, path: PATH, columns: COLUMNS };
  for (const spans of [[], [{ rowFirst: 0, rowEnd: 0, number: 1 }]]) {
    assert.equal(await sealFile(builder.sealModule(), store as unknown as TableStore, order, () => spans), null);
  }
  assert.equal(store.files.size, 0);
});

test('equal points of one body are one row with the last value of each field; those of two bodies stay two', async () => {
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  const rowOf = (value: number | undefined, count: bigint | undefined): void => {
    const values = new Map<string, Value>([['host', 'a'], ['note', 'n']]);
    if (value !== undefined) values.set('value', value);
    if (count !== undefined) values.set('count', count);
    builder.rows.push({ time: 7n, values });
  };
  rowOf(1, 10n);
  rowOf(2, undefined);
  rowOf(undefined, 30n);
  rowOf(undefined, undefined);
  rowOf(4, undefined);
  builder.layOut();
  const { file } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 4, number: 1 }, { rowFirst: 4, rowEnd: 5, number: 2 }]);
  assert.deepEqual(await textsByHyparquet(file, builder.columns), [
    '0 | 7 | 1 | "a" | 2 | 30 | null | null | null | "n"',
    '0 | 7 | 2 | "a" | 4 | null | null | null | null | "n"',
  ]);
});

test('tags sort with nulls first and by unsigned bytes, column after column', async () => {
  const builder = new TableBuilder(encoderModule(), [column(1, 'a', abi.KIND_TAG), column(2, 'b', abi.KIND_TAG), column(3, 'v', abi.KIND_I64)]);
  const tags = ['\u{10000}', '\uffff', 'é', 'z', 'aa', 'a\u0000', 'a', 'prefix-long-enough-1', 'prefix-long-enough-10', 'prefix-long-enough-2', undefined];
  let count = 0n;
  for (const a of tags) {
    for (const b of tags) {
      const values = new Map<string, Value>([['v', count++]]);
      if (a !== undefined) values.set('a', a);
      if (b !== undefined) values.set('b', b);
      builder.rows.push({ time: 3n, values });
    }
  }
  builder.layOut();
  await assertSealed(builder, [{ rowFirst: 0, rowEnd: builder.rows.length, number: 5 }]);
});

test('a tag that has one value or none still sorts', async () => {
  const builder = new TableBuilder(encoderModule(), [column(1, 'a', abi.KIND_TAG), column(2, 'b', abi.KIND_TAG)]);
  for (let i = 0; i < 40; i++) {
    builder.rows.push({ time: BigInt(i), values: new Map<string, Value>([...(i % 3 === 0 ? [['a', 'x'] as const] : []), ['b', 'y']]) });
  }
  builder.layOut();
  await assertSealed(builder, [{ rowFirst: 0, rowEnd: 40, number: 5 }]);
});

test('several tags with few values, each missing in some rows', async () => {
  const random = new Random(15);
  const columns = [1, 2, 3, 4, 5].map((id) => column(id, `t${id}`, abi.KIND_TAG));
  const builder = new TableBuilder(encoderModule(), columns);
  for (let i = 0; i < 300; i++) {
    const present = columns.filter(({ id }) => id === 3 || random.chance(0.5));
    builder.rows.push({ time: BigInt(random.below(3)), values: new Map(present.map(({ name }) => [name, `v${random.below(6)}`])) });
  }
  builder.layOut();
  await assertSealed(builder, [{ rowFirst: 0, rowEnd: 300, number: 5 }]);
});

test('tags with many values in several columns are sorted in several passes', async () => {
  const random = new Random(8);
  const columns = [1, 2, 3, 4].map((id) => column(id, `t${id}`, abi.KIND_TAG));
  const builder = new TableBuilder(encoderModule(), columns);
  for (let i = 0; i < 6000; i++) {
    const values = new Map(columns.map(({ name }) => [name, `v${random.below(4000)}`]));
    if (random.chance(0.3)) values.delete(random.pick(['t1', 't3']));
    builder.rows.push({ time: BigInt(random.below(10)), values });
    // The same point again in the same body, and one that differs in the last tag alone.
    if (random.chance(0.2)) builder.rows.push({ time: builder.rows.at(-1)!.time, values });
    if (random.chance(0.2)) builder.rows.push({ time: builder.rows.at(-1)!.time, values: new Map(values).set('t4', 'other') });
  }
  builder.layOut();
  const end = builder.rows.length;
  await assertSealed(builder, [{ rowFirst: 0, rowEnd: 3000, number: 5 }, { rowFirst: 3000, rowEnd: end, number: 6 }]);
});

test('128 k + 1 rows make two row groups; a dictionary of over 64 k entries', async () => {
  const builder = new TableBuilder(encoderModule(), [column(1, 'id', abi.KIND_TAG), column(2, 'v', abi.KIND_F64), column(3, 'even', abi.KIND_I64)]);
  for (let i = 0; i < 131_073; i++) {
    const values = new Map<string, Value>([['id', `id-${(i * 7919) % 100_003}`], ['v', Math.sin(i)]]);
    if (i % 2 === 0) values.set('even', BigInt(i));
    builder.rows.push({ time: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n, values });
  }
  builder.layOut();
  const { sealed, file } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 131_073, number: 77 }]);
  assert.deepEqual(metadataOf(file).row_groups.map((group) => Number(group.num_rows)), [131_072, 1]);
  assert.equal(sealed.statistics.numRecords, 131_073);
  assert.equal(sealed.statistics.nullCount['even'], 65_536);
});

test('long strings cut pages and row groups, and never a value', async () => {
  const builder = new TableBuilder(encoderModule(), [column(1, 't', abi.KIND_TAG), column(2, 's', abi.KIND_STRING)]);
  const random = new Random(9);
  for (let i = 0; i < 300; i++) {
    const length = random.pick([1 << 20, (1 << 20) - 5, 700_000, 10, 0]);
    builder.rows.push({ time: BigInt(i), values: new Map([['t', `t${i % 3}`], ['s', String.fromCharCode(97 + (i % 26)).repeat(length)]]) });
  }
  builder.layOut();
  const { file } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 300, number: 3 }]);
  const groups = metadataOf(file).row_groups;
  for (const group of groups) assert.ok(Number(group.total_byte_size) < 67_200_000);
  const bytes = builder.rows.reduce((sum, row) => sum + (row.values.get('s') as string).length, 0);
  assert.equal(groups.length, Math.ceil(bytes / 67_108_864));
});

test('values that repeat take a dictionary, others do not', async () => {
  const columns = [column(1, 'few', abi.KIND_F64), column(2, 'many', abi.KIND_F64), column(3, 'code', abi.KIND_I64), column(4, 'big', abi.KIND_U64)];
  const builder = new TableBuilder(encoderModule(), columns);
  const random = new Random(10);
  for (let i = 0; i < 20_000; i++) {
    const values = new Map<string, Value>([
      ['few', random.below(50) / 3], ['many', random.u32() / 3], ['code', BigInt(random.pick([200, 404, 500_000_000_000]))], ['big', U64_MAX - BigInt(random.below(9))],
    ]);
    builder.rows.push({ time: BigInt(i) * 10_000_000_000n, values });
  }
  builder.layOut();
  const { file } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 20_000, number: 3 }]);
  const encodings = metadataOf(file).row_groups[0]!.columns.map((chunk) => chunk.meta_data!.encodings[0]);
  assert.deepEqual(encodings, ['DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'PLAIN', 'RLE_DICTIONARY', 'RLE_DICTIONARY']);
});

test('NaN comes back, and the statistics know of it', async () => {
  const builder = new TableBuilder(encoderModule(), [column(1, 'v', abi.KIND_F64)]);
  for (const v of [1, NaN, 3]) builder.rows.push({ time: BigInt(builder.rows.length), values: new Map([['v', v]]) });
  builder.layOut();
  const { sealed, file } = await assertSealed(builder, [{ rowFirst: 0, rowEnd: 3, number: 3 }]);
  assert.equal(sealed.statistics.minValues['v'], '"-Infinity"');
  assert.equal(sealed.statistics.maxValues['v'], '"Infinity"');
  assert.equal(metadataOf(file).row_groups[0]!.columns[3]!.meta_data!.statistics!.max_value, undefined);
});

test('rows may be appended, and every array may move, while a seal writes', async () => {
  const random = new Random(11);
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  const spans = [addBody(builder, random, 3000, 1), addBody(builder, random, 3000, 2)];
  addNoise(builder, random);
  builder.layOut();
  let moves = 0;
  const store = new MemoryStore(() => {
    moves += 1;
    addBody(builder, random, 500, 3);
    builder.layOut();
  });
  const expected = sealModel(builder.rows, spans, COLUMNS).map((row) => modelText(row, COLUMNS));
  const { file } = await seal(builder, spans, store);
  assert.ok(moves > 2, `the arrays moved ${moves} times`);
  assertSameTexts(await textsByDuckdb(file, COLUMNS), expected, 'DuckDB');
  assert.ok(store.steps.every((bytes) => bytes <= 1 << 20));
});

test('a failed write, a dropped table and rows given up end a seal, which can be repeated', async () => {
  const random = new Random(12);
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  const span = { ...addBody(builder, random, 2000, 1) };
  addNoise(builder, random);
  builder.layOut();
  const order = { tableId: 1, number: 1, path: PATH, columns: COLUMNS };
  const trouble: [RegExp, () => void][] = [
    [/no space/, () => { throw new Error('no space'); }],
    [/table 1 was dropped while it was sealed/, () => builder.drop()],
    [/rows of table 1 were given up while it was sealed/, () => { span.rowFirst += 1; }],
  ];
  for (const [message, happen] of trouble) {
    const store = new MemoryStore(happen);
    const spans = [{ ...span }];
    const watched = message.source.startsWith('rows') ? [span] : spans;
    await assert.rejects(sealFile(builder.sealModule(), store as unknown as TableStore, order, () => watched), message);
    assert.equal(store.abandoned, 1);
    assert.equal(store.files.size, 0);
    span.rowFirst = 0;
    builder.layOut();
  }
  await assertSealed(builder, [span]);
});

test('where even the unfinished file cannot be thrown away, the error says both', async () => {
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  builder.rows.push({ time: 1n, values: new Map([['value', 1]]) });
  builder.layOut();
  const store = {
    put: async () => ({
      write: async () => { throw new Error('no space'); },
      publish: async () => undefined,
      abandon: async () => { throw new Error('the disk is gone'); },
    }),
  };
  const order = { tableId: 1, number: 1, path: PATH, columns: COLUMNS };
  await assert.rejects(
    sealFile(builder.sealModule(), store as unknown as TableStore, order, () => [{ rowFirst: 0, rowEnd: 1, number: 1 }]),
    /no space; its unfinished file stays, since the disk is gone/,
  );
});

test('a seal gives back all memory it took', async () => {
  const random = new Random(13);
  const builder = new TableBuilder(encoderModule(), COLUMNS);
  const span = addBody(builder, random, 5000, 1);
  builder.layOut();
  await seal(builder, [span]);
  const bytes = builder.module.memory.buffer.byteLength;
  for (let i = 0; i < 40; i++) await seal(builder, [span]);
  assert.equal(builder.module.memory.buffer.byteLength, bytes);
});

/** Asks for a value of every kind of column at, below and above: a wrong bound in the footer loses rows. */
test('filters at the edges of the statistics find their rows', async () => {
  const random = new Random(14);
  for (let round = 0; round < 6; round++) {
    const builder = new TableBuilder(encoderModule(), COLUMNS);
    const span = addBody(builder, random, 1 + random.below(6), 1);
    builder.layOut();
    const { file } = await seal(builder, [span]);
    const rows = sealModel(builder.rows, [span], COLUMNS);
    const conditions: { sql: string; rows: number }[] = [];
    for (const { name, kind } of COLUMNS) {
      for (const edge of rows.map((row) => row.values.get(name)).filter((value) => value !== undefined)) {
        for (const [operator, holds] of [['=', (o: number) => o === 0], ['>=', (o: number) => o >= 0], ['<=', (o: number) => o <= 0]] as const) {
          const found = rows.filter(({ values }) => values.has(name) && holds(compareValues(values.get(name)!, edge)));
          conditions.push({ sql: `"${name}" ${operator} ${literal(kind, edge)}`, rows: found.length });
        }
      }
    }
    const counts = conditions.map(({ sql }) => `(select count(*) from file where ${sql})`).join(', ');
    const [answers] = await queryDuckdb(file, `select ${counts}`);
    conditions.forEach(({ sql, rows: expected }, place) => assert.equal(answers![place], BigInt(expected), sql));
  }
});

function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return a < b ? -1 : a > b ? 1 : 0;
}

function literal(kind: number, value: Value): string {
  switch (kind) {
    case abi.KIND_F64:
      return `'${Object.is(value, -0) ? '-0.0' : value}'::double`;
    case abi.KIND_I64:
      return `'${value}'::bigint`;
    case abi.KIND_U64:
      return `'${value}'::decimal(20,0)`;
    case abi.KIND_BOOL:
      return String(value);
    default:
      return `decode(unhex('${Buffer.from(value as string).toString('hex')}'))`;
  }
}
