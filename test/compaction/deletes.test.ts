/** Deletes in a server: rows are gone at once, from files when these are written anew, and what is written later stays. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { copyLiving, open, store } from '../engine/harness.js';
import { Random } from '../fuzz/random.js';
import { DeleteModel } from './delete-model.js';
import { DATABASE, deleteRows, pending, rowsOf } from './delete-scene.js';

const TIMES = Number(process.env['FUZZ_TIMES'] ?? 1);
/** Of the long run fewer seeds, each for longer. */
const SEEDS = Math.ceil(TIMES / 4);
/** A process of its own for each seed would cost the short run more than all else. */
const STEPS = TIMES > 1 ? 40 : 16;

test('[issue 14 4] random writes, deletes, flushes, compactions and restarts are read as a simple model says', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const dataDir = makeDataDir();
    try {
      const [model, random] = [new DeleteModel(), new Random(seed)];
      let engine = await open(dataDir);
      const check = async (step: string): Promise<void> => {
        for (const measurement of model.measurements()) assert.deepEqual(await rowsOf(engine, measurement, DeleteModel.COLUMNS), model.rows(measurement), `seed ${seed}, ${step}`);
      };
      await store(engine, DATABASE, ...model.allTags());
      for (let step = 0; step < STEPS; step += 1) {
        const action = random.below(10);
        if (action < 4) await store(engine, DATABASE, ...model.randomLines(random));
        else if (action < 6) await deleteRows(engine, model.randomDelete(random));
        else if (action < 8) await engine.control.run('flush', { database: DATABASE });
        else if (action < 9) assert.deepEqual((await engine.control.run('compact', { database: DATABASE })).failed, []);
        else {
          await engine.stop();
          engine = await open(dataDir);
          await engine.recovered();
        }
        if (step % 4 === 3) await check(`step ${step}`);
      }
      await engine.control.run('compact', { database: DATABASE });
      assert.equal(pending(engine), 0, `seed ${seed}: no row of any delete is left`);
      await check('at the end');
      await engine.stop();
      if (TIMES === 1) continue;
      const checked = sluice(['check', '--data-dir', dataDir]);
      assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
    } finally {
      removeDataDir(dataDir);
    }
  }
});

/** The last commit of a table. */
function lastCommit(dataDir: string, table: string): { readonly commitInfo?: { readonly operation: string; readonly operationMetrics: Record<string, string> }; readonly remove?: { readonly dataChange: boolean }; readonly add?: { readonly tags: Record<string, string> } }[] {
  const log = join(dataDir, 'tables', DATABASE, table, '_delta_log');
  const name = readdirSync(log).filter((each) => each.endsWith('.json')).sort().at(-1)!;
  return readFileSync(join(log, name), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as never);
}

test('[issue 14 4] no deleted value comes into a row that stays, and a file without other rows only goes', async () => {
  const dataDir = makeDataDir();
  const copy = makeDataDir();
  try {
    let engine = await open(dataDir);
    const flush = (): Promise<unknown> => engine.control.run('flush', { database: DATABASE });
    await store(engine, DATABASE, 'm,host=a f=1,i=1i 1600000000000000000', 'm,host=b f=1,i=1i 1600000000000000000', 'n v=1 1600000000000000000');
    await flush();
    assert.equal(await deleteRows(engine, { tags: [['host', 'a']] }), 1, 'n has no such tag');
    await store(engine, DATABASE, 'm,host=a f=2 1600000000000000000');
    await flush();
    assert.equal(await deleteRows(engine, { measurement: 'n' }), 1);
    // As after a kill: what was answered is on disk.
    copyLiving(dataDir, copy);
    const shown = ['a,,2,', 'b,,1,1'];
    const columns = "host, '' AS rack, f, i";
    for (const step of ['at once', 'after compaction']) {
      assert.deepEqual([await rowsOf(engine, 'm', columns), await rowsOf(engine, 'n', 'v')], [shown, []], step);
      if (step === 'at once') assert.deepEqual((await engine.control.run('compact', { database: DATABASE })).failed, []);
    }
    assert.equal(pending(engine), 0);
    const actions = lastCommit(dataDir, 'n');
    const { operation, operationMetrics } = actions.find(({ commitInfo }) => commitInfo !== undefined)!.commitInfo!;
    assert.deepEqual([operation, operationMetrics['numDeletedRows'], operationMetrics['numAddedFiles']], ['DELETE', '1', '0']);
    assert.deepEqual(actions.flatMap(({ remove }) => (remove === undefined ? [] : [remove.dataChange])), [true]);
    assert.match(lastCommit(dataDir, 'm').find(({ add }) => add !== undefined)!.add!.tags['sluice.deleted']!, /^\d{16}$/);
    await engine.stop();
    engine = await open(copy);
    await engine.recovered();
    assert.deepEqual([await rowsOf(engine, 'm', columns), await rowsOf(engine, 'n', 'v'), pending(engine)], [shown, [], 2]);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
    removeDataDir(copy);
  }
});
