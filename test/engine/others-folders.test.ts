/** Folders below `tables/` that the catalog does not know: a start keeps new databases and tables out of them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDataDir, removeDataDir } from '../e2e/server.js';
import { flushedTables, open, store } from './harness.js';

test('a table of others in the folder of a measurement is not written into, nor one in the folder of a database', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await open(dataDir);
    await store(first, 'db', 'known v=1i 1');
    await first.stop();
    assert.ok(existsSync(join(dataDir, 'catalog.json')));
    const folders = ['db/theirs', 'other/cpu'].map((folder) => join(dataDir, 'tables', folder, '_delta_log'));
    for (const folder of folders) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, '00000000000000000000.json'), '{"commitInfo":{}}\n');
    }
    const second = await open(dataDir);
    assert.deepEqual(second.problems(), []);
    await store(second, 'db', 'theirs v=1i 1', 'known v=2i 2');
    await store(second, 'other', 'cpu v=1i 1');
    const tables = await flushedTables(second);
    assert.deepEqual([...tables].map(([name, { rows, problems }]) => [name, rows, problems]), [['db.known', 2, []], ['db.theirs', 1, []], ['other.cpu', 1, []]]);
    for (const folder of folders) {
      assert.deepEqual(readdirSync(folder), ['00000000000000000000.json']);
      assert.equal(readFileSync(join(folder, '00000000000000000000.json'), 'utf8'), '{"commitInfo":{}}\n');
    }
    await second.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
