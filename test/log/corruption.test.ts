/** Damaged logs: the start never fails, every record that is whole counts, and the bytes of the rest are kept. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { frameBytes } from '../../src/log/frame.js';
import * as format from '../../src/log/segment.js';
import { crc32 } from '../../src/crc.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { Random } from '../fuzz/random.js';
import { append, bodies, FOLDER, frameHeader, open, QUARANTINE, segmentPaths, type Opened } from './harness.js';

const FRAMES = 50;
const SEED = 9;

interface Placed {
  readonly seq: number;
  readonly body: string;
  readonly offset: number;
  readonly end: number;
}

interface Original {
  readonly path: string;
  readonly bytes: Buffer;
  readonly frames: readonly Placed[];
  /** A later segment, with one frame. */
  readonly next: { readonly path: string; readonly bytes: Buffer; readonly seq: number };
}

/** A segment of 50 frames and, in a second one, a frame more. */
async function makeOriginal(): Promise<Original> {
  const random = new Random(SEED);
  const disk = new MemoryDisk();
  const { log } = await open(disk);
  let offset = format.SEGMENT_HEADER_BYTES;
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const body = `frame ${i} ${'abcdefgh'.repeat(random.below(30))}`;
    const { seq } = append(log, body);
    const end = offset + format.recordBytes(frameBytes(frameHeader()), body.length);
    const placed = { seq, body, offset, end };
    offset = end;
    return placed;
  });
  await log.close();
  const later = await open(disk);
  const { seq } = append(later.log, 'of the next segment');
  await later.log.close();
  const [path, nextPath] = await segmentPaths(disk);
  const bytes = disk.content(path!);
  assert.equal(bytes.length, offset);
  return { path: path!, bytes, frames, next: { path: nextPath!, bytes: disk.content(nextPath!), seq } };
}

const original = await makeOriginal();

interface Damaged extends Opened {
  readonly disk: MemoryDisk;
  readonly found: ReadonlyMap<number, string>;
}

/** Starts on the original with another content of its first segment. */
async function start(bytes: Buffer): Promise<Damaged> {
  const disk = new MemoryDisk();
  disk.place(original.path, bytes);
  disk.place(original.next.path, original.next.bytes);
  const opened = await open(disk);
  const found = await bodies(opened.log);
  assert.deepEqual(opened.reports, [], 'what the start has reported is not reported again');
  return { ...opened, disk, found };
}

/** All frames whose bytes are whole are back, and the next segment's. */
function assertKept(damaged: Damaged, isWhole: (frame: Placed) => boolean, name: string): void {
  const expected = original.frames.filter(isWhole).map(({ seq, body }) => [seq, body] as const);
  assert.deepEqual(damaged.found, new Map([...expected, [original.next.seq, 'of the next segment']]), name);
  assert.equal(damaged.scan.framesCount, expected.length + 1, name);
}

async function quarantined(disk: MemoryDisk): Promise<Buffer[]> {
  return (await disk.list(QUARANTINE)).map((name) => disk.content(join(QUARANTINE, name))).toSorted(Buffer.compare);
}

test('the file is cut at every byte of the last two records', async () => {
  const from = original.frames.at(-2)!.offset;
  for (let length = from; length < original.bytes.length; length += 1) {
    const damaged = await start(original.bytes.subarray(0, length));
    assertKept(damaged, ({ end }) => end <= length, `cut at ${length}`);
    const tail = original.bytes.subarray(original.frames.findLast(({ end }) => end <= length)!.end, length);
    assert.deepEqual(await quarantined(damaged.disk), tail.length > 0 ? [tail] : []);
    const again = await open(damaged.disk);
    assert.deepEqual(again.scan.reports.map(({ what }) => what.split(',')[0]), ['ends here'], 'a torn tail is cut once');
    assert.deepEqual(await bodies(again.log), damaged.found);
  }
});

test('the file is cut anywhere', async () => {
  const random = new Random(SEED);
  for (let i = 0; i < 300; i += 1) {
    const length = random.below(original.bytes.length);
    assertKept(await start(original.bytes.subarray(0, length)), ({ end }) => end <= length, `cut at ${length}`);
  }
});

test('every bit of a record in the middle is flipped', async () => {
  const victim = original.frames[20]!;
  const lastCovered = victim.offset + format.RECORD_HEADER_BYTES + frameBytes(frameHeader()) + victim.body.length;
  const bitsOfHead = 8 * (format.RECORD_HEADER_BYTES + frameBytes(frameHeader()) + 16);
  for (let bit = 0; bit < bitsOfHead; bit += 1) {
    const bytes = Buffer.from(original.bytes);
    const at = victim.offset + (bit >> 3);
    if (at >= lastCovered) break;
    bytes[at]! ^= 1 << (bit & 7);
    const damaged = await start(bytes);
    assertKept(damaged, (frame) => frame !== victim, `bit ${bit}`);
    assert.deepEqual(await quarantined(damaged.disk), [bytes.subarray(victim.offset, victim.end)]);
    const [report] = damaged.scan.reports;
    assert.deepEqual([report!.offset, report!.bytes], [victim.offset, victim.end - victim.offset]);
    assert.equal(join(FOLDER, report!.file), original.path);
    assert.match(report!.what, /damaged stretch, kept in quarantine$/);
  }
});

