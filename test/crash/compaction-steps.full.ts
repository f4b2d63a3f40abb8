/** kill -9 before an operation of the disk of a compaction, a sample of them; test/compaction/every-step.test.ts has all, on a disk in memory. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Model, readBack } from '../compaction/model.js';
import { removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { Random, seedOfRun } from '../fuzz/random.js';
import { runKilled, type KillThread } from './killer.js';

const KILLS_EACH = 3;
const FLUSHES = 6;
const TABLE = 'tables/db/m';

function newDataDir(): string {
  return join(mkdtempSync(join(tmpdir(), 'sl-')), 'd');
}

suite('[issue 14] kill -9 at a step of a compaction', () => {
  const [model, dataDir] = [new Model(), newDataDir()];
  const seed = seedOfRun();
  const random = new Random(seed);
  before(async () => {
    const engine = await open(dataDir);
    for (let flush = 0; flush < FLUSHES; flush += 1) {
      await store(engine, 'db', ...model.randomLines(random, 40, 1));
      await engine.control.run('flush', { database: 'db' });
    }
    await engine.stop();
  });
  after(() => removeDataDir(dataDir));

  /** A copy of the folder, in which a compaction died, or ended. */
  function compacted(thread: KillThread, step: number | null): { copy: string; steps: string[] } {
    const copy = newDataDir();
    cpSync(dataDir, copy, { recursive: true });
    return { copy, steps: runKilled(copy, ['compact'], thread, step) };
  }

  const dataFiles = (copy: string): string[] => readdirSync(join(copy, TABLE)).filter((name) => name.endsWith('.parquet'));

  for (const thread of ['main', 'compaction'] as const) {
    test(`of the ${thread} thread`, (t) => {
      t.diagnostic(`SEED=${seed}`);
      const whole = compacted(thread, null);
      assert.equal(dataFiles(whole.copy).length, FLUSHES + 1);
      removeDataDir(whole.copy);
      // Of main's, those of the start and the stop are other tests' matter: a job begins with its note, and forgets it at its end.
      const isOfNote = (step: string): boolean => thread === 'compaction' || step.includes('/jobs');
      const [first, last] = [whole.steps.findIndex(isOfNote), whole.steps.findLastIndex(isOfNote)];
      assert.ok(first >= 0 && last - first >= KILLS_EACH);
      for (let kill = 0; kill < KILLS_EACH; kill += 1) {
        const step = first + 1 + random.below(last - first + 1);
        const { copy } = compacted(thread, step);
        try {
          const what = `before step ${step} of ${whole.steps.length}, ${whole.steps[step - 1]}`;
          t.diagnostic(what);
          const { code, stderr } = sluice(['compact', '--data-dir', copy]);
          assert.deepEqual([code, stderr], [0, ''], what);
          assert.equal(readBack(copy), model.csv(), what);
          const checked = sluice(['check', join(copy, TABLE)]);
          assert.equal(checked.code, 0, `${what}: ${checked.stdout}`);
          assert.deepEqual(readdirSync(join(copy, 'jobs')), [], what);
          assert.equal(dataFiles(copy).length, FLUSHES + 1, what);
          assert.equal(existsSync(join(copy, 'quarantine', TABLE)), false, what);
        } finally {
          removeDataDir(copy);
        }
      }
    });
  }

  test('before its commit, and a live file is damaged then: what it made does not go to quarantine, to be imported as the newest', () => {
    const whole = compacted('main', null);
    const commit = whole.steps.findLastIndex((step) => step.startsWith('link '));
    removeDataDir(whole.copy);
    const { copy } = compacted('main', commit + 1);
    try {
      const [made, flushed] = [dataFiles(copy).filter((name) => name.includes('-c')), dataFiles(copy).filter((name) => !name.includes('-c'))];
      assert.deepEqual([made.length, flushed.length], [1, FLUSHES]);
      truncateSync(join(copy, TABLE, flushed[0]!), 100);
      // Whoever opens the table clears its folder.
      assert.equal(sluice(['compact', '--data-dir', copy]).code, 0);
      assert.equal(existsSync(join(copy, TABLE, made[0]!)), false);
      assert.equal(existsSync(join(copy, 'quarantine', TABLE)), false);
      assert.ok(readdirSync(join(copy, 'trash')).some((name) => name.endsWith(made[0]!)));
    } finally {
      removeDataDir(copy);
    }
  });
});
