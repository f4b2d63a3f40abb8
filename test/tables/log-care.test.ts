/** Checkpoints in a thread of their own, behind the commits: when they come, what they cost, and what happens when they fail. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/clock.js';
import { systemDisk } from '../../src/disk.js';
import { makeLogger } from '../../src/logging.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import { checkpointName, dataPaths, lastCheckpointName } from '../../src/names.js';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import { LogCare } from '../../src/tables/log-care.js';
import { LogThread, type CareOrder, type CareResult } from '../../src/tables/log-thread.js';
import { tablesStore } from './memory.js';
import { flush, FOLDER, NODE, optionsOf } from './table-scene.js';

/** A table in a folder of this machine, its log cared for as in the server. */
async function scene(t: TestContext, care?: (order: CareOrder) => Promise<CareResult>) {
  const folder = mkdtempSync(join(tmpdir(), 'sl-care-'));
  const paths = dataPaths(folder);
  const thread = new LogThread({ root: paths.tables, tmp: paths.tmp('now') }, systemClock);
  t.after(async () => {
    await thread.close();
    rmSync(folder, { recursive: true });
  });
  const settled: CareResult[] = [];
  const troubles = new MaintenanceTroubles(systemClock);
  let waiting: (() => void) | null = null;
  const logCare = new LogCare({
    care: async (order) => {
      try {
        const result = await (care ?? ((each) => thread.care(each)))(order);
        settled.push(result);
        return result;
      } finally {
        setImmediate(() => waiting?.());
      }
    },
    clock: systemClock, logger: makeLogger('silent'), troubles, node: NODE, logAgeMs: 0, seqMax: () => 1e9,
  });
  const options: CommitterOptions = optionsOf(tablesStore(systemDisk, paths, 'now'), {
    readCheckpoint: (names, version) => thread.read(names, version),
    onLong: (expected) => logCare.want({ tableId: 7, folder: FOLDER, expected }),
  });
  const names = (): string[] => readdirSync(join(paths.tables, FOLDER, '_delta_log'));
  const quiet = async (): Promise<void> => {
    while (logCare.isAt(7)) await new Promise<void>((resolve) => (waiting = resolve));
  };
  return { logCare, names, options, paths, quiet, settled, thread, troubles };
}

test('[issue 14 1] every 50th commit gets a checkpoint behind it, old commits go, and the table opens from there', async (t) => {
  const { logCare, names, options, quiet, settled } = await scene(t);
  const committer = await TableCommitter.open(options);
  for (let seq = 1; seq <= 120; seq += 1) {
    await flush(committer, seq);
    if (seq % 50 === 1) await quiet();
  }
  await quiet();
  assert.deepEqual(settled.map((made) => made?.version), [50, 100]);
  assert.deepEqual(logCare.counts, { checkpoints: 2, logFilesRemoved: 50 + 51 });
  assert.deepEqual([names().includes(checkpointName(100)), names().includes(lastCheckpointName), names().length], [true, true, 22]);
  const again = await TableCommitter.open({ ...options, committedTo: 120 });
  assert.deepEqual({ ...again.state, checkpoint: null }, committer.state);
  assert.deepEqual((await again.look()).files, (await committer.look()).files);
});

test('[issue 14 1] a commit waits for no checkpoint; one that fails is tried again when the next is due', async (t) => {
  const tell: ((error: Error) => void)[] = [];
  const { logCare, options, quiet, troubles } = await scene(t, () => new Promise((_, reject) => tell.push(reject)));
  const committer = await TableCommitter.open(options);
  for (let seq = 1; seq <= 101; seq += 1) await flush(committer, seq);
  assert.deepEqual([logCare.isAt(7), tell.length], [true, 1], 'it is under way all the time');
  tell[0]!(new Error('the disk is full'));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([logCare.isAt(7), tell.length], [true, 2], 'the next was wanted meanwhile');
  assert.match(troubles.sentences().join(), /^checkpoint of table .* fails since .*, and is tried again: the disk is full$/);
  logCare.stop();
  tell[1]!(new Error('stopped'));
  await quiet();
  assert.deepEqual(logCare.counts, { checkpoints: 0, logFilesRemoved: 0 });
});

test('[issue 14 1] the thread says what is wrong, is there again after its end, and gives up when it is closed', async (t) => {
  const { names, options, paths, thread } = await scene(t);
  const committer = await TableCommitter.open(options);
  await flush(committer, 1);
  const order: CareOrder = { folder: FOLDER, node: NODE, seqMax: 1e9, expected: { version: 0, flushedTo: 1 }, logAgeMs: 0, nowMs: 5 };
  await assert.rejects(thread.care({ ...order, seqMax: 0 }), /commit 0 cannot be read: it is of seq 1, which was never given/);
  const [made, none] = await Promise.all([thread.care(order), thread.care(order)]);
  assert.deepEqual([made?.files, made?.filesGone, none], [1, 0, null]);
  const path = `${FOLDER}/_delta_log/${checkpointName(0)}`;
  const { isOurs, lines } = await thread.read([path], 0);
  assert.equal(isOurs, true);
  const { add } = JSON.parse(lines.find((line) => line.startsWith('{"add"'))!) as { add: object };
  assert.deepEqual(add, { path: '3fa9c1e2-0000000000000001-0.parquet', size: 1200, modificationTime: 1, stats: '{"numRecords":3,"minValues":{},"maxValues":{}}' });
  writeFileSync(join(paths.tables, path), 'damaged');
  await assert.rejects(thread.read([path], 0));
  await assert.rejects(thread.read([`${FOLDER}/_delta_log/${checkpointName(7)}`], 7), /is gone/);
  const reading = thread.read([path], 0);
  await Promise.all([assert.rejects(reading), thread.close()]);
  await assert.rejects(thread.care(order), /the server is being stopped/);
  assert.deepEqual(names().filter((name) => name.includes('tmp')), []);
});
