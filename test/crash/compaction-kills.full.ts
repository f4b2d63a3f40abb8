/** kill -9 at random moments while files are put together, those of another writer too, and writes go on, the same data folder for all rounds. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ForeignTable } from '../compaction/foreign-table.js';
import { Model, readBack } from '../compaction/model.js';
import { write, type Shape } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { counterOf, killRounds } from './kill-rounds.js';

const ROUNDS = fuzzCount(1);
const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
/** Small flushes, so that there is something to put together all the time. */
const ARGS = ['--without-auth', '--maintenance-cpu', '100', '--flush-rows-max', '60', '--workers', '2'];

/** Another writer puts some files together while the server is down: the next jobs have those to read. */
async function rewrite(foreign: ForeignTable): Promise<void> {
  if (!existsSync(foreign.folder)) return; // nothing was flushed so far
  const some = foreign.live().slice(-4);
  if (some.length > 1) await foreign.commit(`SELECT * FROM ${foreign.relation(some)}`, { removes: some });
}

test(`[issue 14] ${ROUNDS} kills while files are put together lose and double nothing`, async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const [random, model, dataDir] = [new Random(seed), new Model(), makeDataDir()];
  const folder = join(dataDir, 'tables/db/m');
  const foreign = await ForeignTable.open(folder);
  let jobs = 0;
  /** Lines whose answer did not come: they are sent again first, so that what was acknowledged last is known. */
  let pending: string | null = null;
  try {
    await killRounds({ dataDir, args: ARGS, rounds: ROUNDS, random, between: () => rewrite(foreign), mayEnd: () => jobs > 0 }, async (server, round) => {
      pending ??= model.randomLines(random, 30, 1 + (round % 3)).join('\n');
      const { body, status } = await write(server.url, 'db', Buffer.from(pending), SHAPE, 'ns');
      if (status === 503) return;
      assert.equal(status, 204, body);
      pending = null;
      jobs = Math.max(jobs, await counterOf(server, 'sluice_compactions_total'));
    });
    const last = await TestServer.start(dataDir, ARGS);
    if (pending !== null) assert.equal((await write(last.url, 'db', Buffer.from(pending), SHAPE, 'ns')).status, 204);
    assert.equal(await last.stop(), 0);
    assert.equal(readBack(dataDir), model.csv());
    assert.ok(jobs > 0, 'nothing was put together');
    const checked = sluice(['check', folder]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    foreign.close();
    removeDataDir(dataDir);
  }
});
