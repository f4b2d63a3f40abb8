/** Bodies of one row: what is kept of each, and how much of them is done at once. Counted, never timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableStore } from '../../src/tables/table-store.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import type { FlushSpan } from '../../src/worker/flush/standing-rows.js';
import { PendingRows } from '../../src/worker/pending-rows.js';
import { GIVEN_UP } from '../../src/worker/protocol.js';
import { CHUNK_SPANS } from '../../src/worker/table-spans.js';
import { randomCase } from '../fuzz/cases.js';
import { Random } from '../fuzz/random.js';
import { MemoryStore } from './flushed-file.js';
import { DATABASE, ParserSession } from './parser-session.js';
import { takenOut } from './taken-out.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 3);
const RING = 64;

function pendingRows(ring = new SharedArrayBuffer(8)): PendingRows {
  return new PendingRows(ring, () => undefined);
}

test('[issue 13 A1] a body of one row is kept in some twelve bytes, which are counted', () => {
  const pending = pendingRows();
  for (let row = 0; row < 200_000; row += 1) pending.addReplayed([{ tableId: 1, rowFirst: row, rowEnd: row + 1 }], row + 1);
  assert.ok(pending.bytes >= 12 * 200_000 && pending.bytes < 13 * 200_000, `${pending.bytes} bytes`);
  takenOut(pending, 1, 150_000);
  assert.ok(pending.bytes >= 12 * 50_000 && pending.bytes < 13 * 50_000 + 2 * 12 * CHUNK_SPANS, `${pending.bytes} bytes`);
  takenOut(pending, 1, 200_000);
  assert.equal(pending.bytes, 0);
});

test('[issue 13 A1] rows of neighbouring bodies leave as one range, some bodies a step', () => {
  const pending = pendingRows();
  for (let row = 0; row < 100_000; row += 1) pending.addReplayed([{ tableId: 1, rowFirst: row, rowEnd: row + 1 }], row + 1);
  const ranges: [number, number][] = [];
  let steps = 0;
  for (const _ of pending.takeOut(1, 90_000, (first, end) => ranges.push([first, end]))) steps += 1;
  assert.deepEqual(ranges, [[0, 90_000]]);
  assert.ok(steps >= 100_000 / CHUNK_SPANS, `${steps} steps`);
});

test('[issue 13 A1] what of a table is kept behind rows that leave is copied in steps', () => {
  const session = new ParserSession();
  const lines = Array.from({ length: 10_000 }, (_, n) => `m,t=a a=${n},b=${n}i,c="${n}" ${n}`);
  const { tableId } = session.write(lines.join('\n')).spans[0]!;
  const rows = session.rows('m');
  const { exports } = session.parser;
  exports.dropStart(tableId);
  exports.dropRange(10, 2000);
  let steps = 1;
  while (exports.dropStep(100) !== 0) {
    steps += 1;
    if (steps === 100) assert.deepEqual(session.rows('m'), rows, 'all or nothing');
  }
  // 8,010 rows and as many values of three columns, of which texts count by their bytes.
  assert.ok(steps >= 320, `${steps} steps`);
  assert.deepEqual(session.rows('m'), [...rows.slice(0, 10), ...rows.slice(2000)]);
});

test('[issue 13 A1] rows that leave in steps, with bodies between, leave the same as when they leave at once', () => {
  let between = 0;
  for (let round = 0; round < 12; round += 1) {
    const random = new Random(SEED + round);
    const [steps, once] = [new ParserSession(), new ParserSession()];
    const live = (): void => randomCase(random, DATABASE).forEach(({ body }) => [steps, once].forEach((session) => session.write(body)));
    live();
    for (const { id, measurement } of steps.tables()) {
      const rows = steps.rows(measurement).length;
      const cuts = [...new Set(Array.from({ length: 2 * random.below(5) }, () => random.below(rows + 1)))].toSorted((a, b) => a - b);
      const ranges = Array.from({ length: cuts.length >> 1 }, (_, i) => ({ rowFirst: cuts[2 * i]!, rowEnd: cuts[2 * i + 1]! }));
      const { exports } = steps.parser;
      exports.dropStart(id);
      for (const { rowFirst, rowEnd } of ranges) exports.dropRange(rowFirst, rowEnd);
      while (exports.dropStep(1 + random.below(20)) !== 0) {
        if (!random.chance(0.3)) continue;
        live();
        between += 1;
      }
      once.parser.removeRows(id, ranges);
    }
    live();
    assert.deepEqual(steps.dump(), once.dump(), `seed ${random.seed}`);
  }
  assert.ok(between > 12, `${between} bodies came between`);
});

test('an end before the end leaves the rows, and all memory', () => {
  const session = new ParserSession();
  const { tableId } = session.write(Array.from({ length: 5000 }, (_, n) => `m,t=a a=${n},s="${n}" ${n}`).join('\n')).spans[0]!;
  const before = [session.dump(), session.parser.memtableBytes()];
  const { exports } = session.parser;
  exports.dropStart(tableId);
  exports.dropRange(0, 100);
  assert.equal(exports.dropStep(2000), 1);
  assert.ok(session.parser.memtableBytes() > Number(before[1]), 'what is copied is counted');
  exports.dropEnd();
  assert.deepEqual([session.dump(), session.parser.memtableBytes()], before);
});

/** Bodies as a list of objects: what PendingRows is held to. */
class Model {
  rows: { table: number; rows: number; ordinal: number; seq: number }[] = [];

