/** A drop stands once its record is on disk: what becomes of its folders is no answer to who asked for it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { open, store } from './harness.js';

test('a database or measurement whose folders cannot be moved is dropped all the same, also twice, and they go once they can', async (t) => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir);
    await store(engine, 'gone', 'a v=1i 1', 'b v=1i 1', 'c v=1i 1');
    await store(engine, 'stays', 'm v=1i 1');
    await engine.control.run('flush', { database: null });
    const { rename } = systemDisk;
    const blocked = t.mock.method(systemDisk, 'rename', (from: string, to: string) => (
      /\/trash\//.test(to) && !from.endsWith('/b') ? Promise.reject(new Error('this folder cannot be moved')) : rename(from, to)
    ));
    const removed = t.mock.method(systemDisk, 'removeTree', () => Promise.reject(new Error('this folder cannot be removed')));
    assert.deepEqual(await Promise.all([engine.schema.dropDatabase('gone'), engine.schema.dropDatabase('gone')]), [3, null]);
    assert.equal(await engine.schema.dropDatabase('gone'), null);
    assert.equal(await engine.schema.dropMeasurement('stays', 'm'), true);
    assert.equal(await engine.schema.dropMeasurement('stays', 'm'), false);
    const there = (): boolean[] => ['gone/a', 'gone/b', 'gone/c', 'stays/m'].map((folder) => existsSync(join(dataDir, 'tables', folder)));
    assert.deepEqual(there(), [true, false, true, true], 'one that cannot be moved keeps no other');
    await assert.rejects(engine.schema.clear(), /cannot be (moved|removed) \(and 3 more\)/);
    blocked.mock.restore();
    removed.mock.restore();
    await engine.schema.clear();
    assert.deepEqual(there(), [false, false, false, false]);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