test('any byte is changed: only its record is lost', async () => {
  const random = new Random(SEED);
  for (let i = 0; i < 500; i += 1) {
    const at = random.below(original.bytes.length);
    const bytes = Buffer.from(original.bytes);
    bytes[at]! ^= 1 + random.below(255);
    const { found } = await start(bytes);
    for (const frame of original.frames) {
      if (at < frame.offset || at >= frame.end) assert.equal(found.get(frame.seq), frame.body, `byte ${at}`);
    }
    assert.ok(found.size >= FRAMES);
  }
});

test('every bit of the segment header is flipped: no record is lost', async () => {
  for (let bit = 0; bit < 8 * format.SEGMENT_HEADER_BYTES; bit += 1) {
    const bytes = Buffer.from(original.bytes);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const damaged = await start(bytes);
    assertKept(damaged, () => true, `bit ${bit}`);
    assert.match(damaged.scan.reports[0]!.what, /damaged header/);
  }
});

test('every sector is zeroed', async () => {
  for (let from = 0; from < original.bytes.length; from += 512) {
    const bytes = Buffer.from(original.bytes);
    bytes.fill(0, from, Math.min(from + 512, bytes.length));
    const damaged = await start(bytes);
    assertKept(damaged, ({ offset, end }) => end <= from || offset >= from + 512, `sector at ${from}`);
  }
});

test('zeros at the end are cut, without a copy', async () => {
  for (const length of [1, 7, 8, 31, 32, 512, 3 * 1024 * 1024]) {
    const damaged = await start(Buffer.concat([original.bytes, Buffer.alloc(length)]));
    assertKept(damaged, () => true, `${length} zeros`);
    assert.deepEqual(await quarantined(damaged.disk), []);
    assert.deepEqual(damaged.disk.content(original.path), original.bytes);
    assert.match(damaged.scan.reports[0]!.what, /torn tail of zeros and cut/);
  }
});

test('garbage at the end is cut and kept', async () => {
  const random = new Random(SEED);
  for (const length of [1, 8, 33, 5000, 2 * 1024 * 1024 + 5]) {
    const garbage = Buffer.from(Array.from({ length }, () => 1 + random.below(255)));
    const damaged = await start(Buffer.concat([original.bytes, garbage]));
    assertKept(damaged, () => true, `${length} bytes`);
    assert.deepEqual(await quarantined(damaged.disk), [garbage]);
    assert.deepEqual(damaged.disk.content(original.path), original.bytes);
  }
});

test('a record is dropped, repeated, or changes places with the next', async () => {
  const { bytes, frames } = original;
  const part = ({ offset, end }: Placed) => bytes.subarray(offset, end);
  for (const i of [0, 1, 25, FRAMES - 2]) {
    const [one, two] = [frames[i]!, frames[i + 1]!];
    const [before, after] = [bytes.subarray(0, one.offset), bytes.subarray(two.end)];
    const dropped = await start(Buffer.concat([before, part(two), after]));
    assertKept(dropped, (frame) => frame !== one, 'dropped');
    assert.deepEqual(dropped.scan.reports.map(({ what }) => what.split(',')[0]), ['ends here']);
    const repeated = await start(Buffer.concat([before, part(one), part(one), part(two), after]));
    assertKept(repeated, () => true, 'repeated');
    assert.deepEqual(await quarantined(repeated.disk), [part(one)]);
    const swapped = await start(Buffer.concat([before, part(two), part(one), after]));
    assertKept(swapped, (frame) => frame !== one, 'swapped');
    assert.deepEqual(await quarantined(swapped.disk), [part(one)]);
  }
});

test('records of another segment do not count', async () => {
  const foreign = original.next.bytes.subarray(format.SEGMENT_HEADER_BYTES);
  const damaged = await start(Buffer.concat([original.bytes, foreign]));
  assertKept(damaged, () => true, 'foreign records');
  assert.deepEqual(await quarantined(damaged.disk), [foreign]);
});

