/** The way of a write with a worker and a log that a test answers for: what becomes of ordinals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_TIME_NS } from '../../src/retention.js';
import type { Catalog } from '../../src/catalog/catalog.js';
import { SluiceError } from '../../src/errors.js';
import { BodyMemory } from '../../src/ingest/body-memory.js';
import { LogRollback } from '../../src/ingest/log-rollback.js';
import type { Dispatcher } from '../../src/ingest/dispatch.js';
import type { Pool, Slot } from '../../src/ingest/pool.js';
import type { WriteOutcome, WriteRequest } from '../../src/ingest/request.js';
import { Stalled } from '../../src/ingest/stall.js';
import { StalledBodies } from '../../src/ingest/stalled-bodies.js';
import { WritePath } from '../../src/ingest/write.js';
import type { FrameHeader } from '../../src/log/frame.js';
import type { Log } from '../../src/log/log.js';
import { makeLogger } from '../../src/logging.js';
import type { FlushSpans } from '../../src/worker/flush/standing-rows.js';
import { PendingRows } from '../../src/worker/pending-rows.js';
import type { RowRange } from '../../src/worker/wasm/parsed.js';
import { takenOut } from '../worker/taken-out.js';
import { ENCODING_IDENTITY } from '../../src/model/encoding.js';
import type { Need } from '../../src/model/schema.js';
import type { AcceptedBody, BodyTask } from '../../src/worker/protocol.js';
import * as abi from '../../assembly/layout/codes.js';
import { FakeClock } from '../http/fake-clock.js';

const RING = 16;
const REQUEST: WriteRequest = {
  dialect: 'v3', database: 'db', precision: abi.PRECISION_NS, encoding: ENCODING_IDENTITY, acceptPartial: true, noSync: false,
};

class Bench {
  readonly ring = new BigInt64Array(new SharedArrayBuffer(RING * 8));
  /** Row ranges that left the memtable. */
  readonly removed: RowRange[] = [];
  readonly pending: PendingRows = new PendingRows(this.ring.buffer, (tableId) => this.removed.push(...takenOut(this.pending, tableId, 0)));
  readonly slot: Slot = {
    number: 0, busy: false, rolledBackBelow: 0, refusedTo: 0, memtableBytes: 0, tell: () => {},
    giveSeq: (ordinal, seq) => Atomics.store(this.ring, ordinal % RING, BigInt(seq)),
  };
  readonly frames: FrameHeader[] = [];
  readonly tasks: BodyTask[] = [];
  /** What the next parses need. */
  readonly needs: Need[][] = [];
  /** Arguments of each decision that was asked for. */
  readonly decided: unknown[][] = [];
  /** Lines of each body that ended, and whether it was stored. */
  readonly ends: [lines: number, isStored: boolean][] = [];
  readonly rollback: LogRollback;
  readonly memory = new BodyMemory({ queueBytesMax: 8 * 4096, blockBytes: 4096 });
  logFails = false;
  readonly clock = new FakeClock();
  readonly stalled = new StalledBodies(this.memory, this.clock, () => {});
  /** Stands in for the dispatcher's answers: each is awaited before one is given. */
  readonly before: (() => Promise<void>)[] = [];
  /** Of each parse, whether it was to be alone. */
  readonly alone: boolean[] = [];
  /** What the next body comes to. */
  ordinal = 0;
  readonly #writer: WritePath;

  constructor() {
    const log = {
      lastSynced: 0,
      heal: async () => {},
      appendFrame: (header: FrameHeader) => {
        if (this.logFails) throw new SluiceError('log-failed', 'no room');
        this.frames.push(header);
        return { seq: 1000 + this.frames.length, written: Promise.resolve(), synced: Promise.resolve() };
      },
    } as unknown as Log;
    this.rollback = new LogRollback({ log, pool: { slots: () => [this.slot] } as unknown as Pool, clock: new FakeClock(), logger: makeLogger('silent') });
    this.#writer = new WritePath({
      catalog: {
        database: () => ({ id: 1, name: 'db', tags: 'fixed', types: 'split' }),
        decide: async (...args: unknown[]) => void this.decided.push(args),
      } as unknown as Catalog,
      dispatcher: {
        parse: async (task: BodyTask, alone: boolean) => {
          this.tasks.push(task);
          this.alone.push(alone);
          await this.before.shift()?.();
          const needs = this.needs.shift();
          return { slot: this.slot, outcome: needs === undefined ? accepted(this.ordinal) : { state: 'needs', needs } };
        },
      } as unknown as Dispatcher,
      log, bodyMemory: this.memory, stalled: this.stalled, clock: this.clock, answerMsMax: 4000,
      keptSince: () => FIRST_TIME_NS,
      refuse: () => null,
      onNoRoom: () => {},
      onAppended: () => {},
      onEnd: (_, { lines }, isStored) => this.ends.push([lines, isStored]),
    });
  }

  /** The worker takes up a body of one row; returns its ordinal. */
  parse(row: number): number {
    return this.pending.addLive([{ tableId: 1, rowFirst: row, rowEnd: row + 1 }]);
  }

  /** The outcome of a parsed body comes to main. */
  async outcome(ordinal: number): Promise<WriteOutcome> {
    this.ordinal = ordinal;
    const block = this.memory.take();
    return this.#writer.write(REQUEST, { blocks: [block], bytes: 1 }, 0);
  }
}

function numbersOf(spans: FlushSpans): number[] {
  return [...spans].filter(({ rowEnd, rowFirst }) => rowEnd > rowFirst).map(({ seq }) => seq);
}

