/**
 * C4 while all goes on: points are written again and again with other fields while files are flushed and put together, rows pass
 * their retention and the server is killed; each answer of SQL between two writes is the model's.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { write, type Shape } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { Random, seedOfRun } from '../fuzz/random.js';
import { ALL_POINTS, DAY_NS, FIRST_DAY_NS, inOrder, Model, readBack } from './model.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
/** Small flushes, so that there is something to put together all the time. */
const ARGS = ['--without-auth', '--maintenance-cpu', '100', '--flush-rows-max', '20', '--workers', '2'];
const DAYS = 10;
/** Rows of days before it pass their retention; those that are kept are of another year, so that they are in other files. */
const CUT = 200, KEPT_FROM = 400;
const ROUNDS = 2, WRITES = 12;
const WAIT_MS_MAX = 90_000;

test('[issue 14] each answer is the model\'s while points are written again, files are put together and rows pass their retention', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const [random, model, dataDir] = [new Random(seed), new Model(), makeDataDir()];
  const seen = { compactions: 0, expired: 0 };
  let server = await TestServer.start(dataDir, ARGS);
  const count = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())?.[1]);
  const look = async (): Promise<void> => {
    seen.compactions = Math.max(seen.compactions, await count('sluice_compactions_total'));
    seen.expired = Math.max(seen.expired, await count('sluice_expired_files_total'));
  };
  const send = async (firstDay: number): Promise<void> => {
    const lines = model.randomLines(random, 30, DAYS, firstDay);
    const { body, status } = await write(server.url, 'db', Buffer.from(lines.join('\n')), SHAPE, 'ns');
    assert.equal(status, 204, body);
    const answer = await fetch(`${server.url}/api/v3/query_sql?${new URLSearchParams({ db: 'db', q: ALL_POINTS, format: 'csv' })}`);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    assert.equal(inOrder(text), model.csv());
    await look();
  };
  try {
    for (const firstDay of [0, KEPT_FROM]) for (let n = 0; n < WRITES; n += 1) await send(firstDay);
    const cut = FIRST_DAY_NS + BigInt(CUT) * DAY_NS;
    const hours = Math.round((Date.now() - Number(cut / 1_000_000n)) / 3_600_000);
    const { code, stderr } = sluice(['database', 'update', 'db', '--retention', `${hours}h`, '--data-dir', dataDir]);
    assert.equal(code, 0, stderr);
    model.forgetBefore(cut);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let n = 0; n < WRITES; n += 1) await send(KEPT_FROM);
      await server.kill();
      server = await TestServer.start(dataDir, ARGS);
    }
    for (const end = performance.now() + WAIT_MS_MAX; seen.compactions === 0 || seen.expired === 0; await new Promise((resolve) => setTimeout(resolve, 200))) {
      await look();
      assert.ok(performance.now() < end, `compactions and files past retention: ${JSON.stringify(seen)}`);
    }
    assert.equal(await server.stop(), 0);
    assert.equal(readBack(dataDir), model.csv());
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});
