/** Deletes that are pending, of rows in quarantine, in a backup and through a catalog that is made anew. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TableListing } from '../../src/control/commands.js';
import { systemDisk } from '../../src/disk.js';
import { localTableStore } from '../../src/tables/local-store.js';
import { RowQuarantine } from '../../src/tables/row-quarantine.js';
import { DATABASE, deleteRows, pending, rowsOf } from '../compaction/delete-scene.js';
import { open, store } from '../engine/harness.js';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

test('[issue 14 4] a backup has the deletes that are pending, and a catalog made anew those that the log still has', async () => {
  const [dataDir, place] = [makeDataDir(), makeDataDir()];
  const run = (folder: string, ...args: readonly string[]): string => {
    const { code, stderr, stdout } = sluice([...args, '--data-dir', folder]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const shown = (folder: string): string => run(folder, 'query', '--database', 'db', '--format', 'csv', 'SELECT v FROM m ORDER BY v');
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    assert.equal((await post(server.url, '/api/v3/write_lp?db=db&precision=s', Buffer.from('m,host=a v=1 1600000000\nm,host=b v=2 1600000000'))).status, 204);
    run(dataDir, 'flush');
    run(dataDir, 'delete', 'db', '--tag', 'host=a');
    run(dataDir, 'backup', join(place, 'backup'));
    await server.kill();
    run(join(place, 'restored'), 'restore', join(place, 'backup'));
    for (const folder of [dataDir, join(place, 'restored')]) assert.equal(shown(folder), 'v\n2\n', folder);
    assert.match(run(dataDir, 'check', '--rebuild'), /deletes that the log has no record of any more are lost/);
    assert.equal(shown(dataDir), 'v\n2\n', 'its record is in the log still');
  } finally {
    removeDataDir(dataDir);
    removeDataDir(place);
  }
});

test('[issue 14 4] rows in quarantine are deleted as well: they are not shown, not written again, and the delete is not done before they are gone', async () => {
  const dataDir = makeDataDir();
  try {
    let engine = await open(dataDir);
    await store(engine, DATABASE, 'm,host=a v=1 1600000000000000000', 'm,host=b v=2 1600000000000000000');
    await engine.control.run('flush', { database: DATABASE });
    const [{ columns, flushedTo }] = await engine.control.run('tables', { database: DATABASE }) as readonly [TableListing];
    await engine.stop();
    const [from, to] = ['tables', 'quarantine/tables'].map((folder) => join(dataDir, folder, DATABASE, 'm')) as [string, string];
    const files = readdirSync(from).filter((name) => name.endsWith('.parquet'));
    mkdirSync(to, { recursive: true });
    for (const name of files) cpSync(join(from, name), join(to, name));
    const quarantine = await RowQuarantine.open(localTableStore(systemDisk, join(dataDir, 'quarantine/tables'), join(dataDir, 'tmp')), '0a1b2c3d');
    await quarantine.add({ database: DATABASE, measurement: 'm', folder: `${DATABASE}/m`, seq: flushedTo, columns, files, rows: 2, reason: 'a test', time: '2026-01-01T00:00:00Z' });

    engine = await open(dataDir);
    await engine.recovered();
    assert.equal(await deleteRows(engine, { tags: [['host', 'a']] }), 1);
    assert.deepEqual(await rowsOf(engine, 'm', 'host, v'), ['b,2']);
    await engine.control.run('compact', { database: DATABASE });
    assert.deepEqual([pending(engine), await rowsOf(engine, 'm', 'host, v')], [1, ['b,2']], 'a row may still come from quarantine');
    await engine.stop();
    const { code, stdout } = sluice(['import', '--quarantine', '--data-dir', dataDir]);
    assert.deepEqual([code, stdout], [0, '1 row is stored, 0 were rejected; of 1 lot 0 stay in quarantine\n']);
    engine = await open(dataDir);
    await engine.recovered();
    await engine.control.run('compact', { database: DATABASE });
    assert.deepEqual([pending(engine), await rowsOf(engine, 'm', 'host, v')], [0, ['b,2']]);
    await engine.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
