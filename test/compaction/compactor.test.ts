/** Compaction in a server: files become fewer, and what is read of them stays the same. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine.js';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { Random, sampled } from '../fuzz/random.js';
import { Model, readBack } from './model.js';

/** Nothing is put together but by the command. */
const BY_COMMAND = { 'maintenance-cpu': '0' };

function filesIn(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'tables/db/m')).filter((name) => name.endsWith('.parquet'));
}

async function live(engine: Engine): Promise<number> {
  return (await engine.control.run('tables', { database: 'db' }))[0]!.files.length;
}

/** Bodies of random points of some days, a flush each; points are written again, with other fields. */
async function fill(engine: Engine, model: Model, random: Random, flushes: number, days: number): Promise<void> {
  for (let flush = 0; flush < flushes; flush += 1) {
    await store(engine, 'db', ...model.randomLines(random, 40, days));
    await engine.control.run('flush', { database: 'db' });
  }
}

test('[issue 14 3] files of past days become one, and each point is read as before', async () => {
  const dataDir = makeDataDir();
  try {
    const [model, random] = [new Model(), new Random(7)];
    let engine = await open(dataDir, BY_COMMAND);
    await fill(engine, model, random, 20, 1);
    assert.equal(await live(engine), 20);
    const result = await engine.control.run('compact', { database: null });
    assert.deepEqual([result.failed, result.jobs], [[], 1]);
    assert.equal(await live(engine), 1);
    assert.equal(filesIn(dataDir).length, 21, 'the files that were read stay for an hour, for readers of older versions');
    const [table] = await engine.control.run('tables', { database: 'db' });
    assert.equal(table!.rows, model.points.size, 'a point is one row');
    // Writes go on.
    await fill(engine, model, random, 2, 1);
    assert.equal(await live(engine), 3);
    await engine.stop();
    assert.equal(readBack(dataDir), model.csv());
    engine = await open(dataDir, BY_COMMAND);
    await fill(engine, model, random, 8, 1);
    await engine.control.run('compact', { database: 'db' });
    assert.equal(await live(engine), 1);
    assert.deepEqual(await engine.control.run('compact', { database: 'db' }), { tables: 1, jobs: 0, failed: [] });
    await engine.stop();
    assert.equal(readBack(dataDir), model.csv());
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});

test('[issue 14 3] rows of many days are divided, and versions are combined only where all of them are read', async () => {
  for (const seed of sampled([1, 2, 3], 3)) {
    const dataDir = makeDataDir();
    try {
      const [model, random] = [new Model(), new Random(seed)];
      const engine = await open(dataDir, BY_COMMAND);
      for (let round = 0; round < 3; round += 1) {
        await fill(engine, model, random, 6, 1 + random.below(40));
        const { failed } = await engine.control.run('compact', { database: 'db' });
        assert.deepEqual(failed, []);
      }
      await engine.stop();
      assert.equal(readBack(dataDir), model.csv(), `seed ${seed}`);
    } finally {
      removeDataDir(dataDir);
    }
  }
});

test('[issue 14 3] files of neighbouring days are known not to hold one point twice, to the nanosecond', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir, BY_COMMAND);
    const midnight = BigInt(Date.UTC(2021, 0, 1)) * 1_000_000n;
    // Of the days before and after it two files each: days of two years are not put together.
    for (const times of [[midnight - 5n, midnight - 1n], [midnight, midnight + 9n], [midnight - 1n], [midnight]]) {
      await store(engine, 'db', ...times.map((time) => `m f=1 ${time}`));
      await engine.control.run('flush', { database: 'db' });
    }
    assert.deepEqual(await engine.control.run('compact', { database: 'db' }), { tables: 1, jobs: 2, failed: [] });
    const { tables: [table] } = await engine.control.run('tables-to-read', { tables: [{ database: 'db', measurement: 'm' }], query: 'query-1-1' });
    const spans = table!.files.map(({ span }) => span!).sort((a, b) => a.firstMs - b.firstMs);
    const dayMs = Number(midnight / 1_000_000n);
    assert.deepEqual(spans, [
      { firstMs: dayMs - 1, lastMs: dayMs, hasPointsOnce: true, beforeMs: dayMs }, { firstMs: dayMs, lastMs: dayMs, hasPointsOnce: true, beforeMs: dayMs + 1 },
    ]);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});

test('[issue 14 3] a column that no file has yet is none of the files that are put together', async () => {
  const dataDir = makeDataDir();
  try {
    const engine = await open(dataDir, BY_COMMAND);
    for (const value of [1, 2]) {
      await store(engine, 'db', `m f=${value} 1600000000000000000`);
      await engine.control.run('flush', { database: 'db' });
    }
    await store(engine, 'db', 'm later=1 1600000000000000001');
    assert.equal((await engine.control.run('compact', { database: 'db' })).jobs, 1);
    await engine.control.run('flush', { database: 'db' });
    await engine.stop();
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});
