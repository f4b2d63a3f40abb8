/** A slot, driven in this thread by its port: the bytes that main sees of it, and how it ends when a flush traps. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import * as abi from '../../assembly/layout/codes.js';
import { systemClock } from '../../src/clock.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { ENCODING_GZIP, ENCODING_IDENTITY } from '../../src/model/encoding.js';
import type { BodyOutcome, BodyTask, FromWorker, ToWorker } from '../../src/worker/protocol.js';
import { Gauge, makeGauges } from '../../src/worker/gauges.js';
import { WorkerSlot } from '../../src/worker/slot.js';
import type { Unpack } from '../../src/worker/unpack/unpack.js';
import { moduleOf } from './builds.js';
import { MemoryStore } from './flushed-file.js';

const BODY_BYTES_MAX = 1 << 20;
const COLUMNS = [{ id: 1, kind: abi.KIND_TAG, key: 't', name: 't' }, { id: 2, kind: abi.KIND_I64, key: 'v', name: 'v' }];
const LIMITS = { bodyBytesMax: BODY_BYTES_MAX, bodyLinesMax: 1e6, tablesMax: 10, columnsMax: 10, columnNameBytesMax: 1000, namesBytesMax: 0xffffffff, seriesBytesMax: 1 << 20 };

/** A slot whose table has rows of a body with that number, or GIVEN_UP. */
class Driven {
  readonly slot: WorkerSlot;
  readonly port: MessagePort;
  readonly #gauges = makeGauges(1);
  readonly #bodies = new SharedArrayBuffer(BODY_BYTES_MAX);
  readonly #seqs = new BigInt64Array(new SharedArrayBuffer(8 * 8));

