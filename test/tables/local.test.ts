import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { dataPaths, type DataPaths } from '../../src/names.js';
import { assertLinks } from '../../src/tables/local-store.js';
import { CRASH_POLICIES, type MemoryDisk } from '../fault/memory-disk.js';
import { memoryDisk, memoryPaths, tablesStore } from './memory.js';

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

/** What a store asks of a disk from now on, names of unfinished files hidden. */
function recordCalls(disk: MemoryDisk): string[] {
  const calls: string[] = [];
  disk.before = (operation, path) => {
    calls.push(`${operation} ${path.replace(/^data\//, '').replace(/tmp\/s\/[0-9a-f-]{36}/, 'tmp/s/*')}`);
  };
  return calls;
}

test('a file has its final name only once it is published', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
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
  const store = tablesStore(systemDisk, paths, 's');
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
  const store = tablesStore(systemDisk, freshPaths(), 's');
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
    tablesStore(systemDisk, paths, 's').putIfAbsent('db/cpu/_delta_log/0.json', Buffer.from(`by ${n}`))));
  assert.equal(won.filter(Boolean).length, 1);
  assert.equal(readFileSync(join(paths.tables, 'db/cpu/_delta_log/0.json'), 'utf8'), `by ${won.indexOf(true)}`);
  assert.deepEqual(unfinished(paths), []);
});

test('bytes are synced before the name, the name before the answer', async () => {
  const disk = await memoryDisk();
  await disk.makeFolder(memoryPaths.tmp('s'));
  const calls = recordCalls(disk);
  const store = tablesStore(disk, memoryPaths, 's');
  const writer = await store.put('db/cpu/1.parquet');
  await writer.write(Buffer.from('x'));
  await writer.publish();
  assert.deepEqual(calls.splice(0), [
    'open tmp/s/*', 'write tmp/s/*', 'sync tmp/s/*', 'close tmp/s/*',
    'rename tmp/s/*', 'syncFolder tables/db', 'syncFolder tables', 'syncFolder tables/db/cpu',
  ]);
  await store.putIfAbsent('db/cpu/2', Buffer.from('y'));
  assert.deepEqual(calls, [
    'open tmp/s/*', 'write tmp/s/*', 'sync tmp/s/*', 'close tmp/s/*', 'link tmp/s/*', 'syncFolder tables/db/cpu', 'remove tmp/s/*',
  ]);
});

test('folders are made where they are missing, also those that were there before', async () => {
  const paths = freshPaths();
  const store = tablesStore(systemDisk, paths, 's');
  for (const name of ['1', '2', '3']) {
    const writer = await store.put(`db/cpu/${name}`);
    await writer.write(Buffer.from(name));
    await writer.publish();
    assert.equal(await store.putIfAbsent(`db/cpu/_delta_log/${name}`, Buffer.from(name)), true);
    assert.deepEqual([await store.list('db/cpu'), await store.list('db/cpu/_delta_log')], [[name, '_delta_log'], [name]]);
    rmSync(name === '1' ? join(paths.tables, 'db/cpu') : paths.tables, { recursive: true });
    rmSync(paths.tmp('s'), { recursive: true });
  }
});

test('a folder beside others costs a sync of the one above, not of all above', async () => {
  const disk = await memoryDisk();
  await disk.makeFolder('data/tables/db/mem');
  const store = tablesStore(disk, memoryPaths, 's');
  await store.putIfAbsent('db/cpu/1', Buffer.from('x'));
  const calls = recordCalls(disk);
  await store.putIfAbsent('db/mem/1', Buffer.from('x'));
  assert.deepEqual(calls.filter((call) => call.startsWith('syncFolder')), ['syncFolder tables/db', 'syncFolder tables/db/mem']);
});

test('folders last only once all above are synced: a sync that failed is made again', async () => {
  const disk = await memoryDisk();
  const store = tablesStore(disk, memoryPaths, 's');
  disk.failNth('syncFolder', 2, 'once');
  await assert.rejects(store.putIfAbsent('db/cpu/1', Buffer.from('x')), { code: 'EIO' });
  const calls = recordCalls(disk);
  assert.equal(await store.putIfAbsent('db/cpu/1', Buffer.from('y')), false);
  assert.deepEqual(calls.filter((call) => call.startsWith('syncFolder')), ['syncFolder tables/db', 'syncFolder tables', 'syncFolder tables/db/cpu']);
});

