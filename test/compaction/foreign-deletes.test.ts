/** Deletes of rows that another writer added: they leave the answers at once, and the files when those are put together. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine.js';
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { ForeignTable } from './foreign-table.js';

const ROWS = "SELECT make_timestamptz(1600000000000000 + 5000000 * range) AS time, CASE WHEN range % 2 = 0 THEN 'gone' ELSE 'kept' END AS host, 0.5::DOUBLE AS f FROM range(50)";
const GONE = { database: 'db', measurement: 'm', firstNs: String(FIRST_NS), lastNs: String(LAST_NS), tags: [['host', 'gone']] } as const;

const pending = (engine: Engine): number => engine.metrics().find(({ name }) => name === 'sluice_deletes_pending')!.samples[0]!.value;

test('[issue 14 4] rows that another writer added are deleted, with those of ours, and their file is written anew', async () => {
  const dataDir = makeDataDir();
  const foreign = await ForeignTable.open(join(dataDir, 'tables/db/m'));
  try {
    const engine = await open(dataDir);
    await store(engine, 'db', 'm,host=gone f=1 1600000000000000000', 'm,host=kept f=2 1600000000000000000');
    await engine.control.run('flush', { database: 'db' });
    await foreign.commit(ROWS);
    assert.equal((await foreign.points(engine)).length, 51);
    await engine.control.run('delete', GONE);
    const left = await foreign.points(engine);
    assert.equal(left.length, 26);
    assert.ok(left.every((row) => row.includes('kept')));
    assert.deepEqual((await engine.control.run('compact', { database: null })).failed, []);
    assert.deepEqual(await foreign.points(engine), left);
    assert.deepEqual(await foreign.rows(`SELECT host, count(*)::INTEGER AS n FROM ${foreign.relation(foreign.live())} GROUP BY host`), ['["kept",26]']);
    assert.equal(pending(engine), 0);
    await engine.stop();
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    foreign.close();
    removeDataDir(dataDir);
  }
});

test('[issue 14 4] of a file that another writer adds after a delete no row without a seq is taken, now and when files are put together', async () => {
  const dataDir = makeDataDir();
  const foreign = await ForeignTable.open(join(dataDir, 'tables/db/m'));
  try {
    const engine = await open(dataDir);
    await store(engine, 'db', 'm,host=gone f=1 1600000000000000000', 'm,host=kept f=2 1600000000000000000');
    await engine.control.run('flush', { database: 'db' });
    await engine.control.run('delete', GONE);
    const path = await foreign.commit(ROWS, { addedMs: Date.now() + 1000 });
    const all = await foreign.points(engine);
    assert.equal(all.length, 51);
    assert.deepEqual((await engine.control.run('compact', { database: null })).failed, []);
    assert.deepEqual(await foreign.points(engine), all);
    assert.ok(foreign.live().includes(path));
    assert.equal(pending(engine), 1);
    await engine.stop();
  } finally {
    foreign.close();
    removeDataDir(dataDir);
  }
});
