/** Segments that are gone or empty: what was lost is said, and what was let go of, or never held anything, is not. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from '../../src/crc.js';
import type { Log } from '../../src/log/log.js';
import { SEGMENT_HEADER_BYTES } from '../../src/log/segment.js';
import { CRASH_POLICIES, MemoryDisk } from '../fault/memory-disk.js';
import { append, assertNoneMissed, bodies, FOLDER, marks, open, QUARANTINE, segmentPaths } from './harness.js';

const OPTIONS = { segmentBytesMax: 800 };
const SEGMENTS = 5;

/** One frame each, of a table of its own: 1, 2, 3… */
async function fill(log: Log, segments = SEGMENTS, from = 1): Promise<void> {
  for (let table = from; table < from + segments; table += 1) await append(log, `body ${table} ${'.'.repeat(600)}`, { tableIds: [table] }).synced;
}

async function filled(): Promise<{ disk: MemoryDisk; paths: string[]; seqs: number[] }> {
  const disk = new MemoryDisk();
  const { log } = await open(disk, OPTIONS);
  await fill(log);
  await log.close();
  const paths = await segmentPaths(disk);
  assert.equal(paths.length, SEGMENTS);
  return { disk, paths, seqs: [...(await bodies((await open(disk)).log)).keys()] };
}

for (let victim = 0; victim < SEGMENTS; victim += 1) {
  test(`segment ${victim + 1} of ${SEGMENTS} is gone: the start says so, and the others are back`, async () => {
    const { disk, paths, seqs } = await filled();
    await disk.remove(paths[victim]!);
    const { log, scan, clock } = await open(disk, OPTIONS);
    const by = victim === SEGMENTS - 1 ? 'the mark of the newest' : paths[victim + 1]!.slice(FOLDER.length + 1);
    assert.deepEqual(scan.reports.map(({ file, what }) => [join(FOLDER, file), what]), [[paths[victim], `is missing, though ${by} names it: what it held is lost`]]);
    assert.deepEqual([...(await bodies(log)).keys()], seqs.filter((_, i) => i !== victim));
    clock.nowUs -= 10_000_000;
    assert.ok(append(log, 'next').seq > seqs.at(-1)!, 'no number is given twice');
    await log.close();
  });

  for (const [what, bytes] of [['empty', 0], ['shorter than its header', 63], ['a header alone', SEGMENT_HEADER_BYTES], ['all zeros', -1]] as const) {
    test(`segment ${victim + 1} of ${SEGMENTS} is ${what}: it is kept in quarantine and said, once as what it is`, async () => {
      const { disk, paths, seqs } = await filled();
      const left = bytes < 0 ? Buffer.alloc(700) : disk.content(paths[victim]!).subarray(0, bytes);
      disk.place(paths[victim]!, left);
      const { log, scan } = await open(disk, OPTIONS);
      assert.equal(scan.reports.length, 1, JSON.stringify(scan.reports));
      assert.match(scan.reports[0]!.what, /^holds no record, though .* says that it did: moved to quarantine$/);
      assert.equal(join(FOLDER, scan.reports[0]!.file), paths[victim]);
      assert.deepEqual(disk.content(join(QUARANTINE, scan.reports[0]!.file)), left);
      assert.equal((await segmentPaths(disk)).length, SEGMENTS - 1);
      assert.deepEqual([...(await bodies(log)).keys()], seqs.filter((_, i) => i !== victim));
      await log.close();
    });
  }
}

test('segments that were let go of, in any order, are missed at no later start; few marks stay, and they are empty', async () => {
  const all = Array.from({ length: SEGMENTS - 1 }, (_, i) => i + 1);
  for (let set = 0; set < 1 << (SEGMENTS - 1); set += 1) {
    for (const turns of [1, SEGMENTS]) {
      const disk = new MemoryDisk();
      const { log } = await open(disk, OPTIONS);
      await fill(log);
      const going = all.filter((table) => (set & (1 << (table - 1))) !== 0);
      for (let turn = 0; turn < turns; turn += 1) {
        const now = turns === 1 ? going : going.filter((table) => (table * 3) % turns === turn);
        assert.equal(await log.trim(({ lastByTable }) => now.some((table) => lastByTable.has(table))), now.length);
      }
      const name = `${going.join()} in ${turns}`;
      // A mark stays only where the next segment stands.
      const holes = going.filter((table) => !going.includes(table + 1));
      assert.equal((await marks(disk)).filter((mark) => mark.endsWith('.gone')).length, holes.length, name);
      for (const mark of await marks(disk)) assert.equal(disk.content(join(FOLDER, mark)).length, 0, `${name} ${mark}`);
      for (const policy of ['keep-all', 'drop-unsynced'] as const) {
        const image = disk.crash(policy);
        const again = await open(image, OPTIONS);
        assertNoneMissed(again, `${name} ${policy}`);
        assert.equal((await bodies(again.log)).size, SEGMENTS - going.length, name);
        assert.equal(await again.log.trim(() => true), SEGMENTS - going.length - 1);
        await fill(again.log, 2, 10);
        await again.log.trim(() => true);
        assert.deepEqual((await marks(image)).filter((mark) => mark.endsWith('.gone')).length, 1);
        assertNoneMissed(await open(image, OPTIONS), `${name} ${policy}, after the next life`);
      }
    }
  }
});

