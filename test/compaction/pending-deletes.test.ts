/** Which files deletes have written anew, and when a delete is done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeleteJob } from '../../src/compaction/delete-job.js';
import { limitsFor } from '../../src/compaction/limits.js';
import { PendingDeletes } from '../../src/compaction/pending-deletes.js';
import { covers, FIRST_NS, LAST_NS, mayHoldDeleted, type Tombstone } from '../../src/model/tombstone.js';
import type { LiveFile } from '../../src/tables/delta/file-list.js';
import { makeCatalog, need } from '../catalog/harness.js';

const DAY_MS = 86_400_000;
const ALL = { firstNs: String(FIRST_NS), lastNs: String(LAST_NS), tags: [] };
const LIMITS = limitsFor({ cpuShare: 1, memoryBytesMax: 1 << 29 }, [], 1);

function file(path: string, day: number, more: Partial<LiveFile & { rows: number }> = {}): LiveFile & { rows: number; firstMs: number; lastMs: number } {
  const [firstMs, lastMs] = [day * DAY_MS, day * DAY_MS + 1000];
  return { path, bytes: 1000, rows: 10, span: { firstMs, lastMs, hasPointsOnce: false }, firstMs, lastMs, leastSeq: 1, deletedTo: 0, addedMs: 0, isMerged: false, isWhole: true, ...more };
}

test('[issue 14 4] a file may hold deleted rows by its times, its least seq, and the deletes that it was written without', () => {
  const day: Tombstone = { database: 1, table: 1, seq: 100, firstNs: String(BigInt(DAY_MS) * 1_000_000n), lastNs: String(BigInt(2 * DAY_MS) * 1_000_000n - 1n), tags: [] };
  for (const [may, which, each] of [
    [true, 'of the day', file('a', 1)], [false, 'of the day before', file('b', 0)], [false, 'of two days later', file('c', 3)], [false, 'written later', file('d', 1, { leastSeq: 101 })],
    [false, 'without its rows', file('e', 1, { deletedTo: 100 })], [true, 'without those of another', file('f', 1, { deletedTo: 99 })],
    [true, 'of unknown seqs', file('g', 1, { leastSeq: null })], [true, 'of unknown times', file('h', 0, { span: null })],
  ] as const) assert.equal(mayHoldDeleted(day, each), may, which);
});

test('[issue 14 4] a delete takes the place of those whose rows it takes as well', () => {
  const base: Tombstone = { database: 1, table: 1, seq: 10, firstNs: '5', lastNs: '9', tags: [['a', 'x']] };
  assert.ok(covers({ ...base, seq: 11 }, base));
  assert.ok(covers({ ...base, table: null, firstNs: '4', tags: [] }, base));
  for (const narrower of [{ table: 2 }, { database: 2 }, { firstNs: '6' }, { lastNs: '8' }, { tags: [['a', 'y']] as const }, { tags: [['a', 'x'], ['b', 'z']] as const }]) {
    assert.ok(!covers({ ...base, ...narrower }, base), JSON.stringify(narrower));
  }
});

test('[issue 14 4] a job for deletes takes the files of one day that may hold their rows, full ones too, and no others', () => {
  const tombstones: Tombstone[] = [{ ...ALL, database: 1, table: 1, seq: 100 }];
  const full = { bytes: 200 << 20, rows: 3_000_000, isMerged: true };
  const files = [file('a', 1), file('b', 1), file('clean', 1, { deletedTo: 100 }), file('full', 2, full), file('late', 2, { leastSeq: 200 })];
  const none = (): boolean => false;
  const first = nextDeleteJob(files, tombstones, none, LIMITS)!;
  assert.deepEqual([first.files.map(({ path }) => path), first.beside.map(({ path }) => path), first.isOneFile], [['a', 'b'], ['clean'], false]);
  const second = nextDeleteJob(files.slice(2), tombstones, none, LIMITS)!;
  assert.deepEqual([second.files.map(({ path }) => path), second.beside.map(({ path }) => path), second.isOneFile], [['full'], ['late'], true]);
  assert.equal(nextDeleteJob(files.slice(2), tombstones, (path, seq) => path === 'full' && seq === 100, LIMITS), null, 'it was read, and had no such row');
  assert.equal(nextDeleteJob(files, [], none, LIMITS), null);
});

test('[issue 14 4] a delete is done when no file, memory or quarantine of any of its tables may hold its rows', async () => {
  const { catalog, list } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, [need('a', 'v'), need('b', 'v')]);
  const [a, b] = catalog.tables(id) as [ReturnType<typeof catalog.tables>[number], ReturnType<typeof catalog.tables>[number]];
  await catalog.deleteRows({ ...ALL, database: id, table: null });
  await catalog.decide(id, [need('later', 'v')]);
  const [{ seq }] = catalog.tombstones() as [Tombstone];
  let isQuarantined = false;
  const deletes = new PendingDeletes({ catalog, firstUnflushed: () => Infinity, hasOtherRows: () => isQuarantined });
  const isPending = async (): Promise<boolean> => {
    await deletes.end();
    return catalog.tombstones().length > 0;
  };
  deletes.noteLooked(b, [], Infinity);
  for (const [what, files, firstUnflushed, quarantined] of [
    ['a file', [file('f', 1)], Infinity, false], ['memory', [], seq - 1, false], ['quarantine', [], Infinity, true],
  ] as const) {
    isQuarantined = quarantined;
    deletes.noteLooked(a, files, firstUnflushed);
    assert.ok(await isPending(), what);
  }
  isQuarantined = false;
  deletes.noteClean(a.id, ['f'], catalog.tombstones());
  deletes.noteLooked(a, [file('f', 1)], seq + 1);
  assert.ok(!(await isPending()), 'the table that was made later does not matter');
  assert.deepEqual(list.last(), { deletesDone: [seq] });
});
