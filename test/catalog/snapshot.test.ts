/** The catalog's files: read as written, and one of two always readable. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSnapshot, lastSeqOf, PIECE_ITEMS, SnapshotFiles, wholeSnapshot, type CatalogSnapshot, type SnapshotSource, encodeSnapshot as encodePieces } from '../../src/catalog/snapshot.js';
import { crc32 } from '../../src/crc.js';
import { dataPaths } from '../../src/names.js';
import { CRASH_POLICIES, MemoryDisk } from '../fault/memory-disk.js';
import { makeCatalog, need } from './harness.js';

const paths = dataPaths('data');

async function makeSnapshot(): Promise<CatalogSnapshot> {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db ü "quoted"');
  await catalog.decide(id, [need('cpu', 'host', 0), need('mem', '\u0000\n"', 2)]);
  await catalog.dropTable(id, 'mem');
  catalog.setFlushedTo(1, 4321);
  return wholeSnapshot(catalog.snapshot());
}
const encodeSnapshot = (source: SnapshotSource): Buffer => Buffer.concat([...encodePieces(source)]);
const snapshot = await makeSnapshot();
const at = (upTo: number): CatalogSnapshot => ({ ...snapshot, upTo });

async function files(disk: MemoryDisk): Promise<SnapshotFiles> {
  await disk.makeFolder('data');
  return new SnapshotFiles(disk, 'data', paths);
}

test('a snapshot is read as it was written', () => {
  assert.deepEqual(decodeSnapshot(encodeSnapshot(snapshot)), snapshot);
  assert.equal(lastSeqOf(snapshot), 4321);
  assert.equal(lastSeqOf(at(9999)), 9999);
});

test('the text of a snapshot is as DESIGN.md says', () => {
  const text = encodeSnapshot({
    node: '0a1b2c3d', upTo: 5, next: { database: 2, table: 3, column: 4 },
    databases: [{ id: 1, name: 'db', folder: 'db', created: 1, dropped: 0 }],
    tombstones: [],
    tables: [{ id: 2, database: 1, name: 'cpu', folder: 'db/cpu', created: 2, dropped: 0, flushedTo: 9 }],
    columns: [{ id: 3, table: 2, key: 'a', kind: 1, name: 'a' }],
  }).toString();
  const covered = '{"format":2,"node":"0a1b2c3d","upTo":5,"next":{"database":2,"table":3,"column":4},'
    + '"databases":[{"id":1,"name":"db","folder":"db","created":1,"dropped":0}],'
    + '"tables":[{"id":2,"database":1,"name":"cpu","folder":"db/cpu","created":2,"dropped":0,"flushedTo":9}],'
    + '"columns":[{"id":3,"table":2,"key":"a","kind":1,"name":"a"}]';
  assert.equal(text, `${covered},"crc":"${crc32(Buffer.from(covered)).toString(16).padStart(8, '0')}"}\n`);
});

test('[issue 14 4] a snapshot with a retention period is of a format that an earlier program does not start over, one without of the one before', () => {
  const formatOf = (databases: CatalogSnapshot['databases']): unknown => JSON.parse(encodeSnapshot({ ...snapshot, databases }).toString()).format;
  const database = { id: 1, name: 'db', folder: 'db', created: 1, dropped: 0 };
  assert.deepEqual([formatOf([database]), formatOf([{ ...database, retentionS: 3600 }]), formatOf([{ ...database, retentionS: 3600, dropped: 7 }])], [2, 3, 2]);
  const kept = { ...snapshot, databases: [{ ...database, retentionS: 3600 }] };
  assert.deepEqual(decodeSnapshot(encodeSnapshot(kept)), kept);
});

test('a snapshot of the format before, which said sealedTo, is read', () => {
  const text = encodeSnapshot(snapshot).toString().replace('"format":2', '"format":1').replaceAll('"flushedTo"', '"sealedTo"').slice(0, -19);
  const before = Buffer.from(`${text},"crc":"${crc32(Buffer.from(text)).toString(16).padStart(8, '0')}"}\n`);
  assert.deepEqual(decodeSnapshot(before), snapshot);
});

test('no changed or cut snapshot passes', () => {
  const bytes = encodeSnapshot(snapshot);
  for (let length = 0; length < bytes.length; length += 1) assert.throws(() => decodeSnapshot(bytes.subarray(0, length)), Error);
  for (let i = 0; i < bytes.length; i += 1) {
    const other = Buffer.from(bytes);
    other[i]! ^= 1;
    assert.throws(() => decodeSnapshot(other), Error, `byte ${i}`);
  }
});

test('a newer format stops the start with a sentence, and the file stays', async () => {
  const text = encodeSnapshot(snapshot).toString().replace('"format":2', '"format":5').slice(0, -19);
  const newer = Buffer.from(`${text},"crc":"${crc32(Buffer.from(text)).toString(16).padStart(8, '0')}"}\n`);
  const disk = new MemoryDisk();
  disk.place(paths.catalog, newer);
  await assert.rejects((await files(disk)).load(), /cannot start: data.catalog.json: it has format 5, of a newer sluice/);
  assert.deepEqual(disk.content(paths.catalog), newer);
});

test('with no files there is no snapshot and nothing to say', async () => {
  assert.deepEqual(await (await files(new MemoryDisk())).load(), { snapshot: null, reports: [] });
});

test('the log may forget what both files hold', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  const reached: number[] = [];
  for (const upTo of [100, 200, 300]) {
    await written.publish(at(upTo));
    reached.push(written.reach);
  }
  assert.deepEqual(reached, [0, 100, 200]);
  const read = await files(disk);
  assert.deepEqual((await read.load()).snapshot, at(300));
  assert.equal(read.reach, 200);
  await Promise.all([read.publish(at(400)), read.publish(at(500))]);
  assert.equal(read.reach, 400);
});

test('a damaged newest file falls back to the one before, is kept aside, and never replaces it', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  await written.publish(at(100));
  await written.publish(at(200));
  const damaged = disk.content(paths.catalog).subarray(0, 50);
  disk.place(paths.catalog, damaged);
  const read = await files(disk);
  const { snapshot: found, reports } = await read.load();
  assert.deepEqual(found, at(100));
  assert.deepEqual(reports, ['data/catalog.json cannot be read: it has no checksum at its end']);
  assert.equal(read.reach, 0);
  const [kept] = await disk.list(paths.quarantine);
  assert.deepEqual(disk.content(join(paths.quarantine, kept!)), damaged);
  await read.publish(at(300));
  assert.equal(read.reach, 100);
  disk.place(paths.catalog, damaged);
  assert.deepEqual((await (await files(disk)).load()).snapshot, at(100));
});

test('a damaged newest file that cannot be moved aside does not replace the one before', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  await written.publish(at(100));
  await written.publish(at(200));
  disk.place(paths.catalog, Buffer.from('damaged'));
  disk.failNth('rename', 1, 'once');
  const read = await files(disk);
  assert.match((await read.load()).reports.join(), /could not be moved to data.quarantine/);
  await read.publish(at(300));
  assert.deepEqual(decodeSnapshot(disk.content(paths.catalog)), at(300));
  assert.deepEqual(decodeSnapshot(disk.content(paths.catalogPrevious)), at(100));
});

test('with both files damaged there is none, and both are named', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  await written.publish(at(100));
  await written.publish(at(200));
  for (const path of [paths.catalog, paths.catalogPrevious]) disk.place(path, Buffer.from(`damaged ${path}`));
  const { snapshot: found, reports } = await (await files(disk)).load();
  assert.equal(found, null);
  assert.equal(reports.length, 2);
  assert.equal((await disk.list(paths.quarantine)).length, 2);
});

test('a crash after every operation leaves a snapshot, and the reach holds', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  const images: { disk: MemoryDisk; name: string; published: number; reach: number }[] = [];
  let published = 0;
  let operations = 0;
  disk.after = (operation) => {
    operations += 1;
    for (const policy of CRASH_POLICIES) {
      const name = `${policy} after ${operation} ${operations}`;
      images.push({ disk: disk.crash(policy, operations), name, published, reach: written.reach });
    }
  };
  for (const upTo of [100, 200, 300, 400]) {
    await written.publish(at(upTo));
    published = upTo;
  }
  assert.ok(images.length > 100);
  for (const image of images) {
    const read = await files(image.disk);
    const { snapshot: found, reports } = await read.load();
    assert.deepEqual(reports, [], image.name);
    assert.ok((found?.upTo ?? 0) >= image.published, `${image.name}: ${found?.upTo} of ${image.published}`);
    if (found !== null) assert.deepEqual(found, at(found.upTo));
    image.disk.place(paths.catalog, Buffer.from('damaged'));
    const fallback = (await (await files(image.disk)).load()).snapshot;
    assert.ok((fallback?.upTo ?? 0) >= image.reach, `${image.name}: ${fallback?.upTo} falls short of ${image.reach}`);
  }
});

for (const how of ['once', 'sticky'] as const) {
  test(`the n-th operation fails, ${how}: a snapshot can be read, and the next one be published`, async () => {
    let n = 1;
    for (; n < 100; n += 1) {
      const disk = new MemoryDisk();
      const written = await files(disk);
      await written.publish(at(100));
      await written.publish(at(200));
      disk.failNth('any', n, how);
      const failed = await written.publish(at(300)).then(() => false, () => true);
      assert.equal(failed, disk.struck, `n = ${n}`);
      disk.healFaults();
      for (const policy of CRASH_POLICIES) {
        const { snapshot: found } = await (await files(disk.crash(policy, n))).load();
        assert.ok(found !== null && found.upTo >= (failed ? 200 : 300), `n = ${n}, ${policy}: ${found?.upTo}`);
      }
      await written.publish(at(400));
      assert.deepEqual((await (await files(disk.crash('drop-unsynced'))).load()).snapshot, at(400));
      if (!disk.struck) break;
    }
    assert.ok(n > 5 && n < 100, `${n} runs`);
  });
}

test('a file that cannot be read for a fault of the disk counts as damaged', async () => {
  const disk = new MemoryDisk();
  const written = await files(disk);
  await written.publish(at(100));
  await written.publish(at(200));
  disk.failNth('read', 1, 'once');
  const { snapshot: found, reports } = await (await files(disk)).load();
  assert.deepEqual(found, at(100));
  assert.match(reports.join(), /EIO/);
});

test('[issue 13 A4] a snapshot is encoded some tables and columns at a time, and what changes meanwhile is not in it', async () => {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  const needs = Array.from({ length: 3000 }, (_, table) => [0, 1].map((key) => need(`t${table}`, `k${key}`))).flat();
  await catalog.decide(id, needs);
  const expected = wholeSnapshot(catalog.snapshot());
  const pieces: Buffer[] = [];
  for (const piece of encodePieces(catalog.snapshot())) {
    pieces.push(piece);
    if (pieces.length > 6) continue;
    await catalog.decide(id, [need(`t${pieces.length}`, 'later', 1, pieces.length), need(`new${pieces.length}`, 'a')]);
    await catalog.dropTable(id, `t${2000 + pieces.length}`);
    catalog.setFlushedTo(2900, 5000 + pieces.length);
  }
  assert.deepEqual(decodeSnapshot(Buffer.concat(pieces)), expected);
  const items = pieces.map((piece) => piece.toString().split('"id":').length - 1);
  assert.ok(Math.max(...items) <= PIECE_ITEMS, `${Math.max(...items)} in one go`);
  assert.ok(pieces.length >= 9000 / PIECE_ITEMS, `${pieces.length} pieces`);
});

test('[issue 13 A4] a file of many pieces is whole after a publication, and is read as it was', async () => {
  const { catalog } = makeCatalog();
  const { id } = await catalog.ensureDatabase('db');
  await catalog.decide(id, Array.from({ length: 5000 }, (_, table) => need(`t${table}`, 'ü'.repeat(1 + (table % 40)))));
  catalog.setFlushedTo(7, 77);
  const disk = new MemoryDisk();
  const written = await files(disk);
  await written.publish(catalog.snapshot());
  assert.equal(written.flushedTo(7), 77);
  assert.deepEqual((await (await files(disk)).load()).snapshot, wholeSnapshot(catalog.snapshot()));
});
