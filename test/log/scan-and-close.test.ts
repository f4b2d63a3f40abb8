/** What a start needs to know of the bodies in the log, and what a stop leaves alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '../fault/memory-disk.js';
import { append, open } from './harness.js';

test('a scan tells the largest body of the log', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  assert.equal((await open(disk)).scan.bodyBytesMax, 0);
  for (const bytes of [10, 5000, 20]) await append(log, Buffer.alloc(bytes)).synced;
  await log.close();
  assert.equal((await open(disk)).scan.bodyBytesMax, 5000);
});

test('a closed log is not healed: the folder may be another process’s by then', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  disk.failNth('sync', 1, 'once');
  await assert.rejects(append(log, 'm v=1i 1').synced);
  await log.close();
  await assert.rejects(log.heal(), /stopping|closed/);
  assert.deepEqual(await disk.list('log'), []);
});
