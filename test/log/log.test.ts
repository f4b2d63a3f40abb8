/** Appending: group commit, numbers, segments, reading back, trimming. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../src/errors.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { append, bodies, frameHeader, open, segmentPaths, START_US } from './harness.js';

const SMALL_SEGMENT = 600;

test('frames that come while one is written share the next write and sync', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  await append(log, 'first').synced;
  const [writes, syncs] = [disk.counts.get('write')!, disk.counts.get('sync')!];
  let goOn!: () => void;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  disk.before = (operation) => (operation === 'sync' ? held : undefined);
  const early = append(log, 'early');
  await early.written;
  const late = Array.from({ length: 500 }, (_, i) => append(log, `late ${i}`));
  goOn();
  await Promise.all(late.map(({ synced }) => synced));
  assert.equal(disk.counts.get('write'), writes + 2);
  assert.equal(disk.counts.get('sync'), syncs + 2);
  assert.equal(log.lastSynced, late.at(-1)!.seq);
  await log.close();
});

test('records appended one after another go in one write', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  await append(log, 'first').synced;
  const writes = disk.counts.get('write')!;
  await Promise.all(Array.from({ length: 100 }, () => append(log, 'x').synced));
  assert.equal(disk.counts.get('write'), writes + 1);
});

test('written comes before synced', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  const told: string[] = [];
  disk.after = (operation) => {
    if (operation === 'sync') told.push('sync');
  };
  const { written, synced } = append(log, 'x');
  await Promise.all([written.then(() => told.push('written')), synced.then(() => told.push('synced'))]);
  assert.deepEqual(told, ['sync', 'written', 'sync', 'synced']);
});

test('the body is copied before appendFrame returns, and a body that cannot be copied leaves nothing behind', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  const body = Buffer.from('before');
  const first = append(log, body);
  body.fill('!');
  assert.throws(() => log.appendFrame(frameHeader(), 1, () => { throw new Error('no body'); }), /no body/);
  const second = append(log, 'second');
  await second.synced;
  assert.deepEqual(await bodies(log), new Map([[first.seq, 'before'], [second.seq, 'second']]));
});

test('numbers are microseconds, and rise when the clock does not', async () => {
  const disk = new MemoryDisk();
  const { log, clock } = await open(disk);
  assert.equal(append(log, 'a').seq, START_US);
  assert.equal(append(log, 'b').seq, START_US + 1);
  clock.nowUs += 1000;
  assert.equal(append(log, 'c').seq, START_US + 1000);
  clock.nowUs -= 3_600_000_000;
  assert.equal(append(log, 'd').seq, START_US + 1001);
  await log.close();
});

test('after a start numbers go on above those of the log and of the catalog', async () => {
  const disk = new MemoryDisk();
  const first = await open(disk);
  const { seq } = append(first.log, 'a');
  await first.log.close();
  const second = await open(disk);
  assert.equal(second.scan.lastSeq, seq);
  second.clock.nowUs -= 1_000_000;
  assert.equal(append(second.log, 'b').seq, seq + 1);
  await second.log.close();
  const third = await open(disk, { seqFloor: seq + 50 });
  assert.equal(third.log.lastSynced, seq + 50);
  third.clock.nowUs -= 1_000_000;
  assert.equal(append(third.log, 'c').seq, seq + 51);
  await third.log.close();
});

test('segments are closed at their size and named by their first number; one record may be larger', async () => {
  const disk = new MemoryDisk();
  const { log, clock } = await open(disk, { segmentBytesMax: SMALL_SEGMENT });
  const large = 'L'.repeat(3 * 1024 * 1024);
  const sent = ['a', 'b', 'c', 'd', large, 'e', 'f'];
  const seqs: number[] = [];
  for (const body of sent) {
    clock.nowUs += 10;
    seqs.push(append(log, body).seq);
  }
  await append(log, 'last').synced;
  const summary = log.segments();
  assert.deepEqual(summary.map(({ first }) => first), [seqs[0], seqs[4], seqs[5]]);
  assert.deepEqual((await segmentPaths(disk)).map((path) => Number(path.slice(4, 20))), summary.map(({ first }) => first));
  for (const path of await segmentPaths(disk)) assert.ok(disk.content(path).length < SMALL_SEGMENT || disk.content(path).length > large.length);
  assert.equal(log.bytes, summary.reduce((sum, { bytes }) => sum + bytes, 0));
  assert.deepEqual([...(await bodies(log)).values()], [...sent, 'last']);
  assert.deepEqual([...(await bodies(log, seqs[5])).values()], ['e', 'f', 'last']);
  await log.close();
  const again = await open(disk);
  assert.deepEqual(again.log.segments().map(({ first, last, bytes }) => [first, last, bytes]), summary.map(({ first, last, bytes }) => [first, last, bytes]));
  assert.deepEqual([...(await bodies(again.log)).values()], [...sent, 'last']);
  assert.deepEqual(again.scan.reports, []);
  assert.equal(again.scan.framesCount, 8);
  assert.equal(again.scan.node, '0a1b2c3d');
});

test('frames are read up to a number, and from segments that are still written', async () => {
  const { log } = await open(new MemoryDisk(), { segmentBytesMax: SMALL_SEGMENT });
  const seqs = Array.from({ length: 12 }, (_, i) => append(log, `body ${i}`).seq);
  assert.deepEqual(await bodies(log), new Map());
  await append(log, 'x').synced;
  const found: number[] = [];
  for await (const { seq } of log.frames(seqs[3]!, seqs[9])) found.push(seq);
  assert.deepEqual(found, seqs.slice(3, 10));
});

test('a segment knows the last number of each table and of the catalog', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  append(log, 'a', { tableIds: [1, 2] });
  const b = append(log, 'b', { tableIds: [2] });
  const record = log.appendCatalog(Buffer.from('{}'));
  const c = append(log, 'c', { tableIds: [7] });
  await c.synced;
  const expected = [new Map([[1, b.seq - 1], [2, b.seq], [7, c.seq]]), record.seq];
  const known = (from: typeof log) => [from.segments()[0]!.lastByTable, from.segments()[0]!.lastCatalog];
  assert.deepEqual(known(log), expected);
  await log.close();
  const again = await open(disk);
  assert.deepEqual(known(again.log), expected);
  assert.deepEqual(again.scan.catalogRecords, [{ seq: record.seq, payload: Buffer.from('{}') }]);
});

test('trim removes what may go, the newest segment apart, durably', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk, { segmentBytesMax: SMALL_SEGMENT });
  for (let table = 1; table <= 4; table += 1) await append(log, 'x'.repeat(500), { tableIds: [table] }).synced;
  assert.equal(log.segments().length, 4);
  assert.equal(await log.trim(() => false), 0);
  assert.equal(await log.trim(({ lastByTable }) => lastByTable.has(2)), 1);
  assert.deepEqual(log.segments().flatMap(({ lastByTable }) => [...lastByTable.keys()]), [1, 3, 4]);
  const again = await open(disk.crash('drop-unsynced'));
  assert.equal((await bodies(again.log)).size, 3);
  assert.equal(await log.trim(() => true), 2);
  assert.deepEqual(log.segments().flatMap(({ lastByTable }) => [...lastByTable.keys()]), [4]);
});

test('a segment whose removal failed is removed by the next trim', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk, { segmentBytesMax: SMALL_SEGMENT });
  for (let i = 0; i < 3; i += 1) await append(log, 'x'.repeat(500)).synced;
  disk.failNth('syncFolder', 1, 'once');
  await assert.rejects(log.trim(() => true), /EIO/);
  assert.equal((await bodies(log)).size, 1);
  assert.equal(await log.trim(() => false), 2);
  assert.equal((await segmentPaths(disk.crash('drop-unsynced'))).length, 1);
});

test('close writes what waits, and the log takes nothing after it', async () => {
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  const { seq } = append(log, 'last words');
  await log.close();
  assert.throws(() => append(log, 'too late'), (error) => error instanceof SluiceError && error.code === 'stopping');
  const again = await open(disk.crash('drop-unsynced'));
  assert.deepEqual(await bodies(again.log), new Map([[seq, 'last words']]));
});

test('the node is the one that is given, or the log’s own, or a new one', async () => {
  const disk = new MemoryDisk();
  const first = await open(disk, { node: null });
  assert.match(first.log.node, /^[0-9a-f]{8}$/);
  assert.notEqual(first.log.node, (await open(new MemoryDisk(), { node: null })).log.node);
  await append(first.log, 'a').synced;
  await first.log.close();
  assert.equal((await open(disk, { node: null })).log.node, first.log.node);
  assert.equal((await open(disk, { node: '01234567' })).log.node, '01234567');
});
