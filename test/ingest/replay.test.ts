/** Replay when the disk refuses: R waits, nothing is passed over, nothing is brought back twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog } from '../../src/catalog/catalog.js';
import type { Clock } from '../../src/clock.js';
import { BodyMemory } from '../../src/ingest/body-memory.js';
import type { Dispatcher } from '../../src/ingest/dispatch.js';
import { hasSeq, SeqList } from '../../src/ingest/seq-list.js';
import { Recovery } from '../../src/ingest/recovery.js';
import { Replay, type ReplayParts } from '../../src/ingest/replay.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import type { BodyTask } from '../../src/worker/protocol.js';
import { FakeClock } from '../http/fake-clock.js';
import { append, open } from '../log/harness.js';

/** Time passes when somebody waits. */
const clock = { after: (_: number, action: () => void) => setImmediate(action) } as unknown as Clock;

interface Bench {
  readonly replay: Replay;
  readonly parts: ReplayParts;
  readonly disk: MemoryDisk;
  readonly seqs: readonly number[];
  /** Numbers of frames that are back, in their order. */
  readonly back: number[];
  readonly troubles: string[];
  /** R whenever the replay waited for the disk. */
  readonly floors: number[];
}

async function bench(frames: number, some: Partial<ReplayParts> = {}): Promise<Bench> {
  const disk = new MemoryDisk();
  const { log, clock: time } = await open(disk, { segmentBytesMax: 256 });
  const seqs: number[] = [];
  for (let i = 0; i < frames; i += 1) {
    time.nowUs += 1000;
    const { seq, synced } = append(log, 'm v=1i 1');
    await synced;
    seqs.push(seq);
  }
  const back: number[] = [];
  const troubles: string[] = [];
  const floors: number[] = [];
  const dispatcher = {
    parse: async (task: BodyTask) => ({ slot: { seq: 0 }, outcome: { state: 'accepted', accepted: 1, checksum: 0n, rows: [[1, 1]], seq: task.replay!.seq } }),
  } as unknown as Dispatcher;
  const parts: ReplayParts = {
    log, dispatcher, clock,
    bodyMemory: new BodyMemory({ queueBytesMax: 64 * 4096, blockBytes: 4096 }),
    memoryFull: () => false,
    onBack: (_, seq) => back.push(seq),
    quarantine: async () => {},
    onTrouble: (sentence) => {
      troubles.push(sentence);
      floors.push(replay.floor);
    },
    ...some,
  };
  const replay = new Replay(parts, 0);
  return { replay, parts, disk, seqs, back, troubles, floors };
}

test('a log that cannot be read is read again from where it stopped', async () => {
  const { replay, disk, seqs, back, troubles, floors } = await bench(6);
  disk.failNth('read', 4, 'once');
  assert.equal(await replay.run(seqs.at(-1)!, () => true), 6);
  assert.deepEqual(back, seqs);
  assert.equal(troubles.length, 1);
  assert.ok(floors[0]! <= seqs[3]!, `R was ${floors[0]} while ${seqs[3]} was still missing`);
  assert.equal(replay.floor, Infinity);
});

test('a frame that cannot be set aside keeps R until it can', async () => {
  let attempts = 0;
  const deadly = { parse: () => Promise.reject(new Error('boom')) } as unknown as Dispatcher;
  const made = await bench(1, {
    dispatcher: deadly,
    quarantine: async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('no room');
    },
  });
  assert.equal(await made.replay.run(made.seqs[0]!, () => true), 1);
  assert.equal(attempts, 3);
  assert.deepEqual(made.floors, [made.seqs[0]], 'it is said once');
  assert.match(made.troubles[0]!, /ended a worker twice: boom.*no room/);
  assert.equal(made.parts.bodyMemory.freeBlocks, made.parts.bodyMemory.blockCount);
});