test('an empty file that nothing names goes away; one whose next says nothing is set aside; other files stay', async () => {
  const disk = new MemoryDisk();
  const later = original.next.seq + 1;
  const name = (seq: number) => join(FOLDER, `${String(seq).padStart(16, '0')}.log`);
  disk.place(original.path, original.bytes);
  disk.place(name(later), Buffer.alloc(0));
  const header = format.encodeSegmentHeader({ first: later + 1, node: '00000000', processStart: 0, previous: original.frames[0]!.seq, previousEnd: 0 });
  disk.place(name(later + 1), header);
  disk.place(name(later + 2), Buffer.from('not a log'));
  disk.place(join(FOLDER, 'notes.txt'), Buffer.from('mine'));
  const { log, scan } = await open(disk);
  assert.equal((await bodies(log)).size, FRAMES);
  assert.deepEqual(await segmentPaths(disk), [original.path, join(FOLDER, 'notes.txt')]);
  assert.deepEqual(await quarantined(disk), [Buffer.from('not a log'), header].toSorted(Buffer.compare));
  const said = scan.reports.map(({ file, what }) => `${file} ${what}`).join('\n');
  assert.match(said, /notes.txt is no log segment and is left alone/);
  assert.match(said, new RegExp(`${later + 1}\\.log holds no record, though ${later + 2}\\.log, which came after it, says that it did: moved to quarantine`));
  assert.doesNotMatch(said, new RegExp(`${later}\\.log`));
  assert.equal(scan.lastSeq, later + 2);
});

test('a segment under another segment’s name is set aside', async () => {
  const disk = new MemoryDisk();
  const wrong = original.next.path;
  disk.place(wrong, original.bytes);
  const { log, scan } = await open(disk);
  assert.equal((await bodies(log)).size, 0);
  assert.deepEqual(await quarantined(disk), [original.bytes]);
  assert.deepEqual(await segmentPaths(disk), []);
  assert.match(scan.reports[0]!.what, /moved to quarantine/);
});

test('what is set aside takes the place of nothing that was set aside before', async () => {
  const name = original.path.slice(FOLDER.length + 1);
  const torn = Buffer.from('torn');
  const earlier = [Buffer.from('of another time'), Buffer.from('tore'), Buffer.alloc(0)];
  for (const other of earlier) {
    const disk = new MemoryDisk();
    const path = join(QUARANTINE, `${name}-${original.bytes.length}.bad`);
    disk.place(path, other);
    disk.place(original.path, Buffer.concat([original.bytes, torn]));
    await open(disk);
    const expected = other.length === 0 ? [torn] : [other, torn];
    assert.deepEqual((await quarantined(disk)).toSorted(Buffer.compare), expected.toSorted(Buffer.compare), 'an interrupted copy alone is written anew');
    disk.place(original.path, Buffer.concat([original.bytes, torn]));
    await open(disk);
    assert.equal((await quarantined(disk)).length, expected.length, 'what is kept is not kept again');
  }
  const disk = new MemoryDisk();
  for (let time = 1; time <= 3; time += 1) {
    const misnamed = Buffer.concat([original.bytes, Buffer.from(`of time ${time}`)]);
    disk.place(original.next.path, misnamed);
    await open(disk);
    assert.equal((await quarantined(disk)).length, time);
  }
});

test('a segment of a newer format stops the start with a sentence, and nothing is touched', async () => {
  const bytes = Buffer.from(original.bytes);
  bytes.writeUInt32LE(4, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  const torn = Buffer.concat([original.next.bytes, Buffer.from('torn')]);
  const disk = new MemoryDisk();
  disk.place(original.path, bytes);
  disk.place(original.next.path, torn);
  await assert.rejects(open(disk), /cannot start: log segment log.*: it was written by a newer sluice; start that one/);
  assert.deepEqual(disk.content(original.path), bytes);
  assert.deepEqual(disk.content(original.next.path), torn);
});

test('a frame or record of an unknown kind is passed over and said', async () => {
  const first = original.frames[0]!.seq;
  const seed = format.crcSeed(first);
  const record = Buffer.alloc(format.recordBytes(0, 8));
  format.finishRecord(record, 0, { kind: 9, seq: first + 60, fixedBytes: 0, payloadBytes: 8 }, seed);
  const frame = Buffer.alloc(format.recordBytes(80, 8));
  format.finishRecord(frame, 0, { kind: format.KIND_FRAME, seq: first + 61, fixedBytes: 80, payloadBytes: 8 }, seed);
  const disk = new MemoryDisk();
  disk.place(original.path, Buffer.concat([original.bytes, record, frame]));
  const { log, scan } = await open(disk);
  assert.equal((await bodies(log)).size, FRAMES);
  assert.deepEqual(scan.reports.map(({ offset, what }) => [offset, what.split(',')[0]]), [
    [original.bytes.length, `record ${first + 60} is of kind 9`],
    [original.bytes.length + record.length, `frame ${first + 61} is of a kind that this program does not know: passed over`],
  ]);
});

test('damage that comes after the start is reported when frames are read back', async () => {
  const disk = new MemoryDisk();
  disk.place(original.path, original.bytes);
  const { log, reports } = await open(disk);
  const victim = original.frames[7]!;
  const bytes = Buffer.from(original.bytes);
  bytes[victim.end - 20]! ^= 1;
  disk.place(original.path, bytes);
  assert.equal((await bodies(log)).size, FRAMES - 1);
  await bodies(log);
  assert.deepEqual(reports.map(({ offset, bytes: length }) => [offset, length]), [[victim.offset, victim.end - victim.offset]]);
});
