/** What readers skip by: the statistics of a flushed file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertFlushed, column, COLUMNS, flush } from './flush-case.js';
import { flushModel } from './flush-model.js';
import { metadataOf, queryDuckdb } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

test('NaN comes back, and the statistics know of it', async () => {
  const memtable = new HandMadeTable(encoderModule(), [column(1, 'v', abi.KIND_F64)]);
  for (const v of [1, NaN, 3]) memtable.rows.push({ time: BigInt(memtable.rows.length), values: new Map([['v', v]]) });
  memtable.layOut();
  const { flushed, file } = await assertFlushed(memtable, [{ rowFirst: 0, rowEnd: 3, seq: 3 }]);
  assert.equal(flushed.statistics.minValues['v'], '"-Infinity"');
  assert.equal(flushed.statistics.maxValues['v'], '"Infinity"');
  assert.equal(metadataOf(file).row_groups[0]!.columns[3]!.meta_data!.statistics!.max_value, undefined);
});

/** Asks for a value of every kind of column at, below and above: a wrong bound in the footer loses rows. */
test('filters at the edges of the statistics find their rows', async () => {
  const random = new Random(14);
  for (let round = 0; round < 6; round++) {
    const memtable = new HandMadeTable(encoderModule(), COLUMNS);
    const span = addBody(memtable, random, 1 + random.below(6), 1);
    memtable.layOut();
    const { file } = await flush(memtable, [span]);
    const rows = flushModel(memtable.rows, [span], COLUMNS);
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