test('[issue 13 A1] frames of one line are under way by the blocks that they take', async () => {
  let underWay = 0;
  let most = 0;
  const made = await bench(12, {
    bodyMemory: new BodyMemory({ queueBytesMax: 12 * (2 << 20), blockBytes: 2 << 20 }),
    dispatcher: {
      parse: async () => {
        most = Math.max(most, (underWay += 1));
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return { slot: { seq: 0 }, outcome: { state: 'accepted', accepted: 1, checksum: 0n, rows: [[1, 1]] } };
      },
    } as unknown as Dispatcher,
  });
  assert.equal(await made.replay.run(made.seqs.at(-1)!, () => true), 12);
  assert.equal(most, 4, 'blocks of 2 MiB in 8 MiB');
});

test('[issue 13 A1] a frame that is back is remembered by eight bytes, until a flush', () => {
  const list = new SeqList();
  const seqs = Array.from({ length: 100_000 }, (_, n) => 10 * (n ^ 1));
  for (const seq of seqs) list.add(seq);
  assert.ok(list.bytes >= 800_000 && list.bytes < 850_000, `${list.bytes} bytes`);
  const sorted = list.sorted();
  assert.ok(seqs.every((seq) => hasSeq(sorted, seq) && !hasSeq(sorted, seq + 1)) && !hasSeq(sorted, -1) && !hasSeq(new Float64Array(), 0));
  list.forgetBelow(900_000);
  assert.ok(list.bytes < 150_000, `${list.bytes} bytes`);
  const left = list.sorted();
  assert.ok(seqs.every((seq) => seq < 900_000 || hasSeq(left, seq)));
  list.forgetBelow(Infinity);
  assert.equal(list.bytes, 0);
});

test('R is 0 until the replay of a start begins, and it says how far it is', async () => {
  const { parts, seqs } = await bench(6);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const parse: Dispatcher['parse'] = async (...args) => {
    const parsed = await parts.dispatcher.parse(...args);
    if (args[0].replay!.seq === seqs[3]) await held;
    return parsed;
  };
  const catalog = { table: () => ({ flushedTo: 0 }) } as unknown as Catalog;
  const recovery = new Recovery({ ...parts, clock: new FakeClock(), dispatcher: { parse } as unknown as Dispatcher }, catalog, { startSeq: seqs.at(-1)!, framesCount: 6 });
  const back: number[] = [];
  recovery.connect({ memoryFull: () => false, onBack: (_, seq) => back.push(seq) });
  assert.deepEqual([recovery.floor, recovery.hasBegun, recovery.progress], [0, false, null]);
  let isDone = false;
  const done = recovery.done().then(() => (isDone = true));
  let ready: () => void = () => undefined;
  const run = recovery.start(new Promise((resolve) => (ready = resolve)));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([recovery.floor, recovery.hasBegun, recovery.progress, isDone], [0, true, null, false], 'it waits for what the catalog is to know');
  ready();
  while (back.length < 5) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(recovery.floor <= seqs[3]!);
  assert.match(recovery.progress!, /^the log is read back: [345] of 6 frames are$/);
  release();
  assert.equal(await run, 6);
  await done;
  assert.deepEqual([recovery.floor, recovery.progress], [Infinity, null]);
});

test('[issue 13 9] who waits for a log that cannot be read is told after a minute, and the log of the server says it once', async () => {
  const time = new FakeClock();
  const { disk, parts, seqs, troubles } = await bench(6);
  const catalog = { table: () => ({ flushedTo: 0 }) } as unknown as Catalog;
  const recovery = new Recovery({ ...parts, clock: time }, catalog, { startSeq: seqs.at(-1)!, framesCount: 6 });
  disk.failNth('read', 1, 'sticky');
  const run = recovery.start(Promise.resolve());
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      time.advance(1000);
    }
  };
  await pass(1);
  const refused = assert.rejects(recovery.done(), /^Error: rows are being read back from the log, and for 60 s none came: the log cannot be read back from \d+ on: /);
  await pass(61);
  await refused;
  assert.deepEqual([troubles.length, recovery.problems()], [1, troubles]);
  disk.healFaults();
  const done = recovery.done();
  await pass(3);
  assert.equal(await run, 6);
  await done;
  assert.deepEqual(recovery.problems(), []);
});
