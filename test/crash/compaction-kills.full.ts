/** kill -9 at random moments while files are put together and writes go on, the same data folder for all rounds. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Model, readBack } from '../compaction/model.js';
import { write, type Shape } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';

const ROUNDS = fuzzCount(1);
const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
/** Small flushes, so that there is something to put together all the time. */
const ARGS = ['--without-auth', '--maintenance-cpu', '100', '--flush-rows-max', '60', '--workers', '2'];
const LIFE_MS_MAX = 2500;

test(`[issue 14] ${ROUNDS} kills while files are put together lose and double nothing`, async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const [random, model, dataDir] = [new Random(seed), new Model(), makeDataDir()];
  let jobs = 0;
  /** Lines whose answer did not come: they are sent again first, so that what was acknowledged last is known. */
  let pending: string | null = null;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await TestServer.start(dataDir, ARGS);
      const lifeMs = 200 + random.below(LIFE_MS_MAX);
      // The first life lasts until something was put together, however slow the machine is.
      let life = jobs > 0 ? setTimeout(() => void server.kill(), lifeMs) : null;
      try {
        for (;;) {
          pending ??= model.randomLines(random, 30, 1 + (round % 3)).join('\n');
          const { body, status } = await write(server.url, 'db', Buffer.from(pending), SHAPE, 'ns');
          if (status === 503) continue;
          assert.equal(status, 204, body);
          pending = null;
          const metrics = await (await fetch(`${server.url}/metrics`)).text();
          jobs = Math.max(jobs, Number(/^sluice_compactions_total (\d+)$/m.exec(metrics)?.[1]));
          if (jobs > 0) life ??= setTimeout(() => void server.kill(), lifeMs);
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error; // else the server is gone
      } finally {
        if (life !== null) clearTimeout(life);
      }
      await server.kill();
    }
    const last = await TestServer.start(dataDir, ARGS);
    if (pending !== null) assert.equal((await write(last.url, 'db', Buffer.from(pending), SHAPE, 'ns')).status, 204);
    assert.equal(await last.stop(), 0);
    assert.equal(readBack(dataDir), model.csv());
    assert.ok(jobs > 0, 'nothing was put together');
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});
