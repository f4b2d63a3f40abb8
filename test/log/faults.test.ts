/** The n-th operation on the disk fails, for every n: nothing acknowledged is lost, and the log heals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../src/errors.js';
import type { Log } from '../../src/log/log.js';
import { MemoryDisk, type FaultKind } from '../fault/memory-disk.js';
import { append, assertNoneMissed, bodies, open, segmentPaths, type Opened } from './harness.js';

const OPTIONS = { segmentBytesMax: 800 };
const KINDS: readonly FaultKind[] = ['open', 'write', 'short-write', 'sync', 'syncFolder', 'close', 'any'];
const N_MAX = 500;

const isLogFailed = (error: unknown) => error instanceof SluiceError && error.code === 'log-failed';

interface Run {
  readonly acknowledged: Map<number, string>;
  readonly givenUp: Set<number>;
  failures: number;
}

async function openDespite(disk: MemoryDisk): Promise<Opened> {
  try {
    return await open(disk, OPTIONS);
  } catch (error) {
    assert.match((error as Error).message, /EIO/);
    disk.healFaults();
    return open(disk, OPTIONS);
  }
}

/** Heals as the engine does: again and again, the fault ending after the second time. */
async function heal(log: Log, disk: MemoryDisk): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await log.heal();
    } catch (error) {
      assert.ok(isLogFailed(error), String(error));
      assert.throws(() => append(log, 'refused'), isLogFailed);
      assert.ok(attempt < 4, 'the log does not heal');
      if (attempt === 2) disk.healFaults();
    }
  }
}

async function runGroups(log: Log, disk: MemoryDisk, run: Run): Promise<void> {
  for (let group = 0; group < 8; group += 1) {
    const appended = ['a', 'b', 'c'].map((name) => ({ ...append(log, `${name}${group}`.repeat(30)), body: `${name}${group}`.repeat(30) }));
    const results = await Promise.allSettled(appended.map(({ synced }) => synced));
    appended.forEach(({ seq, body }, i) => {
      if (results[i]!.status === 'fulfilled') run.acknowledged.set(seq, body);
      else run.givenUp.add(seq);
    });
    if (results.every(({ status }) => status === 'fulfilled')) continue;
    for (const result of results) if (result.status === 'rejected') assert.ok(isLogFailed(result.reason));
    run.failures += 1;
    await heal(log, disk);
  }
}

for (const kind of KINDS) {
  for (const how of ['once', 'sticky'] as const) {
    test(`the n-th ${kind} fails, ${how}`, async () => {
      let n = 1;
      for (; n < N_MAX; n += 1) {
        const disk = new MemoryDisk();
        disk.failNth(kind, n, how);
        const run: Run = { acknowledged: new Map(), givenUp: new Set(), failures: 0 };
        const { log, failures } = await openDespite(disk);
        await runGroups(log, disk, run);
        assert.equal(failures.length, run.failures, `n = ${n}`);
        await check(log, disk, run, n);
        if (!disk.struck) break;
      }
      assert.ok(n > 1 && n < N_MAX, `${n} runs`);
    });
  }
}

async function check(log: Log, disk: MemoryDisk, run: Run, n: number): Promise<void> {
  disk.healFaults();
  const last = append(log, 'healed');
  await last.synced;
  run.acknowledged.set(last.seq, 'healed');
  assert.deepEqual(await bodies(log), run.acknowledged, `n = ${n}, read back`);
  for (const policy of ['drop-unsynced', 'keep-all'] as const) {
    const again = await open(disk.crash(policy), OPTIONS);
    assertNoneMissed(again, `n = ${n}, ${policy}`);
    assert.deepEqual(await bodies(again.log), run.acknowledged, `n = ${n}, ${policy}`);
  }
}

test('a segment whose sync failed is never written again', async () => {
  const disk = new MemoryDisk();
  const { log, failures } = await open(disk);
  const kept = append(log, 'kept');
  await kept.synced;
  disk.failNth('sync', 1, 'once');
  const lost = append(log, 'lost');
  await lost.written;
  await assert.rejects(lost.synced, isLogFailed);
  assert.deepEqual(failures, [kept.seq]);
  assert.throws(() => append(log, 'refused'), isLogFailed);
  const [path] = await segmentPaths(disk);
  const before = disk.content(path!);
  await log.heal();
  await append(log, 'new').synced;
  assert.deepEqual(disk.content(path!), before);
  assert.deepEqual([...(await bodies(log)).values()], ['kept', 'new']);
  const again = await open(disk.crash('keep-all'));
  assert.deepEqual([...(await bodies(again.log)).values()], ['kept', 'new']);
  assert.equal(again.scan.framesCount, 2);
});

test('frames that waited behind a failed write are given up with it', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  await append(log, 'kept').synced;
  disk.failNth('write', 1, 'once');
  const first = append(log, 'being written');
  await Promise.resolve();
  const second = append(log, 'waiting');
  const results = await Promise.allSettled([first.written, first.synced, second.written, second.synced]);
  assert.deepEqual(results.map(({ status }) => status), Array(4).fill('rejected'));
  await log.heal();
  assert.equal((await bodies(log)).size, 1);
});

test('a failed attempt to heal leaves no file behind', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  await append(log, 'kept').synced;
  disk.failNth('write', 1, 'sticky');
  await assert.rejects(append(log, 'lost').synced, isLogFailed);
  for (let i = 0; i < 5; i += 1) await assert.rejects(log.heal(), isLogFailed);
  assert.equal((await segmentPaths(disk)).length, 1);
  disk.healFaults();
  await Promise.all([log.heal(), log.heal()]);
  assert.equal((await segmentPaths(disk)).length, 2);
});

test('the list of what was given up outlives the segment where it stands', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk, OPTIONS);
  await append(log, 'kept', { tableIds: [1] }).synced;
  disk.failNth('sync', 1, 'once');
  await assert.rejects(append(log, 'lost', { tableIds: [2] }).synced);
  await log.heal();
  for (let i = 0; i < 3; i += 1) await append(log, 'x'.repeat(700), { tableIds: [3] }).synced;
  assert.deepEqual(log.segments().map(({ lastByTable }) => [...lastByTable.keys()]), [[1], [], [3], [3], [3]]);
  const isDone = ({ lastByTable }: { lastByTable: ReadonlyMap<number, number> }) => !lastByTable.has(1);
  assert.equal(await log.trim(isDone), 2);
  const again = await open(disk.crash('keep-all'), OPTIONS);
  assert.deepEqual([...(await bodies(again.log)).values()].map((body) => body.slice(0, 4)), ['kept', 'xxxx']);
  assert.equal(await log.trim(() => true), 1);
  assert.equal(await log.trim(() => true), 1);
  assert.equal(log.segments().length, 1);
});

test('a start on a disk that takes no more bytes leaves damage as it is and says so', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  const { seq, synced } = append(log, 'kept');
  await synced;
  await log.close();
  const [path] = await segmentPaths(disk);
  const damaged = Buffer.concat([disk.content(path!), Buffer.from('garbage')]);
  disk.place(path!, damaged);
  disk.failNth('write', 1, 'sticky');
  const full = await open(disk);
  assert.match(full.scan.reports.map(({ what }) => what).join(), /torn tail and is left as it is/);
  assert.deepEqual(disk.content(path!), damaged);
  assert.deepEqual(await bodies(full.log), new Map([[seq, 'kept']]));
});
