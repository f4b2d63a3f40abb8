/** Files of others with the names of ours: they cost no record and no number, and nothing that comes later. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { openLog } from '../../src/log/log.js';
import { encodeSegmentHeader } from '../../src/log/segment.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { append, bodies, FOLDER, open, QUARANTINE, START_US, TestClock } from './harness.js';

const OPTIONS = { segmentBytesMax: 1500 };
const HOUR_US = 3_600_000_000;
const CONTENTS: readonly Buffer[] = [Buffer.alloc(0), Buffer.from('not a log'), Buffer.alloc(200, 7)];

/** A log of several segments with its frames. */
async function filled(): Promise<{ disk: MemoryDisk; expected: Map<number, string> }> {
  const disk = new MemoryDisk();
  const { log } = await open(disk, OPTIONS);
  for (let i = 0; i < 10; i += 1) await append(log, `body ${i} ${'.'.repeat(300)}`).synced;
  const expected = await bodies(log);
  await log.close();
  return { disk, expected };
}

/** Three lives, each of which writes: all that was acknowledged is there, and no number is far from the time. */
async function livesWith(disk: MemoryDisk, before: ReadonlyMap<number, string>, name: string): Promise<void> {
  const expected = new Map(before);
  for (let life = 0; life < 3; life += 1) {
    const { log } = await open(disk, OPTIONS);
    assert.deepEqual(await bodies(log), expected, `${name}, life ${life}`);
    for (let i = 0; i < 6; i += 1) {
      const body = `life ${life} ${i} ${'.'.repeat(400)}`;
      const { seq, synced } = append(log, body);
      await synced;
      assert.ok(seq > Math.max(0, ...expected.keys()), `${name}: ${seq} comes twice`);
      assert.ok(seq < START_US + 25 * HOUR_US, `${name}: ${seq} is far from now`);
      expected.set(seq, body);
    }
    assert.deepEqual(await bodies(log), expected, `${name}, life ${life}, read back`);
    await log.trim(() => false);
    await log.close();
  }
}

const FAR = ['9999999999999999', '9007199254740993', '9007199254740991', '8999999999999999', '1800000000000000'];

for (const seq of FAR) {
  test(`stray files named ${seq} in the log take no number with them`, async () => {
    for (const ending of ['log', 'newest', 'gone']) {
      for (const content of CONTENTS) {
        const { disk, expected } = await filled();
        const path = join(FOLDER, `${seq}.${ending}`);
        disk.place(path, content);
        await livesWith(disk, expected, `${path} of ${content.length}`);
        const empty = new MemoryDisk();
        empty.place(path, content);
        await livesWith(empty, new Map(), `${path} of ${content.length} alone`);
      }
    }
  });
}

test('a stray mark of a number that was never given is said and left alone', async () => {
  const { disk } = await filled();
  disk.place(join(FOLDER, '8999999999999999.newest'), Buffer.alloc(0));
  const { scan } = await open(disk, OPTIONS);
  assert.deepEqual(scan.reports.map(({ file, what }) => [file, what]), [['8999999999999999.newest', 'is a mark of a number that was never given and is left alone']]);
  assert.ok(await disk.exists(join(FOLDER, '8999999999999999.newest')));
});

test('a stray segment in the middle of the numbers of another voids no record', async () => {
  const { expected } = await filled();
  const header = (first: number, node: string) => encodeSegmentHeader({ first, node, processStart: 0, previous: 0, previousEnd: 0 });
  for (const seq of expected.keys()) {
    for (const content of [...CONTENTS, header(seq, 'ffffffff'), header(seq, 'ffffffff').subarray(0, 40)]) {
      const { disk } = await filled();
      const path = join(FOLDER, `${seq}.log`);
      if (await disk.exists(path)) continue; // the name of one that is there
      disk.place(path, content);
      await livesWith(disk, expected, `${path} of ${content.length}`);
      assert.deepEqual((await disk.list(QUARANTINE)).filter((kept) => !kept.startsWith(String(seq))), [], 'nothing of ours is set aside');
    }
  }
});

test('a stray segment that a full disk leaves where it is hides no later one', async () => {
  for (const ahead of [1000, HOUR_US]) {
    const { disk, expected } = await filled();
    disk.place(join(FOLDER, `${START_US + ahead}.log`), Buffer.from('not a log'));
    disk.before = (operation, path) => {
      if (path.startsWith(QUARANTINE)) throw new Error(`ENOSPC: ${operation}`);
    };
    await livesWith(disk, expected, `${ahead} ahead`);
  }
});

test('a folder with the name of a segment is said and left alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sl-stray-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const name = `${START_US - 1}.log`;
  mkdirSync(join(folder, 'log', name), { recursive: true });
  const { log, scan } = await openLog(systemDisk, join(folder, 'log'), {
    node: null, processStart: START_US, segmentBytesMax: 1 << 20, quarantineFolder: join(folder, 'quarantine'), clock: new TestClock(),
    seqFloor: 0, onReport: () => undefined,
  });
  assert.deepEqual(scan.reports.map(({ file, what }) => [file, what]), [[name, 'is a folder, no log segment, and is left alone']]);
  await append(log, 'a body').synced;
  assert.deepEqual([...(await bodies(log)).values()], ['a body']);
  await log.close();
});
