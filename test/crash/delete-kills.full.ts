/** kill -9 at random moments while rows are deleted, written and put together, the same data folder for all rounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeleteModel } from '../compaction/delete-model.js';
import { post } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { counterOf, killRounds } from './kill-rounds.js';

const ROUNDS = fuzzCount(0.3);
const DELETED_MS_MAX = 60_000;
const ARGS = ['--without-auth', '--maintenance-cpu', '100', '--flush-rows-max', '60', '--workers', '2'];

test(`[issue 14 4] ${ROUNDS} kills while rows are deleted lose none of the others, and bring none back`, async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const [random, model, dataDir] = [new Random(seed), new DeleteModel(), makeDataDir()];
  let deleted = 0;
  /** What was not answered is sent again first: a delete that was done takes nothing the second time. */
  let pending: (readonly [path: string, body: string]) | null = ['/api/v3/write_lp?db=db&precision=ns', model.allTags().join('\n')];
  const next = (): readonly [string, string] => {
    if (random.chance(0.7)) return ['/api/v3/write_lp?db=db&precision=ns', [1, 2, 3].flatMap(() => model.randomLines(random)).join('\n')];
    const { firstNs, lastNs, measurement, tags } = model.randomDelete(random);
    const where = [`time >= ${firstNs}`, `time <= ${lastNs}`, ...tags.map(([key, value]) => `${key} = '${value.replace("'", "\\'")}'`)];
    return [`/query?db=db&q=${encodeURIComponent(`DELETE ${measurement === undefined ? '' : `FROM ${measurement} `}WHERE ${where.join(' AND ')}`)}`, ''];
  };
  const send = async (server: TestServer): Promise<void> => {
    pending ??= next();
    const { body, status } = await post(server.url, pending[0], Buffer.from(pending[1]));
    if (status === 503) return;
    assert.ok(status < 300 && !body.includes('"error"'), body);
    pending = null;
  };
  try {
    await killRounds({ dataDir, args: ARGS, rounds: ROUNDS, random }, async (server) => {
      await send(server);
      deleted = Math.max(deleted, await counterOf(server, 'sluice_deleted_rows_total'));
    });
    const last = await TestServer.start(dataDir, ARGS);
    // The first lives may have been too short for a file to be written anew.
    const endMs = Date.now() + DELETED_MS_MAX;
    while (pending !== null || (deleted === 0 && Date.now() < endMs)) {
      await send(last);
      deleted = Math.max(deleted, await counterOf(last, 'sluice_deleted_rows_total'));
    }
    assert.equal(await last.stop(), 0);
    assert.ok(deleted > 0, 'no row left a file');
    assert.equal(sluice(['compact', '--data-dir', dataDir]).code, 0);
    for (const measurement of model.measurements()) {
      const { code, stderr, stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', `SELECT ${DeleteModel.COLUMNS} FROM ${measurement}`]);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(stdout.trimEnd().split('\n').slice(1).sort(), model.rows(measurement));
    }
    const checked = sluice(['check', '--data-dir', dataDir]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    removeDataDir(dataDir);
  }
});
