/** `sluice check --rebuild`: the catalog made anew from the tables, by a command. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, snapshotIn, TestServer } from '../e2e/server.js';

test('[issue 14 1] the catalog is made anew from the tables and the log, and the one before is kept', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    const write = async (line: string): Promise<void> => {
      assert.equal((await post(server.url, writePath('/write', 'home', 'ns'), Buffer.from(line))).status, 204);
    };
    await write('climate,Room=a Temp\\ C=1.5 1735689600000000000');
    await write('other v=1i 1735689600000000000');
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    await snapshotIn(dataDir);
    await write('climate,Room=a Temp\\ C=2.5 1735689600000000001');
    assert.match(sluice(['check', '--rebuild', '--data-dir', dataDir]).stderr, /stop the server first/);
    await server.kill();
    // A catalog that is whole and says what is not true: no start would notice.
    const path = join(dataDir, 'catalog.json');
    const before = readFileSync(path);
    const { code, stdout, stderr } = sluice(['check', '--rebuild', '--data-dir', dataDir]);
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /^catalog\.json is made anew, with 1 database and 2 tables; the one before is in quarantine\/$/m);
    assert.match(stdout, /^2 tables, 3 commits, 3 live files, 3 rows: no problem$/m);
    const kept = readdirSync(join(dataDir, 'quarantine')).find((name) => name.startsWith('catalog.json-'));
    assert.deepEqual(readFileSync(join(dataDir, 'quarantine', kept!)), before);
    assert.equal(sluice(['query', '--data-dir', dataDir, '--format', 'csv', 'SELECT sum("Temp C") AS s FROM climate']).stdout, 's\n4\n');
    assert.equal(sluice(['check', '--rebuild', '--format', 'json', '--data-dir', dataDir]).code, 2);
    writeFileSync(path, 'nothing');
    assert.match(sluice(['check', '--data-dir', dataDir]).stdout, /^catalog: catalog\.json cannot be read: it has no checksum at its end$/m);
  } finally {
    removeDataDir(dataDir);
  }
});
