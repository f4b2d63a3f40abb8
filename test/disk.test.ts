/** The disk of this machine does what Disk says; and the log works on it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPackaged, systemDisk as disk } from '../src/disk.js';
import { openLog } from '../src/log/log.js';
import { systemClock } from '../src/clock.js';
import { frameHeader } from './log/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
after(() => rmSync(folder, { recursive: true }));

test('a file is written and read by position', async () => {
  const path = join(folder, 'file');
  const file = await disk.open(path, 'create');
  await file.write(Buffer.from('world'), 6);
  await file.write(Buffer.from('hello,'), 0);
  await file.sync();
  assert.equal(await file.size(), 11);
  const into = Buffer.alloc(20, '.');
  assert.equal(await file.read(into, 3), 8);
  assert.equal(into.toString(), 'lo,world............');
  await file.truncate(5);
  await file.close();
  assert.equal((await disk.readWhole(path))!.toString(), 'hello');
  const again = await disk.open(path, 'update');
  await again.write(Buffer.from('J'), 0);
  await again.close();
  const reader = await disk.open(path, 'read');
  assert.equal(await reader.read(into, 0), 5);
  await assert.rejects(reader.write(Buffer.from('x'), 0), { code: 'EBADF' });
  await reader.close();
  assert.equal((await disk.readWhole(path))!.toString(), 'Jello');
});

test('create makes a file that must not exist, the others one that must', async () => {
  const path = join(folder, 'made');
  await assert.rejects(disk.open(path, 'read'), { code: 'ENOENT' });
  await assert.rejects(disk.open(path, 'update'), { code: 'ENOENT' });
  await (await disk.open(path, 'create')).close();
  await assert.rejects(disk.open(path, 'create'), { code: 'EEXIST' });
  await assert.rejects(disk.open(path, 'create-secret'), { code: 'EEXIST' });
  const secret = join(folder, 'secret');
  await (await disk.open(secret, 'create-secret')).close();
  assert.equal(statSync(secret).mode & 0o777, 0o600);
});

test('what is not there is an answer, other faults are errors', async () => {
  const none = join(folder, 'none');
  assert.equal(await disk.readWhole(none), null);
  assert.deepEqual(await disk.list(none), []);
  assert.equal(await disk.exists(none), false);
  await disk.remove(none);
  await disk.removeTree(none);
  await assert.rejects(disk.readWhole(folder), { code: 'EISDIR' });
  await assert.rejects(disk.rename(none, join(folder, 'other')), { code: 'ENOENT' });
  await assert.rejects(disk.syncFolder(none), { code: 'ENOENT' });
});

test('folders are made with their parents, listed in order, and removed', async () => {
  const deep = join(folder, 'a', 'b', 'c');
  await disk.makeFolder(deep);
  await disk.makeFolder(deep);
  for (const name of ['z', 'B', 'a']) await (await disk.open(join(deep, name), 'create')).close();
  await disk.syncFolder(deep);
  assert.deepEqual(await disk.list(deep), ['B', 'a', 'z']);
  await disk.removeTree(join(folder, 'a'));
  assert.equal(await disk.exists(deep), false);
});

test('rename replaces, link does not', async () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  for (const path of [one, two]) {
    const file = await disk.open(path, 'create');
    await file.write(Buffer.from(path), 0);
    await file.close();
  }
  assert.equal(await disk.link(one, two), false);
  await disk.rename(one, two);
  assert.equal((await disk.readWhole(two))!.toString(), one);
  assert.equal(await disk.exists(one), false);
  assert.equal(await disk.link(two, one), true);
  assert.equal((await disk.readWhole(one))!.toString(), one);
});

test('free space and packaged files can be asked for', async () => {
  assert.ok((await disk.freeBytes(folder)) > 0);
  assert.match(readPackaged(new URL(import.meta.url)).toString(), /packaged files can be asked for/);
});

test('a log on this disk gives back what was synced', async () => {
  const options = {
    node: null, processStart: 0, segmentBytesMax: 20_000, quarantineFolder: join(folder, 'quarantine'),
    clock: systemClock, seqFloor: 0, onReport: () => assert.fail('no damage'),
  };
  const { log } = await openLog(disk, join(folder, 'log'), options);
  const bodies = Array.from({ length: 200 }, (_, i) => Buffer.alloc((i * 37) % 900, i));
  const appended = bodies.map((body) => log.appendFrame(frameHeader(), body.length, (target) => target.set(body)));
  await Promise.all(appended.map(({ synced }) => synced));
  await log.close();
  const again = await openLog(disk, join(folder, 'log'), options);
  assert.deepEqual(again.scan.reports, []);
  assert.equal(again.log.node, log.node);
  assert.ok(again.log.segments().length > 4);
  const found: Buffer[] = [];
  for await (const { body } of again.log.frames(0)) found.push(body);
  assert.deepEqual(found, bodies);
  await again.log.close();
});

test('what the disk refuses is a sentence that says what, where and why, and keeps its code', async () => {
  const inside = join(folder, 'whole');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'file'), 'x');
  const says = async (action: Promise<unknown>, sentence: RegExp, code: string): Promise<void> => {
    await assert.rejects(action, (error: NodeJS.ErrnoException) => {
      assert.match(error.message, sentence);
      assert.equal(error.code, code);
      return true;
    });
  };
  await says(disk.readWhole(inside), new RegExp(`^${inside} could not be read: it is a folder \\(EISDIR\\)$`), 'EISDIR');
  await says(disk.open(join(inside, 'none'), 'read'), /none could not be opened: there is no such file or folder \(ENOENT\)$/, 'ENOENT');
  await says(disk.open(join(inside, 'file'), 'create'), /file could not be made: there is something of that name \(EEXIST\)$/, 'EEXIST');
  await says(disk.list(join(inside, 'file')), /file could not be listed: a part of the path is no folder \(ENOTDIR\)$/, 'ENOTDIR');
  await says(disk.rename(join(inside, 'none'), join(inside, 'new')), /none could not be renamed to .*new: there is no such file or folder/, 'ENOENT');
  await says(disk.makeFolder(join(inside, 'file/a')), /file\/a could not be made: a part of the path is no folder/, 'ENOTDIR');
});
