/** Flushed files against a naive model where they are large: row groups, pages and dictionaries that end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { assertFlushed, column } from './flush-case.js';
import { metadataOf } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

test('128 k + 1 rows make two row groups; a tag of 100 k values', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 'id', abi.KIND_TAG), column(2, 'v', abi.KIND_F64), column(3, 'even', abi.KIND_I64)]);
  for (let i = 0; i < 131_073; i++) {
    const values = new Map<string, Value>([['id', `id-${(i * 7919) % 100_003}`], ['v', Math.sin(i)]]);
    if (i % 2 === 0) values.set('even', BigInt(i));
    memtable.rows.push({ time: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n, values });
  }
  memtable.layOut();
  const { flushed, file } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 131_073, seq: 77 }]);
  assert.deepEqual(metadataOf(file).row_groups.map((group) => Number(group.num_rows)), [131_072, 1]);
  assert.equal(flushed.statistics.numRecords, 131_073);
  assert.equal(flushed.statistics.nullCount['even'], 65_536);
});

test('long strings cut pages and row groups, and never a value', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 't', abi.KIND_TAG), column(2, 's', abi.KIND_STRING)]);
  const random = new Random(9);
  for (let i = 0; i < 300; i++) {
    const length = random.pick([1 << 20, (1 << 20) - 5, 700_000, 10, 0]);
    memtable.rows.push({ time: BigInt(i), values: new Map([['t', `t${i % 3}`], ['s', String.fromCharCode(97 + (i % 26)).repeat(length)]]) });
  }
  memtable.layOut();
  const { file } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 300, seq: 3 }]);
  const groups = metadataOf(file).row_groups;
  for (const group of groups) assert.ok(Number(group.total_byte_size) < 67_200_000);
  const bytes = memtable.rows.reduce((sum, row) => sum + (row.values.get('s') as string).length, 0);
  assert.equal(groups.length, Math.ceil(bytes / 67_108_864));
});
