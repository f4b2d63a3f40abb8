/** The memory of a worker over many flushes: what no row needs goes, and linear memory becomes small again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { WorkerMemory } from '../../src/worker/memory.js';
import { moduleOf } from './builds.js';

const MiB = 1024 * 1024;
const LIMITS = { tablesMax: 10_000, columnsMax: 100, columnNameBytesMax: 1 << 20, namesBytesMax: 0xffffffff, seriesBytesMax: MiB };
const TABLES = 5000;
/** Of table 1: takes more linear memory than an instance keeps. */
const LARGE = Array.from({ length: 600_000 }, (_, i) => `m1,t=${'x'.repeat(20)}${i % 1000} v=${i}i ${i}`);

class Worker {
  readonly sentences: string[] = [];
  slices = 0;
  readonly memory: WorkerMemory;
  readonly rows = new Map<number, number>();

  constructor(bytesMax: number, tables: number) {
    this.memory = new WorkerMemory({
      module: moduleOf('simd'), limits: LIMITS, bytesMax, tell: (sentence) => this.sentences.push(sentence),
      freeSpare: () => {
        this.memory.parser.freeSpare();
        this.memory.tidy();
      },
      onSlice: () => (this.slices += 1), onReady: () => this.memory.tidy(),
    });
    for (let id = 1; id <= tables; id++) {
      const columns = [{ id: 2 * id, kind: abi.KIND_TAG, key: 't' }, { id: 2 * id + 1, kind: abi.KIND_I64, key: 'v' }];
      this.memory.parser.define({ id, databaseId: 1, measurement: `m${id}`, created: 0, flushedTo: 0, columns });
    }
  }

  get bytes(): number {
    return this.memory.parser.memtableBytes();
  }

  write(lines: readonly string[]): void {
    const body = Buffer.from(lines.join('\n'));
    this.memory.parser.inputView(body.length).set(body);
    const parsed = this.memory.parser.parse({
      databaseId: 1, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags: 0, linesMax: 2_000_000,
    });
    assert.deepEqual([parsed.status, parsed.accepted], [abi.PARSE_ACCEPTED, lines.length]);
    for (const { tableId, rowEnd } of parsed.spans) this.rows.set(tableId, rowEnd);
  }

  /** All rows of a table go into a file. */
  flush(tableId: number): void {
    this.memory.parser.removeRows(tableId, [{ rowFirst: 0, rowEnd: this.rows.get(tableId)! }]);
    this.rows.delete(tableId);
    this.memory.noteFlushed();
    this.memory.tidy();
  }

  flushAll(): void {
    for (const tableId of this.rows.keys()) this.flush(tableId);
  }
}

test('series of 5,000 tables that never return hold no memory for ever', () => {
  const bytesMax = 32 * MiB;
  const worker = new Worker(bytesMax, TABLES);
  const defined = worker.bytes;
  let most = 0;
  for (let round = 0; round < 12; round++) {
    worker.write(Array.from({ length: 4 * TABLES }, (_, i) => `m${1 + (i % TABLES)},t=${'x'.repeat(100)}${round}.${i} v=1i 1`));
    worker.flushAll();
    most = Math.max(most, worker.bytes);
  }
  const guesses = TABLES * 128;
  assert.ok(most - defined - guesses < bytesMax / 4 + MiB, `${most - defined} bytes stay after flushes`);
});

test('what is kept for lines to come goes also while other tables have rows, which stay', () => {
  const worker = new Worker(8 * MiB, 100);
  worker.write(Array.from({ length: 10 }, (_, i) => `m1,t=kept${i % 3} v=${i}i ${i}`));
  for (let round = 0; round < 10; round++) {
    worker.write(Array.from({ length: 20_000 }, (_, i) => `m${2 + (i % 99)},t=${'x'.repeat(50)}${round}.${i % 9900} v=1i 1`));
    for (let id = 2; id <= 100; id++) worker.flush(id);
    assert.ok(worker.bytes < 5 * MiB, `round ${round}: ${worker.bytes} bytes`);
  }
  worker.write(['m1,t=kept0 v=1i 1', 'm1,t=new v=1i 1']);
  assert.equal(worker.rows.get(1), 12);
});

test('caches that are small stay', () => {
  const worker = new Worker(64 * MiB, 10);
  worker.write(Array.from({ length: 1000 }, (_, i) => `m${1 + (i % 10)},t=${i} v=1i 1`));
  worker.flushAll();
  assert.ok(worker.memory.parser.spareBytes() > 64 * 1000);
});

