/** The order of a flushed file, and the merge of equal points. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertFlushed, column, COLUMNS } from './flush-case.js';
import { textsByHyparquet } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

test('rows between the spans and numbers against the order of rows', async () => {
  const random = new Random(100);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [500, 300, 900, 100].map((seq) => {
    addBody(memtable, random, 30, 0);
    return addBody(memtable, random, 50, seq);
  });
  memtable.layOut();
  await assertFlushed(memtable, spans.toSorted((a, b) => a.seq - b.seq));
});

test('equal points of one body are one row with the last value of each field; those of two bodies stay two', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const rowOf = (value: number | undefined, count: bigint | undefined): void => {
    const values = new Map<string, Value>([['host', 'a'], ['note', 'n']]);
    if (value !== undefined) values.set('value', value);
    if (count !== undefined) values.set('count', count);
    memtable.rows.push({ time: 7n, values });
  };
  rowOf(1, 10n);
  rowOf(2, undefined);
  rowOf(undefined, 30n);
  rowOf(undefined, undefined);
  rowOf(4, undefined);
  memtable.layOut();
  const { file } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 4, seq: 1 }, { rowFirst: 4, rowEnd: 5, seq: 2 }]);
  assert.deepEqual(await textsByHyparquet(file, memtable.columns), [
    '0 | 7 | 1 | "a" | 2 | 30 | null | null | null | "n"',
    '0 | 7 | 2 | "a" | 4 | null | null | null | null | "n"',
  ]);
});

test('tags sort with nulls first and by unsigned bytes, column after column', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 'a', abi.KIND_TAG), column(2, 'b', abi.KIND_TAG), column(3, 'v', abi.KIND_I64)]);
  const tags = ['\u{10000}', '\uffff', 'é', 'z', 'aa', 'a\u0000', 'a', 'prefix-long-enough-1', 'prefix-long-enough-10', 'prefix-long-enough-2', undefined];
  let count = 0n;
  for (const a of tags) {
    for (const b of tags) {
      const values = new Map<string, Value>([['v', count++]]);
      if (a !== undefined) values.set('a', a);
      if (b !== undefined) values.set('b', b);
      memtable.rows.push({ time: 3n, values });
    }
  }
  memtable.layOut();
  await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: memtable.rows.length, seq: 5 }]);
});

test('a tag that has one value or none still sorts', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 'a', abi.KIND_TAG), column(2, 'b', abi.KIND_TAG)]);
  for (let i = 0; i < 40; i++) {
    memtable.rows.push({ time: BigInt(i), values: new Map<string, Value>([...(i % 3 === 0 ? [['a', 'x'] as const] : []), ['b', 'y']]) });
  }
  memtable.layOut();
  await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 40, seq: 5 }]);
});

test('several tags with few values, each missing in some rows', async () => {
  const random = new Random(15);
  const columns = [1, 2, 3, 4, 5].map((id) => column(id, `t${id}`, abi.KIND_TAG));
  const memtable = new HandMadeTable(encoderModule(), columns);
  for (let i = 0; i < 300; i++) {
    const present = columns.filter(({ id }) => id === 3 || random.chance(0.5));
    memtable.rows.push({ time: BigInt(random.below(3)), values: new Map(present.map(({ name }) => [name, `v${random.below(6)}`])) });
  }
  memtable.layOut();
  await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 300, seq: 5 }]);
});

test('tags with many values in several columns are sorted in several passes', async () => {
  const random = new Random(8);
  const columns = [1, 2, 3, 4].map((id) => column(id, `t${id}`, abi.KIND_TAG));
  const memtable = new HandMadeTable(encoderModule(), columns);
  for (let i = 0; i < 6000; i++) {
    const values = new Map(columns.map(({ name }) => [name, `v${random.below(4000)}`]));
    if (random.chance(0.3)) values.delete(random.pick(['t1', 't3']));
    memtable.rows.push({ time: BigInt(random.below(10)), values });
    // The same point again in the same body, and one that differs in the last tag alone.
    if (random.chance(0.2)) memtable.rows.push({ time: memtable.rows.at(-1)!.time, values });
    if (random.chance(0.2)) memtable.rows.push({ time: memtable.rows.at(-1)!.time, values: new Map(values).set('t4', 'other') });
  }
  memtable.layOut();
  const end = memtable.rows.length;
  await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 3000, seq: 5 }, { rowFirst: 3000, rowEnd: end, seq: 6 }]);
});