test('what list names and what a lost put met is synced first: a crash may have come before its sync', async () => {
  const disk = await memoryDisk();
  await tablesStore(disk, memoryPaths, 's').putIfAbsent('db/cpu/1', Buffer.from('x'));
  const calls = recordCalls(disk);
  const store = tablesStore(disk, memoryPaths, 's');
  assert.deepEqual(await store.list('db/cpu'), ['1']);
  assert.deepEqual(calls.splice(0), ['list tables/db/cpu', 'syncFolder tables/db', 'syncFolder tables', 'syncFolder tables/db/cpu']);
  assert.equal(await store.putIfAbsent('db/cpu/1', Buffer.from('y')), false);
  assert.deepEqual(calls.slice(-3), ['link tmp/s/*', 'syncFolder tables/db/cpu', 'remove tmp/s/*']);
});

test('a loss of power at any moment leaves the whole file or none, and what was answered stays', async () => {
  const disk = await memoryDisk();
  const store = tablesStore(disk, memoryPaths, 's');
  const survivors: { disk: MemoryDisk; answered: number }[] = [];
  let answered = 0;
  const note = (): void => {
    for (const policy of CRASH_POLICIES) survivors.push({ disk: disk.crash(policy, survivors.length), answered });
  };
  disk.after = note;
  const writer = await store.put('db/cpu/1');
  await writer.write(Buffer.from('whole 1'));
  await writer.publish();
  answered = 1;
  note();
  await store.putIfAbsent('db/cpu/2', Buffer.from('whole 2'));
  answered = 2;
  note();
  assert.ok(survivors.length > 50);
  for (const survivor of survivors) {
    const after = tablesStore(survivor.disk, memoryPaths, 't');
    const names = await after.list('db/cpu');
    assert.ok(names.length >= survivor.answered);
    for (const name of names) assert.equal(String(await after.get(`db/cpu/${name}`)), `whole ${name}`);
  }
});

test('paths that leave the tables folder are refused', async () => {
  const store = tablesStore(systemDisk, freshPaths(), 's');
  for (const path of ['', '..', '../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/.', 'a\\b', 'a\0b']) {
    await assert.rejects(store.put(path), RangeError);
    await assert.rejects(store.putIfAbsent(path, Buffer.from('x')), RangeError);
    await assert.rejects(store.get(path), RangeError);
    // The root itself may be listed.
    if (path === '') assert.deepEqual(await store.list(path), []);
    else await assert.rejects(store.list(path), RangeError);
    await assert.rejects(store.delete(path), RangeError);
  }
});

test('[issue 14 1] a disk that has no hard links, or links over a name that is taken, is refused at a start; a fault is told', async () => {
  const said: string[] = [];
  const report = (sentence: string): number => said.push(sentence);
  const disk = await memoryDisk();
  await assertLinks(disk, 'data/tmp/s', report);
  assert.deepEqual([said, await disk.list('data/tmp/s')], [[], []]);
  for (const code of ['EPERM', 'ENOTSUP']) {
    const without = { ...systemDisk, ...bound(disk), link: () => Promise.reject(Object.assign(new Error('no'), { code })) };
    await assert.rejects(assertLinks(without, 'data/tmp/s', report), /on a file system without hard links \(data\/tmp\/s\), which commits to its tables need/);
  }
  await assert.rejects(assertLinks({ ...systemDisk, ...bound(disk), link: async () => true }, 'data/tmp/s', report), /without hard links/);
  assert.deepEqual([said, await disk.list('data/tmp/s')], [[], []]);
  disk.failNth('open', 1, 'once');
  await assertLinks(disk, 'data/tmp/s', report);
  assert.match(said.join(), /^whether the file system of the data folder has hard links could not be found out: /);
});

/** What the check asks of a disk in memory. */
function bound(disk: MemoryDisk): Pick<MemoryDisk, 'makeFolder' | 'open' | 'remove'> {
  return { makeFolder: (each) => disk.makeFolder(each), open: (each, how) => disk.open(each, how), remove: (each) => disk.remove(each) };
}