test('linear memory over the share is small again after a flush, with the rows that wait', () => {
  const worker = new Worker(16 * MiB, 3);
  worker.write(Array.from({ length: 1000 }, (_, i) => `m2,t=${i % 7} v=${i}i ${i}`));
  worker.write(['m3,t=a v=1i 1']);
  worker.write(LARGE);
  const old = worker.memory.parser;
  const before = old.linearBytes();
  assert.ok(before > 64 * MiB);
  worker.flush(3);
  assert.equal(worker.memory.parser, old, 'more is held than may be moved');
  worker.flush(1);
  assert.notEqual(worker.memory.parser, old);
  const after = worker.memory.parser.linearBytes();
  assert.ok(after <= 32 * MiB, `${after} bytes`);
  assert.match(worker.sentences.join(), new RegExp(`it had ${before} bytes, it has ${after}$`));
  worker.write(['m2,t=3 v=1i 1', 'm3,t=a v=1i 1']);
  assert.equal(worker.rows.get(2), 1001);
  worker.flush(3);
  assert.equal(worker.sentences.length, 1, 'it is small already');
});

test('the memory of the instance that was left is free soon', { timeout: 120_000 }, async () => {
  const worker = new Worker(16 * MiB, 1);
  worker.write(LARGE);
  const old = new WeakRef(worker.memory.parser.memory);
  worker.flush(1);
  assert.equal(worker.sentences.length, 1);
  while (old.deref() !== undefined) await new Promise((resolve) => setImmediate(resolve));
});

test('a move that finds no memory leaves all as it was, and is tried again', (t) => {
  const worker = new Worker(32 * MiB, 3);
  worker.write(LARGE);
  worker.write(['m2,t=a v=1i 1', 'm3,t=a v=1i 1']);
  const old = worker.memory.parser;
  const { Instance } = WebAssembly;
  const broken = t.mock.method(WebAssembly, 'Instance', function () {
    throw new RangeError('Out of memory');
  });
  worker.flush(1);
  assert.equal(worker.memory.parser, old);
  assert.match(worker.sentences.join(), /could not be moved .*: Out of memory$/);
  broken.mock.restore();
  assert.equal(WebAssembly.Instance, Instance);
  worker.write(['m2,t=b v=1i 2']);
  worker.flush(3);
  assert.notEqual(worker.memory.parser, old);
  worker.write(['m2,t=c v=1i 3']);
  assert.equal(worker.rows.get(2), 3);
});

test('[issue 13 A1] more than 4 MiB of rows are moved into a fresh instance only when a body found no room', () => {
  const worker = new Worker(192 * MiB, 2);
  const write = (table: number, lines: number): void => {
    for (let first = 0; first < lines; first += 10_000) worker.write(Array.from({ length: 10_000 }, (_, i) => `m${table},t=${'x'.repeat(990)}${first + i} v=1i 1`));
  };
  write(2, 10_000);
  write(1, 190_000);
  worker.flush(1);
  const { parser } = worker.memory;
  assert.ok(parser.rowBytes() > 4 * MiB && parser.rowBytes() < 32 * MiB, `${parser.rowBytes()} bytes of rows`);
  assert.ok(parser.linearBytes() > 192 * MiB, `${parser.linearBytes()} bytes of memory`);
  assert.deepEqual(worker.sentences, []);
  worker.memory.noteCramped();
  worker.memory.tidy();
  assert.equal(worker.sentences.length, 1);
  assert.ok(worker.memory.parser.linearBytes() < 64 * MiB, `${worker.memory.parser.linearBytes()} bytes of memory`);
});

test('[issue 13 A1] a fresh instance is told of many tables in slices, between which bodies and changes come', async () => {
  const worker = new Worker(16 * MiB, TABLES);
  worker.write(LARGE);
  worker.write(['m2,t=a v=1i 1']);
  const old = worker.memory.parser;
  worker.flush(1);
  assert.equal(worker.memory.parser, old, 'it is not told of all of them at once');
  await new Promise((resolve) => setImmediate(resolve));
  worker.write(['m2,t=b v=1i 2', `m${TABLES},t=b v=1i 2`]);
  worker.memory.parser.drop(3);
  worker.memory.noteChanged(3);
  while (worker.memory.parser === old) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(worker.slices >= (3 * TABLES) / 1024 - 1, `${worker.slices} slices`);
  assert.equal(worker.memory.parser.exports.tableAt(3), 0);
  worker.write(['m2,t=a v=1i 3']);
  assert.deepEqual([worker.rows.get(2), worker.rows.get(TABLES)], [3, 1]);
});