test('a crash after every operation of a trim: nothing is missed, and what was to stay is there', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk, OPTIONS);
  await fill(log);
  const images: { image: MemoryDisk; name: string }[] = [];
  let operations = 0;
  disk.after = (operation) => {
    operations += 1;
    for (const policy of CRASH_POLICIES) images.push({ image: disk.crash(policy, operations), name: `${policy} after ${operation} ${operations}` });
  };
  await log.trim(({ lastByTable }) => lastByTable.has(1) || lastByTable.has(3));
  await log.trim(({ lastByTable }) => lastByTable.has(2));
  assert.ok(images.length > 50, `${images.length}`);
  for (const { image, name } of images) {
    const again = await open(image, OPTIONS);
    assertNoneMissed(again, name);
    const tables = again.log.segments().flatMap(({ lastByTable }) => [...lastByTable.keys()]);
    for (const table of [4, 5]) assert.ok(tables.includes(table), name);
    for (const mark of await marks(image)) assert.equal(image.content(join(FOLDER, mark)).length, 0, name);
  }
});

test('a segment that is cut exactly between two records is said, whichever it is but the newest', async () => {
  const disk = new MemoryDisk();
  const options = { segmentBytesMax: 2000 };
  const { log } = await open(disk, options);
  for (let i = 0; i < 9; i += 1) await append(log, `body ${i} ${'.'.repeat(400)}`).synced;
  await log.close();
  const [first, second] = (await segmentPaths(disk)).map((path) => ({ path, name: path.slice(FOLDER.length + 1), bytes: disk.content(path) }));
  for (const [victim, next] of [[first!, second!], [second!, (await segmentPaths(disk))[2]!.slice(FOLDER.length + 1)]] as const) {
    const recordBytes = (victim.bytes.length - SEGMENT_HEADER_BYTES) / 3;
    for (const left of [1, 2]) {
      const image = disk.crash('keep-all');
      const end = SEGMENT_HEADER_BYTES + left * recordBytes;
      image.place(victim.path, victim.bytes.subarray(0, end));
      const by = typeof next === 'string' ? next : next.name;
      for (const start of ['first', 'second']) {
        const { log: cut, scan } = await open(image, options);
        assert.deepEqual(scan.reports, [{
          file: victim.name, offset: end, bytes: victim.bytes.length - end,
          what: `ends here, though ${by} says that it held records up to ${victim.bytes.length}: what stood there is lost`,
        }], start);
        assert.equal((await bodies(cut)).size, 9 - 3 + left);
        await cut.close();
      }
    }
  }
});

test('a crash while the first or a later segment is made leaves nothing to say', async () => {
  const { disk, paths } = await filled();
  const later = join(FOLDER, '1800000000000000.log');
  for (const left of [Buffer.alloc(0), disk.content(paths[0]!).subarray(0, 20)]) {
    const only = new MemoryDisk();
    only.place(paths[0]!, left);
    assertNoneMissed(await open(only, OPTIONS), 'the first');
    assert.deepEqual(await segmentPaths(only), []);
    disk.place(later, left);
    assertNoneMissed(await open(disk, OPTIONS), 'a later one');
    assert.equal((await segmentPaths(disk)).length, SEGMENTS);
  }
});

/** A header as format 1 wrote it. */
function asFormat1(bytes: Buffer): Buffer {
  const old = Buffer.from(bytes);
  old.writeUInt32LE(1, 8);
  old.fill(0, 40, 60);
  old.writeUInt32LE(crc32(old.subarray(0, 60)), 60);
  return old;
}

