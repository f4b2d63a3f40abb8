/** Planning ends: what one job wrote is not read again for nothing, however little a file may hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MINUTE_MS } from '../../src/compaction/minutes.js';
import type { PlanLimits } from '../../src/compaction/plan.js';
import { fuzzCount, Random } from '../fuzz/random.js';
import { SimulatedTable } from './simulated-table.js';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1);
const LIMITS: PlanLimits = {
  rowsMax: 4000, bytesMax: 4000, smallBytes: 250, openFilesMax: 16, openBytesMin: 64, settleMs: HOUR_MS, wideMs: HOUR_MS, lateMs: DAY_MS, jobFilesMax: 1.5,
};

test('[issue 14 3] files of a day in progress that are full by their rows are not put together again, however few bytes they have', () => {
  // Many columns, most of them empty: the memory given allows few rows, and these are few bytes.
  const table = new SimulatedTable({ ...LIMITS, rowsMax: 100, openBytesMin: 4000 });
  for (let flush = 0; flush < 20; flush += 1) {
    const from = START_MS + flush * 10 * MINUTE_MS;
    table.flush(Array.from({ length: 90 }, (_, row) => from + row * 6000), from + 10 * MINUTE_MS);
    table.compact();
  }
  table.assertWhole();
  assert.ok(table.writtenAnew <= 2 * table.rows, `${table.writtenAnew / table.rows} times`);
});

test('[issue 14 3] rows of one minute that are more than a file holds are written anew once', () => {
  for (const rows of [4100, 5100, 6000, 9000]) {
    const table = new SimulatedTable(LIMITS);
    for (let batch = 0; batch < 2; batch += 1) table.flush(Array.from({ length: rows / 2 }, () => START_MS + batch), START_MS + HOUR_MS);
    table.passTo(START_MS + 10 * DAY_MS);
    table.assertWhole();
    assert.ok(table.writtenAnew <= 1.5 * rows, `${rows} rows: ${table.writtenAnew / rows} times`);
    // What comes late is still put together with them.
    table.flush([START_MS, START_MS + 5], START_MS + 10 * DAY_MS);
    table.passTo(START_MS + 12 * DAY_MS);
    assert.ok(table.files.every(({ isMerged }) => isMerged));
    assert.ok(table.writtenAnew <= 3 * rows, `${rows} rows and two late ones: ${table.writtenAnew / rows} times`);
  }
});

test('[issue 14 3] days whose rows are larger than those of others go into one file with them, once', () => {
  // Each of these days is small; by the mean of both the second would not be.
  const table = new SimulatedTable(LIMITS, (ms) => (ms < START_MS + DAY_MS ? 2 : 0.1));
  for (const [day, rows] of [[0, 100], [1, 1900]] as const) {
    for (let part = 0; part < 2; part += 1) table.flush(Array.from({ length: rows / 2 }, (_, n) => START_MS + day * DAY_MS + n * 20_000), START_MS + 2 * DAY_MS);
  }
  table.passTo(START_MS + 40 * DAY_MS);
  table.assertWhole();
  assert.equal(table.files.length, 1);
  assert.ok(table.writtenAnew <= 2 * table.rows);
});

test('[issue 14 3] late points of many days that wait are put together once', () => {
  const table = new SimulatedTable({ ...LIMITS, openFilesMax: 2 });
  const now = START_MS + 60 * DAY_MS;
  const rows = (from: number, count: number, step: number): number[] => Array.from({ length: count }, (_, n) => START_MS + from + n * step);
  // Full files that overlap, and what came late for them: too little to read these again.
  for (const from of [0, DAY_MS]) table.add(rows(from, 3000, 50_000), now);
  for (const day of [0, 1]) table.flush(rows(day * DAY_MS + HOUR_MS, 260, MINUTE_MS), now);
  table.compact();
  assert.deepEqual(table.files.map(({ isMerged }) => isMerged), [true, true, true, true]);
  assert.equal(table.writtenAnew, 520);
  table.assertWhole();
});

test('[issue 14 3] whatever limits and times there are, planning ends and loses nothing', () => {
  for (let seed = 1; seed <= fuzzCount(4); seed += 1) {
    const random = new Random(seed);
    const rowsMax = 20 + random.below(4000), bytesMax = 20 + random.below(4000);
    const table = new SimulatedTable({ ...LIMITS, rowsMax, bytesMax, smallBytes: random.below(1000), openBytesMin: random.below(4000), openFilesMax: 2 + random.below(15) }, (ms) => 0.2 + (Math.floor(ms / DAY_MS) % 5));
    const step = [1, MINUTE_MS, HOUR_MS, DAY_MS][random.below(4)]!;
    let now = START_MS;
    for (let flush = 0; flush < 150; flush += 1) {
      now += random.below(3 * HOUR_MS);
      const rows = Array.from({ length: 1 + random.below(random.chance(0.2) ? 2 * rowsMax : 60) }, () => now - random.below(random.chance(0.1) ? 20 * DAY_MS : HOUR_MS));
      table.flush(rows.map((ms) => Math.floor(ms / step) * step), now);
      table.compact();
    }
    const before = table.writtenAnew;
    table.passTo(now + 3 * DAY_MS);
    const settled = table.writtenAnew;
    table.passTo(now + 5 * DAY_MS);
    table.assertWhole();
    assert.ok(table.writtenAnew - settled <= table.rows, `seed ${seed}: ${(table.writtenAnew - settled) / table.rows} times when nothing came any more`);
    assert.ok(before <= 30 * table.rows, `seed ${seed}: ${before / table.rows} times`);
  }
});
