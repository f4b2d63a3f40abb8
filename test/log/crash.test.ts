/** Loss of power after every operation on the disk: what was acknowledged is back, and nothing that was not sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CRASH_POLICIES, MemoryDisk } from '../fault/memory-disk.js';
import { append, assertNoneMissed, bodies, open } from './harness.js';

const OPTIONS = { segmentBytesMax: 1500 };
const GROUPS = 24;
const FAILING_GROUP = 11;

interface History {
  readonly sent: Map<number, string>;
  readonly acknowledged: Set<number>;
  /** Filled when the log is healed. */
  readonly givenUp: Set<number>;
}

/** Groups of one to four frames over several segments; in the middle a sync fails and the log is healed. */
async function runWorkload(disk: MemoryDisk, history: History): Promise<void> {
  const { log, failures } = await open(disk, OPTIONS);
  for (let group = 0; group < GROUPS; group += 1) {
    if (group === FAILING_GROUP) disk.failNth('sync', 1, 'once');
    const appended = Array.from({ length: 1 + (group % 4) }, (_, i) => {
      const body = `group ${group} frame ${i} ${'.'.repeat((group * 37) % 400)}`;
      const { seq, synced } = append(log, body);
      history.sent.set(seq, body);
      return { number: seq, synced: synced.then(() => history.acknowledged.add(seq)) };
    });
    const results = await Promise.allSettled(appended.map(({ synced }) => synced));
    if (results.every(({ status }) => status === 'fulfilled')) continue;
    assert.equal(group, FAILING_GROUP);
    await log.heal();
    for (const { number: seq } of appended) history.givenUp.add(seq);
  }
  assert.equal(failures.length, 1);
}

test('a crash after every operation, whatever survives of the unsynced', async () => {
  const disk = new MemoryDisk();
  const history: History = { sent: new Map(), acknowledged: new Set(), givenUp: new Set() };
  const images: { disk: MemoryDisk; name: string; acknowledged: number[]; givenUp: number[] }[] = [];
  let operations = 0;
  disk.after = (operation) => {
    if (!['open', 'write', 'sync', 'syncFolder', 'rename', 'remove'].includes(operation)) return;
    operations += 1;
    for (const policy of CRASH_POLICIES) {
      images.push({
        disk: disk.crash(policy, operations),
        name: `${policy} after operation ${operations}, ${operation}`,
        acknowledged: [...history.acknowledged],
        givenUp: [...history.givenUp],
      });
    }
  };
  await runWorkload(disk, history);
  assert.ok(images.length > 300, `${images.length} images`);
  for (const image of images) await checkImage(image, history.sent);
});

async function checkImage(
  image: { disk: MemoryDisk; name: string; acknowledged: number[]; givenUp: number[] },
  sent: ReadonlyMap<number, string>,
): Promise<void> {
  const first = await open(image.disk, OPTIONS);
  assertNoneMissed(first, image.name);
  const found = await bodies(first.log);
  for (const seq of image.acknowledged) assert.ok(found.has(seq), `${image.name}: frame ${seq} is lost`);
  for (const seq of image.givenUp) assert.ok(!found.has(seq), `${image.name}: frame ${seq} was given up`);
  for (const [seq, body] of found) assert.equal(body, sent.get(seq), `${image.name}: frame ${seq} was never sent`);
  const { seq, synced } = append(first.log, 'after the crash');
  await synced;
  const second = await open(image.disk.crash('drop-unsynced'), OPTIONS);
  assertNoneMissed(second, image.name);
  const expected = new Map([...found, [seq, 'after the crash']]);
  assert.deepEqual(await bodies(second.log), expected, `${image.name}: the second crash`);
}

test('what a killed process had written is durable once the next one has started', async () => {
  const disk = new MemoryDisk();
  const killed = await open(disk);
  await append(killed.log, 'synced').synced;
  disk.before = (operation) => (operation === 'sync' ? new Promise(() => undefined) : undefined);
  const { seq, written } = append(killed.log, 'written, not synced');
  await written;
  disk.before = undefined;
  assert.equal((await bodies((await open(disk.crash('drop-unsynced'))).log)).size, 1);
  const next = await open(disk);
  assert.equal((await bodies(next.log)).get(seq), 'written, not synced');
  const afterPowerLoss = await open(disk.crash('drop-unsynced'));
  assert.equal((await bodies(afterPowerLoss.log)).get(seq), 'written, not synced');
});