  spans(table: number, leaves: (seq: number) => boolean): FlushSpan[] {
    let row = 0;
    return this.rows.filter((each) => each.table === table).map(({ rows, seq }) => ({ rowFirst: row, rowEnd: (row += rows), seq })).filter(({ seq }) => leaves(seq));
  }
}

test('spans are those of a list of bodies, whatever comes: numbers, bodies given up, rollbacks, bodies read back between others, rows that leave', () => {
  for (let round = 0; round < 30; round += 1) {
    const random = new Random(SEED + round);
    const ring = new BigInt64Array(new SharedArrayBuffer(8 * RING));
    const pending = pendingRows(ring.buffer as SharedArrayBuffer);
    const model = new Model();
    let seq = 1000;
    let replayed = 0;
    let waiting: number[] = [];
    const isLeaving = (upTo: number) => (of: number) => of === GIVEN_UP || (of > 0 && of <= upTo);
    for (let step = 0; step < 3000; step += 1) {
      const bodies = Array.from({ length: 1 + random.below(2) }, (_, i) => ({ tableId: 1 + ((step + i) % 3), rowFirst: 0, rowEnd: 1 + random.below(3) }));
      const note = (ordinal: number, of: number): void => bodies.forEach(({ tableId, rowEnd }) => model.rows.push({ table: tableId, rows: rowEnd, ordinal, seq: of }));
      if (random.chance(0.3)) {
        pending.addReplayed(bodies, (replayed += 1));
        note(0, replayed);
      } else if (waiting.length < RING) {
        const ordinal = pending.addLive(bodies);
        waiting.push(ordinal);
        note(ordinal, 0);
      }
      if (random.chance(0.2)) {
        for (const ordinal of waiting.splice(0, random.below(waiting.length + 1))) {
          const given = random.chance(0.1) ? GIVEN_UP : (seq += 1);
          ring[ordinal % RING] = BigInt(given);
          for (const each of model.rows) if (each.ordinal === ordinal) each.seq = given;
        }
        pending.takeSeqs();
      }
      if (random.chance(0.02)) {
        const keptTo = seq - random.below(5);
        pending.rollBack(keptTo);
        for (const each of model.rows) if (each.seq === 0 || each.seq > keptTo) each.seq = GIVEN_UP;
        waiting = [];
      }
      if (!random.chance(0.03)) continue;
      const table = 1 + random.below(3);
      const upTo = random.pick([0, replayed, seq - random.below(20)]);
      assert.deepEqual([...pending.upTo(table, upTo)].filter(({ rowEnd, rowFirst }) => rowEnd > rowFirst), model.spans(table, (of) => of > 0 && of <= upTo));
      const left = takenOut(pending, table, upTo);
      const expected = model.spans(table, isLeaving(upTo));
      assert.deepEqual(rowsOf(left), rowsOf(expected));
      assert.ok(left.every(({ rowFirst }, i) => i === 0 || rowFirst > left[i - 1]!.rowEnd), 'neighbours are joined');
      model.rows = model.rows.filter((each) => each.table !== table || !isLeaving(upTo)(each.seq));
    }
  }
});

function rowsOf(ranges: readonly { rowFirst: number; rowEnd: number }[]): number[] {
  return ranges.flatMap(({ rowFirst, rowEnd }) => Array.from({ length: rowEnd - rowFirst }, (_, i) => rowFirst + i));
}

test('[issue 13 A1] a flush takes its spans up in slices, and brings those that were read back between others in order', async () => {
  const session = new ParserSession();
  const BODIES = 20_000;
  const { tableId } = session.write(Array.from({ length: BODIES }, (_, n) => `m,t=${n % 7} a=${n % 100}i ${n % 50}`).join('\n')).spans[0]!;
  const seqs = Array.from({ length: BODIES }, (_, n) => (n % 3 === 0 ? 1 + n : 1_000_000 + n));
  const spans = seqs.map((seq, row) => ({ rowFirst: row, rowEnd: row + 1, seq }));
  const file = async (given: readonly FlushSpan[]): Promise<[Buffer, number]> => {
    const store = new MemoryStore();
    let slices = 0;
    const order = { tableId, seq: 2_000_000, path: 'file', columns: session.table('m').columns };
    await writeParquetFile(session.parser, store as unknown as TableStore, order, () => given, () => (slices += 1));
    return [store.files.get('file')!, slices];
  };
  const [whole, slices] = await file(spans);
  const [sorted, fewer] = await file(spans.toSorted((a, b) => a.seq - b.seq));
  assert.ok(whole.equals(sorted));
  assert.ok(fewer >= BODIES / 1024 && slices > fewer + 2 * (BODIES / 1024), `${slices} and ${fewer} slices`);
});
