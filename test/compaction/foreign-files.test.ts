/** Files of other writers put together with ours: the same answers before and after, and what is not plainly the same left alone. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDataDir, removeDataDir, sluice } from '../e2e/server.js';
import { open, store } from '../engine/harness.js';
import { Random } from '../fuzz/random.js';
import { ForeignTable } from './foreign-table.js';
import { Model } from './model.js';

test('[issue 14 3] files that another writer put together or added become one with ours, and each point is read as before', async () => {
  const dataDir = makeDataDir();
  const foreign = await ForeignTable.open(join(dataDir, 'tables/db/m'));
  try {
    const [model, random] = [new Model(), new Random(17)];
    const engine = await open(dataDir);
    for (let flush = 0; flush < 6; flush += 1) {
      await store(engine, 'db', ...model.randomLines(random, 40, 1));
      await engine.control.run('flush', { database: 'db' });
    }
    const [first, second, third] = foreign.live() as [string, string, string];
    // As OPTIMIZE does it, with versions of a point beside each other; as an UPDATE would, in another order; and an append without a seq.
    await foreign.commit(`SELECT * FROM ${foreign.relation([first, second])}`, { removes: [first, second], options: 'COMPRESSION zstd, PARQUET_VERSION v2' });
    await foreign.commit(`SELECT s, f, * EXCLUDE (s, f) FROM ${foreign.relation([third])} ORDER BY time DESC`, { removes: [third] });
    await foreign.commit("SELECT make_timestamptz(1600000000000000 + 5000000 * range) AS time, 'foreign' AS host, range + 0.5::DOUBLE AS f, CASE WHEN range < 40 THEN 'x' END AS s FROM range(50)");
    assert.equal(foreign.live().length, 6);
    const before = await foreign.points(engine);
    assert.equal(before.length, model.points.size + 50);
    assert.deepEqual(await engine.control.run('compact', { database: null }), { tables: 1, jobs: 1, failed: [] });
    assert.equal(foreign.live().length, 1);
    assert.deepEqual(await foreign.points(engine), before);
    // Files in which no row gives another a field change nothing for who reads changes.
    for (const at of [0, 1]) await foreign.commit(`SELECT make_timestamptz(${1_600_001_000_000_000 + at}) AS time, 'later' AS host, 1.5::DOUBLE AS f`);
    assert.equal((await engine.control.run('compact', { database: null })).jobs, 1);
    assert.deepEqual([foreign.live().length, foreign.lastChanges()], [1, false]);
    await engine.stop();
    const checked = sluice(['check', join(dataDir, 'tables/db/m')]);
    assert.deepEqual([checked.code, checked.stderr], [0, ''], checked.stdout);
  } finally {
    foreign.close();
    removeDataDir(dataDir);
  }
});

test('[issue 14 3] files of others that are not plainly like ours stay, are not tried again, and keep no others from being put together', async () => {
  const dataDir = makeDataDir();
  const foreign = await ForeignTable.open(join(dataDir, 'tables/db/m'));
  try {
    const engine = await open(dataDir);
    for (const value of [1, 2, 3]) {
      await store(engine, 'db', `m,host=a f=${value} ${1_600_000_000_000_000_000n + BigInt(value)}`);
      await engine.control.run('flush', { database: 'db' });
    }
    const time = 'make_timestamptz(1600000000000000) AS time';
    const left = [
      await foreign.commit(`SELECT ${time}, 'a' AS host, DATE '2020-01-01' AS day`),
      await foreign.commit(`SELECT ${time}, 'a' AS host, 1::FLOAT AS f`),
      await foreign.commit(`SELECT ${time}, 'a' AS host, 1::DOUBLE AS f, ${9e15}::BIGINT AS sluice_seq`),
      await foreign.commit(`SELECT ${time}, 'b' AS host, 1::DOUBLE AS f`, { tellsTimes: false }),
      await foreign.commit(`SELECT ${time}, 'c' AS host, 1::DOUBLE AS f`),
    ];
    const damaged = join(foreign.folder, left.at(-1)!);
    writeFileSync(damaged, readFileSync(damaged).fill(0, 4, 40));
    const result = await engine.control.run('compact', { database: null });
    assert.deepEqual(result.failed, []);
    const live = foreign.live();
    assert.deepEqual(live.slice(0, 5), left);
    assert.equal(live.length, 6, 'ours are one');
    const counted = engine.metrics().find(({ name }) => name === 'sluice_compaction_files_left_total')!;
    const leftNow = counted.samples.map(({ labels, value }) => [labels['reason'], value]);
    assert.deepEqual(leftNow, [['damaged', 1], ['form', 2], ['size', 0]]);
    assert.deepEqual(await engine.control.run('compact', { database: null }), { tables: 1, jobs: 0, failed: [] });
    await engine.stop();
  } finally {
    foreign.close();
    removeDataDir(dataDir);
  }
});
