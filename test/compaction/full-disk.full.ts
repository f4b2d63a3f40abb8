/** Files put together on a disk that has no room for it, or none any more: nothing is lost, it is said, and all is done once there is room. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SmallDisk } from '../clients/telegraf/small-disk.js';
import { sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { Random } from '../fuzz/random.js';
import { ForeignTable } from './foreign-table.js';
import { Model } from './model.js';

const BYTES = 48 << 20;
const FILES = 2000;
const SEED = 5;
/** What a job makes one after another: its first file, a note of those that go, a commit. */
const FILES_LEFT = [0, 1, 2, 3, 4, 5, 6];

type Full = readonly [what: string, fill: (disk: SmallDisk) => void, empty: (disk: SmallDisk) => void];

const BEFORE: readonly Full[] = [
  ['no byte is left', (disk) => disk.fill(), (disk) => disk.empty()],
  ...FILES_LEFT.map((left): Full => [`${left} files are left`, (disk) => disk.fillWithFiles(left), (disk) => disk.removeFiles()]),
];

test('[issue 14 3] compaction on a disk without room', async (t) => {
  const top = mkdtempSync(join(tmpdir(), 'sl-'));
  const disk = SmallDisk.mount(top, BYTES, FILES);
  if (typeof disk === 'string') {
    rmSync(top, { recursive: true, force: true });
    return t.skip(disk);
  }
  const dataDir = join(top, 'd');
  const foreign = await ForeignTable.open(join(dataDir, 'tables/db/m'));
  try {
    const [model, random] = [new Model(), new Random(SEED)];
    const engine = await open(dataDir, { 'disk-reserve': '0B' });
    const flushed = async (): Promise<void> => {
      await store(engine, 'db', ...model.randomLines(random, 60, 1));
      await engine.control.run('flush', { database: 'db' });
    };
    const compacted = () => engine.control.run('compact', { database: 'db' });
    const live = (): number => foreign.live().length;
    let failures = 0;
    for (const [what, fill, empty] of BEFORE) {
      await flushed();
      await flushed();
      const before = await foreign.points(engine);
      assert.equal(before.length, model.points.size);
      const files = live();
      fill(disk);
      const { failed } = await compacted();
      if (failed.length > 0) {
        failures += 1;
        assert.match(failed[0]!.reason, /no room|ENOSPC|no space left/i, what);
        assert.equal(live(), files, `${what}: the table is as it was`);
      }
      empty(disk);
      assert.deepEqual(await foreign.points(engine), before, what);
      assert.deepEqual((await compacted()).failed, [], what);
      assert.equal(live(), 1, what);
      assert.deepEqual(await foreign.points(engine), before, what);
    }
    t.diagnostic(`${failures} of ${BEFORE.length} jobs failed`);
    assert.ok(failures >= 2, `${failures} jobs failed`);
    // Others fill it while the thread is at it.
    await flushed();
    await flushed();
    const before = await foreign.points(engine);
    const job = compacted();
    disk.fill();
    await job;
    disk.empty();
    assert.deepEqual(await foreign.points(engine), before);
    assert.deepEqual((await compacted()).failed, []);
    assert.deepEqual([live(), await foreign.points(engine)], [1, before]);
    const left = readdirSync(join(dataDir, 'tables/db/m')).filter((name) => /-c\d+\.parquet$/.test(name));
    assert.ok(left.length <= BEFORE.length + 2, `what failed jobs made is gone, but ${left.length} files are there`);
    await engine.stop();
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    foreign.close();
    disk.unmount();
    rmSync(top, { recursive: true, force: true });
  }
});
