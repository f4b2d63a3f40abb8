/** Arrays of memtables grown in steps with bodies between. Counted, never timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLUMN_CAPACITY, COLUMN_ENTRY_CAPACITY } from '../../assembly/layout/column.js';
import { TABLE_ROWS_CAPACITY } from '../../assembly/layout/table.js';
import { randomCase } from '../fuzz/cases.js';
import { Random } from '../fuzz/random.js';
import { DATABASE, ParserSession } from './parser-session.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 5);

/** A table of one series each row, all of whose arrays have room for 8,192 and are nearly full. */
function nearlyFull(): { session: ParserSession; tableId: number } {
  const session = new ParserSession();
  const lines = Array.from({ length: 8000 }, (_, n) => `m,t=${'x'.repeat(8)}${n} a=${n},b=${n}i,s="${n}",o=${n % 2 === 0 ? 't' : 'f'} ${n}`);
  const { tableId } = session.write(lines.join('\n')).spans[0]!;
  return { session, tableId };
}

function rowsCapacity(session: ParserSession, tableId: number): number {
  return new DataView(session.parser.memory.buffer).getUint32((session.parser.exports.tableAt(tableId) >>> 0) + TABLE_ROWS_CAPACITY, true);
}

test('[issue 13 A1] all arrays of a table are grown one after another, in steps, and hold what they held', () => {
  const { session, tableId } = nearlyFull();
  const { exports } = session.parser;
  const before = session.dump();
  exports.growStart(tableId, 0);
  let arrays = 0;
  let steps = 0;
  for (let bytes = exports.growNext(); bytes > 0; bytes = exports.growNext()) {
    const held = session.parser.memtableBytes();
    exports.growBegin();
    arrays += 1;
    while (exports.growStep(1024) !== 0) {
      steps += 1;
      assert.ok(session.parser.memtableBytes() >= held + bytes, 'what is copied is counted');
      if (steps % 100 === 0) assert.deepEqual(session.dump(), before, 'the old array stands');
    }
  }
  // Values of five columns, a dictionary's entries, times with series; a heap as it comes.
  assert.ok(arrays >= 7, `${arrays} arrays`);
  assert.equal(rowsCapacity(session, tableId), 16_384);
  for (const key of ['t', 'a', 'b', 's', 'o']) assert.equal(session.columnWord('m', key, COLUMN_CAPACITY), 16_384, key);
  assert.equal(session.columnWord('m', 't', COLUMN_ENTRY_CAPACITY), 16_384);
  // 8,000 rows of 12, 8, 8, 4, 4 and 1 bytes, and of a slot each.
  assert.ok(steps >= (8000 * (37 + 64)) / 1024, `${steps} steps`);
  assert.deepEqual(session.dump(), before);
});

test('nothing is grown of a table that has few values, or whose arrays have room', () => {
  const { session, tableId } = nearlyFull();
  const { exports } = session.parser;
  exports.growStart(tableId, 8000 * 6 + 1);
  assert.equal(exports.growNext(), 0);
  exports.growStart(tableId + 1000, 0);
  assert.equal(exports.growNext(), 0);
  exports.growStart(session.write('n,t=1 a=1 1').spans[0]!.tableId, 0);
  assert.equal(exports.growNext(), 0);
});

