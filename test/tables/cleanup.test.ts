/** The trash is emptied after its time, whatever was done to the clock. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemDisk as disk } from '../../src/disk.js';
import type { Table } from '../../src/catalog/catalog.js';
import { makeLogger } from '../../src/logging.js';
import { dataFileName, dataPaths, mergedFileName } from '../../src/names.js';
import { Cleanup } from '../../src/tables/cleanup.js';
import { TableCommitter } from '../../src/tables/commit.js';
import { FakeClock } from '../http/fake-clock.js';
import { tablesStore } from './memory.js';
import { flush, flushedFile, FOLDER, NODE, optionsOf } from './table-scene.js';

const HOUR_MS = 3_600_000;

/** A table of two commits, one of its files shorter than it says or not, and files that no commit named. */
async function leftovers(t: TestContext, { isShort, names, unfinishedFrom = Infinity }: { isShort: boolean; names: readonly string[]; unfinishedFrom?: number }): Promise<{ trash: string[]; quarantined: string[]; stay: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sl-left-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = dataPaths(folder);
  const store = tablesStore(disk, paths, 'now');
  const cleanup = new Cleanup({ disk, paths, store, clock: new FakeClock(), logger: makeLogger('silent'), node: NODE });
  const written = async (name: string, bytes: number): Promise<void> => {
    const file = await store.put(`${FOLDER}/${name}`);
    await file.write(Buffer.from(`PAR1${'x'.repeat(bytes - 8)}PAR1`));
    await file.publish();
  };
  const before = await TableCommitter.open(optionsOf(store));
  for (const seq of [1000, 2000]) {
    await flush(before, seq);
    await written(dataFileName(NODE, seq, 0), flushedFile(seq).bytes - (isShort && seq === 1000 ? 1 : 0));
  }
  for (const name of names) await written(name, 100);
  const table = { id: 7, folder: FOLDER, created: 1, flushedTo: 2000 } as Table;
  const { files } = await cleanup.moveOrphans(table, await TableCommitter.open(optionsOf(store)), { isLogWhole: true, mayBeUnfinished: (number) => number >= unfinishedFrom });
  const bare = (name: string): string => name.replace(/^\d+-(?:7-)?(?=3fa)/, '');
  return { trash: (await disk.list(paths.trash)).map(bare), quarantined: files.map(bare), stay: (await store.list(FOLDER)).filter((name) => names.includes(name)) };
}

test('[issue 14 1] a merged file without a commit goes to trash when nothing of its table is missing, and to quarantine when something is', async (t) => {
  const [merged, later, flushed] = [mergedFileName(NODE, 2000, 1), mergedFileName(NODE, 2001, 2), dataFileName(NODE, 3000, 0)] as const;
  const others = [mergedFileName('0000000b', 2000, 1), 'part-0.parquet'];
  const names = [merged, later, flushed, ...others];
  assert.deepEqual(await leftovers(t, { isShort: false, names }), { trash: [merged, flushed], quarantined: [later], stay: others.toSorted() });
  assert.deepEqual(await leftovers(t, { isShort: true, names }), { trash: [flushed], quarantined: [merged, later], stay: others.toSorted() });
});

test('[issue 14] what a job left that is noted as not ended goes to trash, though a live file is damaged: read from quarantine, its old values would be the newest', async (t) => {
  const [earlier, unfinished, next] = [1, 2, 3].map((number) => mergedFileName(NODE, 2000, number)) as [string, string, string];
  const left = await leftovers(t, { isShort: true, names: [earlier, unfinished, next], unfinishedFrom: 2 });
  assert.deepEqual(left, { trash: [unfinished, next], quarantined: [earlier], stay: [] });
});

test('what was dropped goes an hour later: also where its time is of a clock that was ahead, and not at once when the clock is set ahead', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sl-trash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = dataPaths(folder);
  const clock = new FakeClock();
  const cleanup = new Cleanup({ disk, paths, store: tablesStore(disk, paths, 'now'), clock, logger: makeLogger('silent'), node: '0a1b2c3d' });
  const names = { ahead: `${clock.nowMs() + 24 * HOUR_MS}-1`, old: `${clock.nowMs() - HOUR_MS}-2`, fresh: `${clock.nowMs()}-3`, foreign: 'notes' };
  await disk.makeFolder(paths.trash);
  for (const name of Object.values(names)) await disk.makeFolder(`${paths.trash}/${name}`);
  const left = async (): Promise<string[]> => {
    await cleanup.emptyTrash();
    return disk.list(paths.trash);
  };
  const sorted = (...some: (keyof typeof names)[]): string[] => some.map((key) => names[key]).toSorted();
  assert.deepEqual(await left(), sorted('ahead', 'fresh', 'foreign'));
  clock.jump(240 * HOUR_MS);
  assert.deepEqual(await left(), sorted('ahead', 'fresh', 'foreign'));
  clock.advance(HOUR_MS - 1);
  assert.deepEqual(await left(), sorted('ahead', 'fresh', 'foreign'));
  clock.advance(1);
  assert.deepEqual(await left(), sorted('foreign'));
});
