/** Writes that were refused for memory are taken again once the rows are in files, though no body has come meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { open } from './harness.js';
import { REQUEST, write } from './write.js';

test('a seal makes room for writes', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir, { 'max-memory': '16MiB' });
    const lines = Array.from({ length: 50_000 }, (_, i) => `m v=${i} ${i}`).join('\n');
    let outcome = await write(engine, REQUEST, lines);
    for (let i = 0; i < 100 && outcome.kind === 'stored'; i += 1) outcome = await write(engine, REQUEST, lines);
    assert.equal(outcome.kind === 'failed' && outcome.code, 'overloaded');
    await engine.control.run('flush', { database: null });
    // The worker frees the rows when it hears of the commit.
    while (engine.refusal() !== null) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await write(engine, REQUEST, 'm v=1 1'), { kind: 'stored' });
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