test('[issue 13 A1] a copy that is of no use any more is given back: by who asks, after a drop, when rows left, when a body grew the array', () => {
  const ends: ((session: ParserSession, tableId: number) => void)[] = [
    ({ parser }) => parser.exports.growEnd(),
    ({ parser }, tableId) => parser.drop(tableId),
    ({ parser }, tableId) => parser.removeRows(tableId, [{ rowFirst: 10, rowEnd: 7000 }]),
    (session) => session.write(Array.from({ length: 1000 }, (_, n) => `m,t=y${n} a=1,b=1i,s="1",o=t ${n}`).join('\n')),
    ({ parser }) => parser.freeSpare(),
  ];
  for (const [place, end] of ends.entries()) {
    // The first array, and each of the others.
    for (let skipped = 0; skipped < 7; skipped += 1) {
      const [grown, plain] = [nearlyFull(), nearlyFull()];
      for (const { session, tableId } of [grown, plain]) {
        const { exports } = session.parser;
        exports.growStart(tableId, 0);
        for (let array = 0; array < skipped; array += 1) {
          assert.ok(exports.growNext() > 0);
          exports.growBegin();
          while (exports.growStep(1 << 20) !== 0) continue;
        }
        if (session === plain.session) continue;
        assert.ok(exports.growNext() > 0);
        exports.growBegin();
        assert.equal(exports.growStep(4096), 1);
      }
      end(grown.session, grown.tableId);
      end(plain.session, plain.tableId);
      if (place > 0) while (grown.session.parser.exports.growStep(4096) !== 0) continue;
      if (place < 4) assert.equal(grown.session.parser.memtableBytes(), plain.session.parser.memtableBytes(), `end ${place}, array ${skipped}`);
      if (place !== 1) assert.deepEqual(grown.session.dump(), plain.session.dump());
    }
  }
});

/** Lines of a table whose arrays fill at different times, of texts and tags of all lengths. */
function someLines(random: Random, count: number): string {
  return Array.from({ length: count }, () => {
    const fields = [`a=${random.below(1000)}`];
    if (random.chance(0.5)) fields.push(`b=${random.below(1000)}i`);
    if (random.chance(0.9)) fields.push(`s="${'z'.repeat(random.below(20))}"`);
    if (random.chance(0.7)) fields.push(`o=${random.chance(0.5) ? 't' : 'f'}`);
    return `g,t=${random.below(3000)}${random.chance(0.3) ? `,u=${random.below(100_000)}` : ''} ${fields.join()} ${random.below(100)}`;
  }).join('\n');
}

test('[issue 13 A1] arrays that are grown in steps, with all kinds of bodies between, hold the same as those that grow at once', () => {
  let [grown, between, lost] = [0, 0, 0];
  for (let round = 0; round < 10; round += 1) {
    const random = new Random(SEED + round);
    const [steps, once] = [new ParserSession(), new ParserSession()];
    const { exports } = steps.parser;
    const both = (act: (session: ParserSession) => void): void => [steps, once].forEach(act);
    const live = (): void => {
      const lines = someLines(random, 1 + random.below(random.chance(0.1) ? 400 : 12));
      // A body that is refused whole is rolled back.
      const body = random.chance(0.1) ? `${lines}\ng,t=1 a=1,` : lines;
      both((session) => session.write(body, { flags: body === lines ? 0 : 1 }));
      if (random.chance(0.1)) for (const { body: other } of randomCase(random, DATABASE)) both((session) => session.write(other));
      if (random.chance(0.02)) {
        const { id, measurement } = random.pick(steps.tables());
        const rows = steps.rows(measurement).length;
        const rowFirst = random.below(rows + 1);
        const range = { rowFirst, rowEnd: rowFirst + random.below(rows - rowFirst + 1) };
        both(({ parser }) => parser.removeRows(id, [range]));
      }
      if (random.chance(0.005)) both(({ parser }) => parser.freeSpare());
    };
    for (let body = 0; body < 400; body += 1) {
      live();
      for (const { id } of steps.tables()) {
        exports.growStart(id, 0);
        for (let bytes = exports.growNext(); bytes > 0; bytes = exports.growNext()) {
          exports.growBegin();
          const held = steps.parser.memtableBytes();
          while (exports.growStep(64 + random.below(1000)) !== 0) {
            if (!random.chance(0.1)) continue;
            live();
            between += 1;
          }
          if (steps.parser.memtableBytes() > held - bytes) grown += 1;
          else lost += 1;
        }
      }
    }
    assert.deepEqual(steps.dump(), once.dump(), `seed ${random.seed}`);
  }
  assert.ok(grown > 100 && between > 100 && lost > 0, `${grown} arrays were grown with ${between} bodies between, and ${lost} were not`);
});