function accepted(ordinal: number): AcceptedBody {
  return {
    state: 'accepted', lines: 1, accepted: 1, rejected: 0, errors: [], rejectedRuns: new Uint32Array(), rejectedLines: null, ordinal, inflatedBytes: 1,
    checksum: 0n, rows: [[1, 1]],
  };
}

test('a body parsed after the rollback, whose outcome comes before the rollback is answered, leaves the memtable and blocks no other', async () => {
  const bench = new Bench();
  const early = bench.parse(0);
  bench.rollback.onLogFailure(0, new Error('no room'));
  bench.pending.rollBack(0);
  const { nextOrdinal } = bench.pending;
  const between = bench.parse(0);
  for (const ordinal of [early, between]) assert.equal((await bench.outcome(ordinal)).kind, 'failed');
  bench.rollback.onRolledBack(bench.slot, nextOrdinal);
  const late = bench.parse(1);
  assert.deepEqual(await bench.outcome(late), { kind: 'stored' });
  bench.pending.takeSeqs();
  assert.deepEqual(bench.removed, [{ rowFirst: 0, rowEnd: 1 }, { rowFirst: 0, rowEnd: 1 }], 'the rows of both that were refused');
  assert.deepEqual(numbersOf(bench.pending.upTo(1, 1001)), [1001]);
  // The ring goes round: no place holds what an earlier ordinal left there.
  for (let row = 1; row <= RING; row += 1) {
    await bench.outcome(bench.parse(row));
    bench.pending.takeSeqs();
  }
  assert.equal(numbersOf(bench.pending.upTo(1, Infinity)).length, RING + 1);
  assert.equal(bench.memory.freeBlocks, bench.memory.blockCount);
});

test('a body that the log does not take leaves the memtable', async () => {
  const bench = new Bench();
  bench.logFails = true;
  assert.deepEqual(await bench.outcome(bench.parse(0)), { kind: 'failed', code: 'log-failed', detail: 'no room' });
  bench.logFails = false;
  assert.deepEqual(await bench.outcome(bench.parse(1)), { kind: 'stored' });
  assert.deepEqual(bench.ends, [[1, false], [1, true]]);
  bench.pending.takeSeqs();
  assert.deepEqual(bench.removed, [{ rowFirst: 0, rowEnd: 1 }]);
});

test('a body is judged, decided and logged by the rules that its database had when the write began', async () => {
  const bench = new Bench();
  const need: Need = { table: { id: 0, measurement: 'm' }, kind: abi.KIND_TAG, key: 't' };
  bench.needs.push([need]);
  assert.deepEqual(await bench.outcome(bench.parse(0)), { kind: 'stored' });
  const rules = abi.RULE_TAGS_FIXED | abi.RULE_SPLIT;
  assert.deepEqual(bench.tasks.map((task) => task.rules), [rules, rules]);
  assert.deepEqual(bench.decided, [[1, [need], rules]]);
  assert.equal(bench.frames[0]!.rules, rules);
});

test('an ordinal past 32 bits fits into its frame', async () => {
  const bench = new Bench();
  assert.deepEqual(await bench.outcome(2 ** 32 + 5), { kind: 'stored' });
  assert.equal(bench.frames[0]!.ordinal, 5);
});

test('what is parsed after its answer is not logged: it would come after what was sent since', async () => {
  const bench = new Bench();
  const ordinal = bench.parse(0);
  bench.before.push(async () => bench.clock.advance(4000));
  const outcome = await bench.outcome(ordinal);
  assert.equal(outcome.kind === 'failed' && outcome.code, 'too-slow');
  assert.deepEqual(await bench.outcome(bench.parse(1)), { kind: 'stored' });
  assert.equal(bench.frames.length, 1);
  bench.pending.takeSeqs();
  assert.deepEqual(bench.removed, [{ rowFirst: 0, rowEnd: 1 }]);
});

test('a body that a worker does not come back from is tried once more, alone, and then never', async () => {
  const bench = new Bench();
  const stall = async (): Promise<void> => {
    throw new Stalled(0, 1000);
  };
  bench.before.push(stall, stall);
  const outcome = await bench.outcome(1);
  assert.equal(outcome.kind === 'failed' && outcome.code, 'took-too-long');
  assert.deepEqual(bench.alone, [false, true]);
  assert.match(bench.stalled.problems().join(), /of 1 bytes for database "db", 2 times, last at .*; it is refused/);
  assert.equal((await bench.outcome(1)).kind, 'failed');
  assert.equal(bench.alone.length, 2, 'it is known without a parse');
  // Another one of its size.
  const block = bench.memory.take();
  bench.memory.free([block]);
  new Uint8Array(bench.memory.buffer).fill(1);
  assert.deepEqual(await bench.outcome(bench.parse(0)), { kind: 'stored' });
});

test('one whose time is over gets its second try when it is sent again', async () => {
  const bench = new Bench();
  bench.before.push(async () => {
    bench.clock.advance(10_000);
    throw new Stalled(0, 10_000);
  });
  const first = await bench.outcome(1);
  assert.equal(first.kind === 'failed' && first.code, 'too-slow');
  assert.match(bench.stalled.problems().join(), /once, last at .*; it gets one more try, alone/);
  assert.deepEqual(await bench.outcome(bench.parse(0)), { kind: 'stored' });
  assert.deepEqual(bench.alone, [false, true]);
});

test('a worker that stalls at what is no body is one that died', async () => {
  const bench = new Bench();
  bench.before.push(async () => {
    throw new Stalled(null, 1000);
  });
  const outcome = await bench.outcome(1);
  assert.equal(outcome.kind === 'failed' && outcome.code, 'worker-died');
  assert.deepEqual(bench.stalled.problems(), []);
});