test('a log of format 1 is read; of it an empty segment that is not the newest is set aside, and one that was given up is not', async () => {
  const { disk, paths, seqs } = await filled();
  for (const path of paths) disk.place(path, asFormat1(disk.content(path)));
  for (const mark of await marks(disk)) await disk.remove(join(FOLDER, mark));
  const whole = await open(disk.crash('keep-all'), OPTIONS);
  assert.deepEqual(whole.scan.reports, []);
  assert.deepEqual([...(await bodies(whole.log)).keys()], seqs);
  await fill(whole.log, 2, 20);
  disk.place(paths[1]!, Buffer.alloc(0));
  disk.place(paths[4]!, Buffer.alloc(0));
  const { scan } = await open(disk, OPTIONS);
  assert.deepEqual(scan.reports.map(({ file }) => join(FOLDER, file)), [paths[1]]);
  assert.deepEqual(await disk.list(QUARANTINE), [paths[1]!.slice(FOLDER.length + 1)]);

  const failing = new MemoryDisk();
  const { log } = await open(failing, OPTIONS);
  await fill(log, 1);
  failing.failNth('sync', 2, 'once');
  await assert.rejects(append(log, 'x'.repeat(700)).synced);
  await log.heal();
  await log.close();
  for (const path of await segmentPaths(failing)) failing.place(path, asFormat1(failing.content(path)));
  const [, given] = await segmentPaths(failing);
  failing.place(given!, failing.content(given!).subarray(0, SEGMENT_HEADER_BYTES));
  assertNoneMissed(await open(failing, OPTIONS), 'given up');
});

test('a mark that cannot be made or moved fails nothing', async () => {
  for (const kind of ['open', 'rename'] as const) {
    const disk = new MemoryDisk();
    disk.before = (operation, path) => {
      if (operation === kind && path.endsWith('.newest')) throw new Error('ENOSPC');
    };
    const { log, failures } = await open(disk, OPTIONS);
    await fill(log);
    await log.close();
    assert.deepEqual(failures, []);
    disk.before = undefined;
    const again = await open(disk, OPTIONS);
    assertNoneMissed(again, kind);
    await fill(again.log, 1, 30);
    await again.log.close();
    const newest = (await segmentPaths(disk)).at(-1)!;
    assert.deepEqual(await marks(disk), [newest.slice(FOLDER.length + 1).replace('.log', '.newest')]);
  }
});

test('a reader in a segment that is let go of ends there, and goes on with the next', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk, { segmentBytesMax: 3_000_000 });
  for (let i = 0; i < 3; i += 1) for (let j = 0; j < 3; j += 1) await append(log, `${i}${'.'.repeat(900_000)}`, { tableIds: [i + 1] }).synced;
  const found: string[] = [];
  for await (const { body } of log.frames(0)) {
    found.push(body.toString('latin1', 0, 1));
    if (found.length === 1) assert.equal(await log.trim(({ lastByTable }) => lastByTable.has(1)), 1);
  }
  assert.deepEqual(found.filter((of) => of !== '0'), ['1', '1', '1', '2', '2', '2']);
});

test('of two marks of the newest segment, as a copy may hold them, the higher counts and the other goes', async () => {
  const { disk, paths } = await filled();
  disk.place(paths[0]!.replace('.log', '.newest'), Buffer.alloc(0));
  await disk.remove(paths[0]!);
  disk.place(paths[0]!.replace('.log', '.gone'), Buffer.alloc(0));
  assertNoneMissed(await open(disk, OPTIONS), 'two marks');
  assert.equal((await marks(disk)).filter((mark) => mark.endsWith('.newest')).length, 1);
});

test('a torn leftover that a full disk could not set aside is not taken for a loss later', async () => {
  const { disk, paths } = await filled();
  const leftover = join(FOLDER, '1790000000000000.log');
  disk.place(leftover, disk.content(paths[0]!).subarray(0, 20));
  disk.failNth('makeFolder', 2, 'once');
  const { log, scan } = await open(disk, OPTIONS);
  assert.match(scan.reports.map(({ what }) => what).join(), /left as it is/);
  await fill(log, 2, 40);
  await log.close();
  assertNoneMissed(await open(disk, OPTIONS), 'the start after');
});

test('a segment or mark that someone else removed stops no later trim', async () => {
  const { disk, paths } = await filled();
  const { log } = await open(disk, OPTIONS);
  await disk.remove(paths[0]!);
  assert.equal(await log.trim(({ lastByTable }) => lastByTable.has(1) || lastByTable.has(2)), 2);
  for (const mark of await marks(disk)) if (mark.endsWith('.gone')) await disk.remove(join(FOLDER, mark));
  assert.equal(await log.trim(({ lastByTable }) => lastByTable.has(4)), 1);
  assert.deepEqual((await segmentPaths(disk)), [paths[2], paths[4]]);
});
