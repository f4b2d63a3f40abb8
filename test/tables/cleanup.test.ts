/** The trash is emptied after its time, whatever was done to the clock. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemDisk as disk } from '../../src/disk.js';
import { makeLogger } from '../../src/logging.js';
import { dataPaths } from '../../src/names.js';
import { Cleanup } from '../../src/tables/cleanup.js';
import { FakeClock } from '../http/fake-clock.js';
import { tablesStore } from './memory.js';

const HOUR_MS = 3_600_000;

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
