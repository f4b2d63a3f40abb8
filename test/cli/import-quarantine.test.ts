/** `sluice import --quarantine` loses nothing that an earlier program stored. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PRECISION_NS } from '../../assembly/layout/codes.js';
import { systemDisk } from '../../src/disk.js';
import { importQuarantined } from '../../src/cli/import/quarantined.js';
import { dataPaths } from '../../src/names.js';
import { openDuck } from '../../src/query/duckdb.js';
import { localTableStore } from '../../src/tables/local-store.js';
import { RowQuarantine } from '../../src/tables/row-quarantine.js';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { copyLiving, flushedTables, open, store } from '../engine/harness.js';

const SEQ = 1_700_000_000_000_000;

test('infinities in quarantine are stored again, and read back from the log, where clients send none', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await open(dataDir);
    await store(first, 'db', 'm,host=a f=1,s="x" 1');
    const [{ columns } = { columns: [] }] = await first.control.run('schema', {});
    await first.stop();

    const paths = dataPaths(dataDir);
    const folder = 'db/m';
    const name = `0a1b2c3d-${SEQ}-0.jsonl`;
    mkdirSync(join(paths.quarantinedTables, folder), { recursive: true });
    const row = (at: number, f: string): string => `{"time":${1_000_000 * at},"sluice_ns":0,"sluice_seq":${SEQ},"row number":${at},"host":"b","f":${f}}\n`;
    writeFileSync(join(paths.quarantinedTables, folder, name), [row(1, '"Infinity"'), row(2, '"-Infinity"'), row(3, '-0.0'), row(4, '1.5')].join(''));
    const quarantine = await RowQuarantine.open(localTableStore(systemDisk, paths.quarantinedTables, paths.tmp('test')), '0a1b2c3d');
    await quarantine.add({ database: 'db', measurement: 'm', folder, seq: SEQ, columns, files: [name], rows: 4, reason: 'a test', time: '2026-01-01T00:00:00Z' });

    assert.deepEqual(await importQuarantined(dataDir, null), { stored: 4, rejected: 0, done: 1, left: 0 });

    const again = await open(dataDir);
    assert.deepEqual(await again.control.run('quarantine-list', { database: null }), []);
    const args = { database: 'db', precision: PRECISION_NS };
    assert.equal((await again.control.run('write', args, Buffer.from('m f=1e999 9'))).kind, 'partial', 'of a client it is refused');
    assert.equal((await again.control.run('write', { ...args, infinities: true }, Buffer.from('m,host=c f=-1e999 9'))).kind, 'stored');
    // As a crash leaves it: the row is in the log alone.
    const crashed = `${dataDir}-crashed`;
    copyLiving(dataDir, crashed);
    await again.stop();
    const replayed = await open(crashed);
    const files = (await flushedTables(replayed)).get('db.m')!.files;
    assert.deepEqual(replayed.problems(), []);
    await replayed.stop();
    const duck = await openDuck('reader');
    const { rows } = await duck.stream(`SELECT host, f::VARCHAR FROM read_parquet([${files.map((path) => `'${path}'`).join()}]) ORDER BY host, time`);
    const found = [];
    for await (const chunk of rows) found.push(...chunk);
    duck.close();
    assert.deepEqual(found, [['a', '1.0'], ['b', 'inf'], ['b', '-inf'], ['b', '-0.0'], ['b', '1.5'], ['c', '-inf']]);
    rmSync(crashed, { recursive: true });
  } finally {
    removeDataDir(dataDir);
  }
});
