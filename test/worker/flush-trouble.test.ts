/** What happens beside a flush: rows that come, arrays that move, storage that fails, memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableStore } from '../../src/tables/table-store.js';
import { writeJsonFile } from '../../src/worker/flush/json-file.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, addNoise, assertSameTexts, assertFlushed, COLUMNS, PATH, flush } from './flush-case.js';
import { modelText, flushModel } from './flush-model.js';
import { ParserSession } from './parser-session.js';
import { MemoryStore, textsByDuckdb } from './flushed-file.js';
import { HandMadeTable } from './hand-made-table.js';

test('rows may be appended, and every array may move, while a flush writes', async () => {
  const random = new Random(11);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [addBody(memtable, random, 3000, 1), addBody(memtable, random, 3000, 2)];
  addNoise(memtable, random);
  memtable.layOut();
  let moves = 0;
  const store = new MemoryStore(() => {
    moves += 1;
    addBody(memtable, random, 500, 3);
    memtable.layOut();
  });
  const expected = flushModel(memtable.rows, spans, COLUMNS).map((row) => modelText(row, COLUMNS));
  const { file } = await flush(memtable, spans, { store });
  assert.ok(moves > 2, `the arrays moved ${moves} times`);
  assertSameTexts(await textsByDuckdb(file, COLUMNS), expected, 'DuckDB');
  assert.ok(store.steps.every((bytes) => bytes <= 1 << 20));
});

/** By the encoder and without it. */
const WRITERS = [writeParquetFile, writeJsonFile];

test('a failed write, a dropped table and rows that leave end a flush, which can be repeated', async () => {
  const random = new Random(12);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const span = addBody(memtable, random, 2000, 1);
  addNoise(memtable, random);
  memtable.layOut();
  const order = { tableId: 1, seq: 1, path: PATH, columns: COLUMNS };
  const trouble: [RegExp, () => void][] = [
    [/no space/, () => { throw new Error('no space'); }],
    [/table 1 was dropped while it was flushed/, () => memtable.drop()],
    [/rows of table 1 left while it was flushed/, () => memtable.noteMoved()],
  ];
  for (const writeFile of WRITERS) for (const [message, happen] of trouble) {
    const store = new MemoryStore(happen);
    await assert.rejects(writeFile(memtable.flushModule(), store as unknown as TableStore, order, () => [span]), message);
    assert.equal(store.abandoned, 1);
    assert.equal(store.files.size, 0);
    memtable.layOut();
  }
  await assertFlushed(memtable, [span]);
});

test('where even the unfinished file cannot be thrown away, the error says both', async () => {
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  memtable.rows.push({ time: 1n, values: new Map([['value', 1]]) });
  memtable.layOut();
  const store = {
    put: async () => ({
      write: async () => { throw new Error('no space'); },
      publish: async () => undefined,
      abandon: async () => { throw new Error('the disk is gone'); },
    }),
  };
  const order = { tableId: 1, seq: 1, path: PATH, columns: COLUMNS };
  for (const writeFile of WRITERS) await assert.rejects(
    writeFile(memtable.flushModule(), store as unknown as TableStore, order, () => [{ rowFirst: 0, rowEnd: 1, seq: 1 }]),
    /no space; its unfinished file stays, since the disk is gone/,
  );
});

test('a flush gives back all memory it took', async () => {
  const random = new Random(13);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const span = addBody(memtable, random, 5000, 1);
  memtable.layOut();
  await flush(memtable, [span]);
  const bytes = memtable.module.memory.buffer.byteLength;
  for (let i = 0; i < 40; i++) await flush(memtable, [span]);
  assert.equal(memtable.module.memory.buffer.byteLength, bytes);
});

for (const writeFile of WRITERS) test(`rows that leave behind the flushed ones, and take series along, end ${writeFile.name}`, async () => {
  const session = new ParserSession();
  const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => `m,t=${from + i} v=1i 1`).join('\n');
  const [flushed] = session.write(lines(0, 6000)).spans;
  const [givenUp] = session.write(lines(6000, 6100)).spans;
  const order = { tableId: flushed!.tableId, seq: 1, path: PATH, columns: session.table('m').columns };
  const flushTo = (store: MemoryStore) => writeFile(session.parser, store as unknown as TableStore, order, () => [{ ...flushed!, seq: 1 }]);
  const store = new MemoryStore(() => session.parser.removeRows(order.tableId, [givenUp!]));
  await assert.rejects(flushTo(store), /rows of table 1 left while it was flushed/);
  assert.equal(store.abandoned, 1);
  assert.equal((await flushTo(new MemoryStore()))?.rows, 6000);
});
