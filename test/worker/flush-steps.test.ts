/** A flush in many short steps, between which the table grows and its arrays move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, assertSameTexts, assertFlushed, column, COLUMNS, flush } from './flush-case.js';
import { modelText, flushModel } from './flush-model.js';
import { textsByDuckdb } from './flushed-file.js';
import { HandMadeTable, type Value } from './hand-made-table.js';

test('rows, series, columns and dictionary entries come between the steps', async () => {
  for (const stepEntries of [1, 3, 20, 150]) {
    const random = new Random(20 + stepEntries);
    const memtable = new HandMadeTable(encoderModule(), COLUMNS);
    const spans = [addBody(memtable, random, 40, 1), addBody(memtable, random, 60, 2)];
    memtable.layOut();
    const expected = flushModel(memtable.rows, spans, COLUMNS).map((row) => modelText(row, COLUMNS));
    let calls = 0;
    memtable.onCall = () => {
      calls += 1;
      if (calls % 9 !== 0 || memtable.rows.length > 400) return;
      memtable.columns = [...memtable.columns, column(100 + calls, `tag${calls}`, abi.KIND_TAG)];
      addBody(memtable, random, 5, 3);
      memtable.layOut();
    };
    const { file } = await flush(memtable, spans, { stepEntries });
    assert.ok(memtable.rows.length > 100, `nothing came within ${calls} calls`);
    assertSameTexts(await textsByDuckdb(file, COLUMNS), expected, 'DuckDB');
  }
});

test('files do not depend on the length of the steps', async () => {
  const random = new Random(21);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [1, 2, 3].map((seq) => addBody(memtable, random, 900, seq));
  memtable.layOut();
  const { file } = await assertFlushed(memtable, spans);
  for (const stepEntries of [1, 7, 100, 1000]) {
    assert.ok(file.equals((await flush(memtable, spans, { stepEntries })).file), `steps of ${stepEntries}`);
  }
});

test('columns with few values: none in most rows, points of several lines, rows between the spans', async () => {
  for (const stepEntries of [5, 131_072]) {
    const random = new Random(22);
    const columns = [
      column(1, 'host', abi.KIND_TAG), column(2, 'rare', abi.KIND_F64), column(3, 'rarer', abi.KIND_STRING), column(4, 'once', abi.KIND_I64), column(5, 'v', abi.KIND_BOOL),
    ];
    const memtable = new HandMadeTable(encoderModule(), columns);
    const chances = { rare: 0.02, rarer: 0.01, once: 0.001, v: 0.9 };
    for (let i = 0; i < 6000; i++) {
      const values = new Map<string, Value>([['host', `h${random.below(4)}`]]);
      if (random.chance(chances.rare)) values.set('rare', random.below(5) / 3);
      if (random.chance(chances.rarer)) values.set('rarer', `text ${random.below(3)}`);
      if (random.chance(chances.once)) values.set('once', BigInt(i));
      if (random.chance(chances.v)) values.set('v', random.chance(0.5));
      const time = BigInt(random.below(900));
      memtable.rows.push({ time, values });
      // The same point again.
      if (values.has('rare')) memtable.rows.push({ time, values: new Map(values).set('rare', i) });
    }
    memtable.layOut();
    const spans = [{ rowFirst: 3000, rowEnd: 5500, seq: 1 }, { rowFirst: 100, rowEnd: 2700, seq: 2 }];
    await assertFlushed(memtable, spans, { stepEntries });
  }
});

test('texts of every likeness are ranked by their bytes', async () => {
  const random = new Random(23);
  const memtable = new HandMadeTable(encoderModule(), [column(1, 't', abi.KIND_TAG), column(2, 'n', abi.KIND_I64)]);
  const pieces = ['a', 'b', '\u0000', 'é', 'aaaaaaaa', 'same-prefix-', '\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000', '\u{10ffff}'];
  for (let i = 0; i < 4000; i++) {
    const text = Array.from({ length: 1 + random.below(random.pick([3, 6, 12])) }, () => random.pick(pieces)).join('');
    memtable.rows.push({ time: BigInt(random.below(3)), values: new Map<string, Value>([['t', text], ['n', BigInt(i)]]) });
  }
  memtable.layOut();
  const spans = [{ rowFirst: 0, rowEnd: memtable.rows.length, seq: 1 }];
  await assertFlushed(memtable, spans);
  await assertFlushed(memtable, spans, { stepEntries: 11 });
});

test('what a flush holds is counted, and nothing is held afterwards', async () => {
  const random = new Random(24);
  const module = encoderModule();
  const memtable = new HandMadeTable(module, COLUMNS);
  const span = addBody(memtable, random, 5000, 1);
  memtable.layOut();
  let most = 0;
  memtable.onCall = () => {
    most = Math.max(most, module.exports.flushBytes());
  };
  await flush(memtable, [span]);
  // Order, spans and positions of the rows alone are more.
  assert.ok(most > 5000 * 3 * 4 && most < 4 << 20, `${most} bytes`);
  assert.equal(module.exports.flushBytes(), 0);
});
