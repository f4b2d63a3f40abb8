/** What compaction plans, played through years with files that are lists of times: nothing is read, nothing is timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutsOf } from '../../src/compaction/cuts.js';
import { eager } from '../../src/compaction/limits.js';
import { MINUTE_MS } from '../../src/compaction/minutes.js';
import { nextJob, type PlannedFile, type PlanLimits } from '../../src/compaction/plan.js';
import { fuzzCount, Random } from '../fuzz/random.js';
import { SimulatedTable } from './simulated-table.js';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1);

/** As by default, in rows of one byte: a full file has 4,000 rows, a small one less than 250. */
const LIMITS: PlanLimits = {
  rowsMax: 4000, bytesMax: 4000, smallBytes: 250, openFilesMax: 16, openBytesMin: 64, settleMs: HOUR_MS, wideMs: HOUR_MS, lateMs: DAY_MS, jobFilesMax: 16,
};

test('[issue 14 3] a table of 100 rows a day has at most 45 files in a year, and few of each year before', () => {
  // A row of some 40 bytes: thousands of days are a full file.
  const table = new SimulatedTable({ ...LIMITS, rowsMax: 4_000_000, bytesMax: 6_400_000, smallBytes: 400_000, openBytesMin: 100_000 });
  let most = 0;
  for (let day = 0; day < 3 * 365; day += 1) {
    for (let flush = 0; flush < 4; flush += 1) {
      const from = START_MS + day * DAY_MS + flush * 6 * HOUR_MS;
      // Rows wait in memory for some minutes, so that one flush a day goes over midnight.
      table.flush(Array.from({ length: 25 }, (_, n) => from + n * 14 * MINUTE_MS - 5 * MINUTE_MS), from + 6 * HOUR_MS);
      table.compact();
      if (day < 365) most = Math.max(most, table.files.length);
    }
  }
  assert.ok(most <= 45, `${most} files`);
  assert.ok(table.files.length <= 45, `${table.files.length} files after three years`);
  table.assertWhole();
});

test('[issue 14 3] a busy past day is one file for each that is full, and each row was written anew twice at most', () => {
  const table = new SimulatedTable(LIMITS);
  const random = new Random(5);
  const days = 4;
  for (let minute = 0; minute < days * 24 * 60; minute += 10) {
    const end = START_MS + minute * MINUTE_MS;
    // Two workers, a second late here and there.
    for (let worker = 0; worker < 2; worker += 1) table.flush(Array.from({ length: 60 }, () => end - random.below(10 * MINUTE_MS + 1000)), end);
    table.compact();
  }
  table.passTo(START_MS + (days + 2) * DAY_MS);
  const full = (days * 24 * 6 * 120) / LIMITS.rowsMax;
  assert.ok(table.files.length <= full + days + 1, `${table.files.length} files, ${full} full ones`);
  assert.equal(table.overlaps(), 0);
  assert.ok(table.writtenAnew <= 2.2 * table.rows, `${table.writtenAnew / table.rows} times`);
  table.assertWhole();
});

test('[issue 14 3] late points, wrong clocks and years at once end as files that do not overlap, and the planning ends', () => {
  for (let seed = 1; seed <= fuzzCount(2); seed += 1) {
    const random = new Random(seed);
    const table = new SimulatedTable(LIMITS);
    let now = START_MS;
    for (let flush = 0; flush < 400; flush += 1) {
      now += random.below(8 * HOUR_MS);
      const rows = Array.from({ length: 1 + random.below(random.chance(0.05) ? 6000 : 80) }, () => now - random.below(20 * MINUTE_MS));
      if (random.chance(0.2)) for (let late = 1 + random.below(5); late > 0; late -= 1) rows.push(now - random.below(60 * DAY_MS));
      if (random.chance(0.05)) rows.push(random.chance(0.5) ? random.below(1_000_000) : Date.UTC(2036, 5, 5) + random.below(DAY_MS));
      if (random.chance(0.02)) for (let day = 0; day < 700; day += 1) rows.push(now - day * DAY_MS);
      table.flush(rows, now);
      table.compact();
    }
    if (seed % 2 === 0) table.compact(eager(LIMITS));
    table.passTo(Date.UTC(2037, 0, 1));
    table.assertWhole();
    assert.equal(table.overlaps(), 0, `seed ${seed}`);
    assert.ok(table.files.length <= table.rows / (LIMITS.smallBytes / 2) + 20, `seed ${seed}: ${table.files.length} files of ${table.rows} rows`);
    assert.ok(table.writtenAnew <= 20 * table.rows, `seed ${seed}: ${table.writtenAnew / table.rows} times`);
  }
});

