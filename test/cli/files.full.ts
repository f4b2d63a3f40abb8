/** `sluice files`: with a server and without, cut by time, as SQL and as JSON. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDuck } from '../../src/query/duckdb.js';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';

const DAYS = ['2025-01-01', '2025-01-02', '2025-01-03'] as const;
const TABLE = 'my.db.cli.mate';

test('[issue 14 6] the live files of a table, cut by time, with a server and without', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--database-names', 'any']);
    const write = async (day: string): Promise<void> => {
      const ns = `${Date.parse(`${day}T12:00:00Z`)}000000`;
      assert.equal((await post(server.url, writePath('/write', 'my.db', 'ns'), Buffer.from(`cli.mate,room=a v=1 ${ns}`))).status, 204);
    };
    for (const day of DAYS) {
      await write(day);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    }
    await write('2025-01-04');
    const files = (...args: string[]) => sluice(['files', '--data-dir', dataDir, TABLE, ...args]);
    const all = files();
    const folder = join(dataDir, 'tables/my~2Edb/cli~2Emate');
    const paths = readdirSync(folder).filter((name) => name.endsWith('.parquet')).map((name) => join(folder, name));
    assert.deepEqual([all.code, all.stdout.trimEnd().split('\n').sort()], [0, paths.sort()]);
    assert.match(all.stderr, /^sluice: 1 row of my\.db\.cli\.mate is in the log alone; sluice flush moves them into files\n$/);
    assert.ok(paths.every((path) => existsSync(path)));

    const json = JSON.parse(files('--format', 'json').stdout) as { database: string; measurement: string; unflushed: number; files: { path: string; bytes: number; rows: number; first: string; last: string }[] };
    assert.deepEqual([json.database, json.measurement, json.unflushed], ['my.db', 'cli.mate', 1]);
    for (const [at, file] of json.files.entries()) {
      assert.deepEqual([file.bytes, file.rows, file.first, file.last], [statSync(file.path).size, 1, `${DAYS[at]}T12:00:00.000Z`, `${DAYS[at]}T12:00:00.000Z`]);
    }

    const cut = (...args: string[]): number[] => files(...args).stdout.split('\n').filter((line) => line !== '').map((path) => json.files.findIndex((file) => file.path === path));
    assert.deepEqual(cut('--from', '2025-01-02'), [1, 2]);
    assert.deepEqual(cut('--to', '2025-01-02 12:00'), [0, 1]);
    assert.deepEqual(cut('--from', '2025-01-02T12:00:00.000000Z', '--to', '2025-01-02T14:00:00+02:00'), [1]);
    assert.deepEqual(cut('--from', '2025-01-02T12:00:00.002Z', '--to', '2025-01-03T11:59:59.998Z'), []);

    assert.equal(await server.stop(), 0);
    const stopped = files('--sql');
    assert.equal(stopped.code, 0, stopped.stderr);
    const duck = await openDuck('reader');
    try {
      const { rows } = await duck.stream(`SELECT count(*)::VARCHAR, sum(v) FROM ${stopped.stdout.trim()}`);
      for await (const chunk of rows) assert.deepEqual(chunk, [['4', 4]]);
    } finally {
      duck.close();
    }
    assert.deepEqual(files('--sql', '--from', '2026-01-01').code, 1);
    const turned = files('--from', '2025-01-03', '--to', '2025-01-02');
    assert.deepEqual([turned.code, turned.stderr], [2, 'sluice: --from 2025-01-03 is later than --to 2025-01-02\n']);
    assert.deepEqual([files('--from', 'yesterday').code, files('--sql', '--format', 'json').code], [2, 2]);
    assert.match(sluice(['files', '--data-dir', dataDir, 'my.db.nothing']).stderr, /^sluice: there is no table my\.db\.nothing \(DATABASE\.TABLE\)\n$/);
  } finally {
    removeDataDir(dataDir);
  }
});
