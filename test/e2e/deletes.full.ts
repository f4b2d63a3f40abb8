/** Deletes that are pending, in a backup and through a catalog that is made anew. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
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