test('[issue 14 3] one host whose clock is decades ahead or behind does not make files without end', () => {
  const table = new SimulatedTable(LIMITS);
  for (let flush = 0; flush < 2000; flush += 1) {
    const now = START_MS + flush * HOUR_MS;
    table.flush([flush * 1000, ...Array.from({ length: 20 }, (_, n) => now - n * MINUTE_MS), Date.UTC(2036, 0, 1) + flush * 1000], now);
    table.compact();
    assert.ok(table.files.length < flush / 24 + 70, `${table.files.length} files after ${flush} flushes`);
  }
  table.assertWhole();
});

test('[issue 14 3] a full file is not touched for a point that came late today', () => {
  const file = { path: 'full', bytes: 3000, rows: 3000, firstMs: START_MS, lastMs: START_MS + DAY_MS - 1, addedMs: START_MS + DAY_MS, isMerged: true };
  const late = { path: 'late', bytes: 10, rows: 10, firstMs: START_MS + HOUR_MS, lastMs: START_MS + 2 * HOUR_MS, addedMs: START_MS + 5 * DAY_MS, isMerged: false };
  assert.equal(nextJob([file, late], late.addedMs + DAY_MS - 1, LIMITS), null);
  assert.deepEqual(nextJob([file, late], late.addedMs + DAY_MS, LIMITS), { files: [file, late], untilMs: null, isOneFile: false, beside: [] });
});

test('[issue 14 3] a job knows the files beside it that may hold versions of its points', () => {
  const of = (path: string, hour: number, hours: number, bytes: number): PlannedFile =>
    ({ path, bytes, rows: bytes, firstMs: START_MS + hour * HOUR_MS, lastMs: START_MS + (hour + hours) * HOUR_MS, addedMs: START_MS + hour * HOUR_MS, isMerged: false });
  const small = Array.from({ length: 16 }, (_, n) => of(`small-${n}`, n, 1, 10));
  const [large, apart] = [of('large', 3, 2, 3000), of('apart', 20, 1, 3000)];
  const job = nextJob([...small, large, apart], START_MS + 22 * HOUR_MS, LIMITS)!;
  assert.deepEqual([job.files.map(({ path }) => path), job.beside], [small.map(({ path }) => path), [large]]);
});

test('[issue 14 3] rows are cut at the days that have many, and at the months and years that have few', () => {
  const minutes = (from: number, count: number, step: number, rows: number): [number, number][] =>
    Array.from({ length: count }, (_, n) => [(from + n * step) / MINUTE_MS, rows]);
  const now = Date.UTC(2026, 6, 1);
  const cuts = (all: [number, number][], untilMs: number | null = null): string[] =>
    cutsOf({ minutes: all, rowBytes: 1, untilMs }, now, LIMITS).map((ms) => new Date(ms).toISOString().slice(0, 16));
  // Two years ago ten rows a month; this year ten a day; 10,000 in a day.
  const few = Array.from({ length: 12 }, (_, month): [number, number] => [Date.UTC(2024, month, 3) / MINUTE_MS, 10]);
  assert.deepEqual(cuts(few), []);
  assert.deepEqual(cuts([...few, ...minutes(Date.UTC(2026, 3, 30), 2, DAY_MS, 10)]), ['2026-04-30T00:00', '2026-05-01T00:00']);
  assert.deepEqual(cuts(minutes(Date.UTC(2026, 5, 29), 3, DAY_MS, 10)), ['2026-06-30T00:00', '2026-07-01T00:00'], 'its month is not past');
  assert.deepEqual(cuts(minutes(Date.UTC(2026, 2, 2), 1000, MINUTE_MS, 10)), ['2026-03-02T05:34', '2026-03-02T11:08'], 'three files for 10,000 rows');
  assert.deepEqual(cuts(minutes(Date.UTC(2026, 2, 2), 10, HOUR_MS, 10), Date.UTC(2026, 2, 2, 7)), ['2026-03-02T07:00']);
});
