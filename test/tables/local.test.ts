import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { dataPaths, type DataPaths } from '../../src/names.js';
import { localTableStore } from '../../src/tables/local.js';
import { crashingDisk } from './crashing-disk.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-local-'));
after(() => rmSync(folder, { recursive: true }));

let made = 0;
function freshPaths(): DataPaths {
  made += 1;
  return dataPaths(join(folder, String(made)));
}

function unfinished(paths: DataPaths): string[] {
  return existsSync(paths.tmp('s')) ? readdirSync(paths.tmp('s')) : [];
}

/** Calls on a disk, with the data folder cut away and names of unfinished files hidden. */
function brief(calls: readonly string[], paths: DataPaths): string[] {
  const data = join(paths.tables, '..');
  return calls.map((call) => call.replaceAll(`${data}/`, '').replaceAll(data, '.').replace(/tmp\/s\/[0-9a-f-]{36}/g, 'tmp/s/*'));
}

test('a file has its final name only once it is published', async () => {
  const paths = freshPaths();
  const store = localTableStore(systemDisk, paths, 's');
  const writer = await store.put('db/cpu/1.parquet');
  await writer.write(Buffer.from('one '));
  await writer.write(Buffer.from('two'));
  assert.equal(await store.get('db/cpu/1.parquet'), null);
  assert.equal(unfinished(paths).length, 1);
  await writer.publish();
  assert.equal(String(await store.get('db/cpu/1.parquet')), 'one two');
  assert.deepEqual(await store.list('db/cpu'), ['1.parquet']);
  assert.deepEqual(unfinished(paths), []);
});

test('an abandoned file leaves nothing, published or not', async () => {
  const paths = freshPaths();
  const store = localTableStore(systemDisk, paths, 's');
  const early = await store.put('db/cpu/1.parquet');
  await early.write(Buffer.from('x'));
  await early.abandon();
  const late = await store.put('db/cpu/2.parquet');
  await late.publish();
  await late.abandon();
  assert.deepEqual(await store.list('db/cpu'), []);
  assert.deepEqual(unfinished(paths), []);
});

test('what is missing is null, empty, or nothing to delete', async () => {
  const store = localTableStore(systemDisk, freshPaths(), 's');
  assert.equal(await store.get('db/none'), null);
  assert.deepEqual(await store.list('db'), []);
  await store.delete('db/none');
  assert.equal(await store.putIfAbsent('db/a', Buffer.from('a')), true);
  await store.delete('db/a');
  assert.equal(await store.get('db/a'), null);
});

test('of many that put the same file if absent one wins, and its bytes stay', async () => {
  const paths = freshPaths();
  const won = await Promise.all(Array.from({ length: 20 }, (_, n) =>
    localTableStore(systemDisk, paths, 's').putIfAbsent('db/cpu/_delta_log/0.json', Buffer.from(`by ${n}`))));
  assert.equal(won.filter(Boolean).length, 1);
  assert.equal(readFileSync(join(paths.tables, 'db/cpu/_delta_log/0.json'), 'utf8'), `by ${won.indexOf(true)}`);
  assert.deepEqual(unfinished(paths), []);
});

test('bytes are synced before the name, the name before the answer', async () => {
  const paths = freshPaths();
  const disk = crashingDisk(Infinity);
  const store = localTableStore(disk, paths, 's');
  const writer = await store.put('db/cpu/1.parquet');
  await writer.write(Buffer.from('x'));
  await writer.publish();
  assert.deepEqual(brief(disk.calls, paths), [
    'makeFolder tmp/s', 'open tmp/s/* create', 'write tmp/s/*', 'sync tmp/s/*', 'close tmp/s/*',
    'makeFolder tables/db/cpu', 'syncFolder tables/db', 'syncFolder tables',
    'rename tmp/s/* tables/db/cpu/1.parquet', 'syncFolder tables/db/cpu',
  ]);
  const before = disk.calls.length;
  await store.putIfAbsent('db/cpu/2', Buffer.from('y'));
  assert.deepEqual(brief(disk.calls.slice(before), paths), [
    'makeFolder tables/db/cpu', 'makeFolder tmp/s', 'open tmp/s/* create', 'write tmp/s/*', 'sync tmp/s/*', 'close tmp/s/*',
    'link tmp/s/* tables/db/cpu/2', 'syncFolder tables/db/cpu', 'remove tmp/s/*',
  ]);
});

test('what list names and what a lost put met is synced first: a crash may have come before its sync', async () => {
  const paths = freshPaths();
  assert.equal(await localTableStore(systemDisk, paths, 's').putIfAbsent('db/cpu/1', Buffer.from('x')), true);
  const disk = crashingDisk(Infinity);
  const store = localTableStore(disk, paths, 's');
  assert.deepEqual(await store.list('db/cpu'), ['1']);
  assert.deepEqual(brief(disk.calls, paths), ['list tables/db/cpu', 'syncFolder tables/db', 'syncFolder tables', 'syncFolder tables/db/cpu']);
  assert.equal(await store.putIfAbsent('db/cpu/1', Buffer.from('y')), false);
  assert.deepEqual(brief(disk.calls.slice(-3), paths), ['link tmp/s/* tables/db/cpu/1', 'syncFolder tables/db/cpu', 'remove tmp/s/*']);
});

test('a crash at any call leaves the whole file or none', async () => {
  for (let crashAt = 0; ; crashAt += 1) {
    const paths = freshPaths();
    const disk = crashingDisk(crashAt);
    const store = localTableStore(disk, paths, 's');
    const done = (async () => {
      const writer = await store.put('db/cpu/1.parquet');
      await writer.write(Buffer.from('whole'));
      await writer.publish();
      return store.putIfAbsent('db/cpu/2', Buffer.from('whole'));
    })();
    const failed = await done.then(() => false, () => true);
    const after = localTableStore(systemDisk, paths, 't');
    for (const name of await after.list('db/cpu')) assert.equal(String(await after.get(`db/cpu/${name}`)), 'whole');
    if (!failed) {
      assert.equal(crashAt, disk.calls.length);
      assert.deepEqual(await after.list('db/cpu'), ['1.parquet', '2']);
      return;
    }
  }
});

test('paths that leave the tables folder are refused', async () => {
  const store = localTableStore(systemDisk, freshPaths(), 's');
  for (const path of ['', '..', '../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/.', 'a\\b', 'a\0b']) {
    await assert.rejects(store.put(path), RangeError);
    await assert.rejects(store.putIfAbsent(path, Buffer.from('x')), RangeError);
    await assert.rejects(store.get(path), RangeError);
    await assert.rejects(store.list(path), RangeError);
    await assert.rejects(store.delete(path), RangeError);
  }
});