  constructor(t: TestContext, store: MemoryStore, seq = 1n, unpack: Unpack = () => assert.fail('no body is packed'), rowBytesMax = 1 << 28) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    t.after(() => port1.close());
    this.slot = new WorkerSlot({
      adoption: {
        slot: 0, port: port2, bodyMemory: this.#bodies, blockBytes: BODY_BYTES_MAX, seqs: this.#seqs.buffer, gauges: this.#gauges, gauge: 0,
        memoryBytesMax: 1 << 26, rowBytesMax, linearBytesMax: 1 << 29, limits: LIMITS, dataDir: 'unused', start: 'unused', inflate: 'zlib',
      },
      module: moduleOf('simd'), stores: { tables: store as unknown as TableStore, quarantine: store as unknown as TableStore }, clock: systemClock,
      unpack,
    });
    this.tell({ say: 'define', tables: [{ id: 1, databaseId: 1, measurement: 'm', created: 0, flushedTo: 0, columns: COLUMNS }] });
    const [outcome] = this.parse(Buffer.from(Array.from({ length: 20_000 }, (_, i) => `m,t=${i % 5000} v=${i}i ${i}`).join('\n')), 1);
    assert.equal(outcome!.state, 'accepted');
    this.#seqs[1] = seq;
  }

  /** Has a list of so many times the same body parsed. */
  parse(body: Buffer, times: number): readonly BodyOutcome[] {
    new Uint8Array(this.#bodies).set(body);
    const task: BodyTask = {
      blocks: [0], bytes: body.length, encoding: ENCODING_IDENTITY, databaseId: 1, precision: abi.PRECISION_NS, defaultTime: 0n, acceptPartial: true, rules: 0,
    };
    return this.slot.parse(Array.from({ length: times }, () => task)).outcomes;
  }

  get gauge(): Gauge {
    return new Gauge(this.#gauges, 0);
  }

  get bytes(): number {
    return this.gauge.heldBytes;
  }

  tell(message: ToWorker): void {
    this.port.postMessage(message);
  }

  /** The next thing it says. */
  said(): Promise<FromWorker> {
    return new Promise((resolve) => this.port.once('message', resolve));
  }

  flush(): Promise<FromWorker> {
    this.tell({ say: 'flush', order: { tableId: 1, seq: 1, into: 'tables', as: 'parquet', path: 'file', columns: COLUMNS } });
    return this.said();
  }
}

/** A slot with a table that has room for 131,072 rows and lacks 4,072 of them. */
function nearlyFull(t: TestContext, rowBytesMax?: number): Driven {
  const driven = new Driven(t, new MemoryStore(), 1n, undefined, rowBytesMax);
  for (let body = 0; body < 20; body += 1) {
    const [outcome] = driven.parse(Buffer.from(Array.from({ length: 5350 }, (_, i) => `m,t=1 v=1i ${i}`).join('\n')), 1);
    assert.equal(outcome!.state, 'accepted');
  }
  return driven;
}

/** Lists of bodies of one row, with turns between; the most that was taken in a list, and between two. */
async function oneRowLists(driven: Driven, lists: number): Promise<{ inList: number; between: number; held: number; last: BodyOutcome }> {
  const most = { inList: 0, between: 0, held: 0 };
  let last: BodyOutcome | undefined;
  for (let list = 0; list < lists; list += 1) {
    const before = driven.bytes;
    last = driven.parse(Buffer.from('m,t=1 v=1i 1'), 256).at(-1);
    const after = driven.bytes;
    most.inList = Math.max(most.inList, after - before);
    for (let turn = 0; turn < 4; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      most.between = Math.max(most.between, driven.bytes - after);
      most.held = Math.max(most.held, driven.bytes);
    }
  }
  return { ...most, last: last! };
}

test('[issue 13 A1] arrays that are nearly full are grown between lists of bodies, so that no list has to', async (t) => {
  const { inList, between, last } = await oneRowLists(nearlyFull(t), 20);
  assert.equal(last.state, 'accepted');
  assert.ok(inList < 256 * 1024, `${inList} bytes in one list`);
  assert.ok(between >= 2 * 1024 * 1024, `${between} bytes between lists`);
});

test('[issue 13 A1] arrays are not grown ahead where a body would find no room', async (t) => {
  const bytesMax = nearlyFull(t).bytes + 1024 * 1024;
  const { between, held, last } = await oneRowLists(nearlyFull(t, bytesMax), 20);
  assert.equal(between, 0);
  assert.ok(held <= bytesMax, `${held} bytes`);
  assert.ok(last.state === 'bad' && last.problem === 'overloaded', last.state);
});

test('main sees what a flush holds while it is in progress, and that the rows are gone when they are', async (t) => {
  const during: number[] = [];
  const driven: Driven = new Driven(t, new MemoryStore(() => during.push(driven.bytes)));
  const before = driven.bytes;
  assert.ok(before > 20_000 * 20);
  assert.equal((await driven.flush()).say, 'file');
  assert.ok(during.length > 0 && during.every((bytes) => bytes > before + 20_000 * 4), `${during.join()} during a flush, ${before} before`);
  // What comes after the answer is of the same turn.
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(driven.bytes, before);
  driven.tell({ say: 'flushed', tableId: 1, seq: 1 });
  driven.tell({ say: 'roll-back', keptTo: 1 });
  assert.equal((await driven.said()).say, 'rolled-back');
  assert.ok(driven.bytes < before - 20_000 * 20, `${driven.bytes} bytes stay of ${before}`);
});

test('rows that were given up leave when main asks for a sign of life, though no body and no flush comes', async (t) => {
  const driven = new Driven(t, new MemoryStore(), -1n);
  const before = driven.bytes;
  const { beats } = driven.gauge;
  driven.tell({ say: 'ask' });
  while (driven.gauge.beats === beats) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(driven.bytes < before - 20_000 * 20, `${driven.bytes} bytes stay of ${before}`);
});

test('what the outcomes of a list say of rejected lines is bounded: the bodies behind come again', (t) => {
  const driven = new Driven(t, new MemoryStore());
  const body = Buffer.from('x\nm v=1i\n'.repeat(100_000)); // 800,000 bytes of runs
  const outcomes = driven.parse(body, 40);
  const states = outcomes.map((outcome) => (outcome.state === 'bad' ? outcome.problem : outcome.state));
  const first = states.indexOf('overloaded');
  assert.ok(first > 15 && first < 25, states.join());
  assert.ok(states.every((state, i) => state === (i < first ? 'accepted' : 'overloaded')), states.join());
  const runs = outcomes.reduce((sum, outcome) => sum + ('rejectedRuns' in outcome ? outcome.rejectedRuns.byteLength : 0), 0);
  assert.ok(runs < 24 * 1024 * 1024, `${runs} bytes`);
});

test('a trap in a flush ends the slot, which says of which table', async (t) => {
  const { Instance } = WebAssembly;
  const mock = t.mock.method(WebAssembly, 'Instance', function (module: WebAssembly.Module) {
    const exports = new Instance(module).exports as object;
    return { exports: { ...exports, flushSort: () => { throw new WebAssembly.RuntimeError('unreachable'); } } };
  });
  const driven = new Driven(t, new MemoryStore());
  mock.mock.restore();
  const closed = new Promise((resolve) => driven.port.once('close', resolve));
  assert.deepEqual(await driven.flush(), { say: 'flush-failed', tableId: 1, reason: 'unreachable', isFatal: true });
  await closed;
  assert.ok(driven.slot.isEnded);
});

test('a flush that storage fails leaves the slot as it was', async (t) => {
  const driven = new Driven(t, new MemoryStore(() => { throw new Error('no room'); }));
  assert.deepEqual(await driven.flush(), { say: 'flush-failed', tableId: 1, reason: 'no room', isFatal: false });
  assert.ok(!driven.slot.isEnded);
});

test('[issue 13 B9] a packed body that is read back is given the room that it took, whatever the limit of bodies is', (t) => {
  const caps: number[] = [];
  const driven = new Driven(t, new MemoryStore(), 1n, (parser, _, capBytes) => {
    caps.push(capBytes);
    return parser.inputView(9).fill(32).length;
  });
  const task: BodyTask = {
    blocks: [0], bytes: 10, encoding: ENCODING_GZIP, databaseId: 1, precision: abi.PRECISION_NS, defaultTime: 0n, acceptPartial: true, rules: 0,
  };
  driven.slot.parse([task, { ...task, replay: { seq: 7, inflatedBytes: 3 * BODY_BYTES_MAX, rejectedRuns: new Uint32Array() } }]);
  assert.deepEqual(caps, [BODY_BYTES_MAX, 3 * BODY_BYTES_MAX]);
});

test('main sees no more bytes while what is kept of a table is copied, and fewer when the others have left', async (t) => {
  const driven = new Driven(t, new MemoryStore());
  const body = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `m,t=${i % 5000} v=${i}i ${i}`).join('\n'));
  driven.parse(body, 3);
  const before = driven.bytes;
  const seen: number[] = [];
  driven.tell({ say: 'flushed', tableId: 1, seq: 1 });
  for (let turns = 0; turns < 10_000 && (seen.at(-1) ?? before) >= before; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(driven.bytes);
  }
  assert.ok(seen.at(-1)! < before && Math.max(...seen) <= before, `${Math.max(...seen)} and ${seen.at(-1)} bytes of ${before}`);
});
