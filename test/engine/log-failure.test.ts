/** Syncs of the log fail and workers die while bodies are parsed, logged and flushed: what was acknowledged is there, once, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemDisk, type DiskFile } from '../../src/disk.js';
import type { Engine } from '../../src/engine.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { open as openEngine, flushedTables } from './harness.js';
import { DEADLY, REQUEST, write } from './write.js';

async function rowCount(engine: Engine): Promise<number> {
  return [...(await flushedTables(engine)).values()].reduce((sum, { rows }) => sum + rows!, 0);
}

/** Between two tries; the log is tried once a second. */
const TRY_AGAIN_MS = 5;

/** Writes until one is taken. */
async function healed(engine: Engine, line: string): Promise<void> {
  while ((await write(engine, REQUEST, line)).kind !== 'stored') await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
}

test('failing syncs and dying workers under load lose nothing that was acknowledged and store nothing that was refused', async (t) => {
  const dataDir = makeDataDir();
  let failsIn = Infinity;
  const { open } = systemDisk;
  t.mock.method(systemDisk, 'open', async (...args: Parameters<typeof open>): Promise<DiskFile> => {
    const file = await open(...args);
    if (!args[0].endsWith('.log')) return file;
    return { ...file, sync: () => (--failsIn === 0 ? Promise.reject(new Error('EIO')) : file.sync()) };
  });
  const flags = { 'workers': '2', 'log-segment-bytes': '64KiB' };
  try {
    let engine = await openEngine(dataDir, flags);
    let stored = 0;
    let refused = 0;
    for (let round = 0; round < 12; round += 1) {
      failsIn = 1 + (round % 5);
      const outcomes: Promise<void>[] = [];
      for (let i = 0; i < 60; i += 1) {
        const lines = `m,round=${round},host=h${i} v=${i}i ${i}\nt${i % 3},round=${round},host=h${i} v=${i}i ${i}`;
        outcomes.push(write(engine, REQUEST, lines).then(({ kind }) => {
          if (kind === 'stored') stored += 2;
          else refused += 1;
        }));
        if (i % 20 === 7) void engine.control.run('flush', { database: null }).catch(() => undefined);
        if (round % 3 === 2 && i % 25 === 20) outcomes.push(write(engine, DEADLY, 'm v=1i 1').then(() => undefined));
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(outcomes);
      failsIn = Infinity;
      await healed(engine, `m,round=${round},host=last v=1i 1`);
      stored += 1;
      if (round % 4 === 3) assert.equal(await rowCount(engine), stored, `after round ${round}`);
      if (round === 5) {
        await engine.stop();
        engine = await openEngine(dataDir, flags);
      }
    }
    assert.equal(await rowCount(engine), stored);
    assert.ok(refused > 0 && stored > 0);
    assert.equal(engine.bodyMemory.freeBlocks, engine.bodyMemory.blockCount);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
