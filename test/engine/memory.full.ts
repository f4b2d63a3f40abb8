/** Writes that find no room wait until rows are in files, and what stays in memory then holds none back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import type { Engine } from '../../src/engine.js';
import { open } from './harness.js';
import { REQUEST, write } from './write.js';

const MiB = 1024 * 1024;

/** Bytes that the workers hold. */
function heldBytes(engine: Engine): number {
  return engine.metrics().find(({ name }) => name === 'sluice_unflushed_bytes')!.samples[0]!.value;
}

test('a write that finds no room waits until a flush has made some', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir, { 'max-memory': '16MiB' });
    const lines = Array.from({ length: 50_000 }, (_, i) => `m v=${i} ${i}`).join('\n');
    let most = 0;
    for (let round = 0; round < 40; round += 1) {
      assert.deepEqual(await write(engine, REQUEST, lines), { kind: 'stored' }, `round ${round}`);
      most = Math.max(most, heldBytes(engine));
    }
    assert.ok(most < 24 * MiB, `${most} bytes were held`);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

test('series that never return do not hold writes back, and the memory they took falls', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir, { 'max-memory': '16MiB', 'body-bytes-max': '8MiB' });
    let most = 0;
    for (let round = 0; round < 8; round += 1) {
      // Of forty tables each, none of which comes again.
      const lines = Array.from({ length: 15_000 }, (_, i) => `r${round}t${i % 40},tag=${'x'.repeat(200)}${i} v=1i ${i}`);
      assert.deepEqual(await write(engine, REQUEST, lines.join('\n')), { kind: 'stored' }, `round ${round}`);
      most = Math.max(most, heldBytes(engine));
      await engine.control.run('flush', { database: null });
      // A worker that takes a body has heard of all commits.
      assert.deepEqual(await write(engine, REQUEST, 'm v=1 1'), { kind: 'stored' });
    }
    assert.ok(heldBytes(engine) < 6 * MiB && heldBytes(engine) < most / 2, `${heldBytes(engine)} bytes are held, ${most} at most`);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
