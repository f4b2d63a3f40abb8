/** Files past retention leave their table under a server that runs. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const WAIT_MS_MAX = 180_000;

test('[issue 14 4] a file past retention leaves its table within minutes, one with a row that is kept stays, and the note outlives the server', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1']);
    const nowS = Math.floor(Date.now() / 1000);
    for (const [value, agoS] of [[1, 7200], [2, 7200], [3, 0]] as const) {
      assert.equal((await post(server.url, '/api/v3/write_lp?db=db&precision=s', Buffer.from(`m v=${value} ${nowS - agoS}`))).status, 204);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    }
    assert.equal(sluice(['database', 'update', 'db', '--retention', '1h', '--data-dir', dataDir]).code, 0);
    const files = (): number => JSON.parse(sluice(['tables', '--format', 'json', '--data-dir', dataDir]).stdout)[0].files;
    const isSaid = (): boolean => /table db\/m: 2 files with 2 rows left it/.test(server.said);
    for (const end = performance.now() + WAIT_MS_MAX; files() !== 1 || !isSaid(); await new Promise((resolve) => setTimeout(resolve, 1000))) {
      assert.ok(performance.now() < end, `${files()} files after ${WAIT_MS_MAX} ms`);
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /^sluice_expired_files_total 2$/m);
    assert.equal(await server.stop(), 0);
    assert.equal(readdirSync(join(dataDir, 'tables/db/m')).filter((name) => name.endsWith('.parquet')).length, 3);
    assert.equal(readdirSync(join(dataDir, 'retired')).length, 1);
  } finally {
    removeDataDir(dataDir);
  }
});
