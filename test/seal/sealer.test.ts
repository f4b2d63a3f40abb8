/** The sealer's bookkeeping, with workers and Delta logs that a test answers for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import type { Pool, Slot } from '../../src/ingest/pool.js';
import type { Log } from '../../src/log/log.js';
import { makeLogger } from '../../src/logging.js';
import { Sealer } from '../../src/seal/sealer.js';
import { CommitUncertain, type Cut, type TableCommitter } from '../../src/tables/commit.js';
import type { TableStore } from '../../src/tables/store.js';
import type { SealedFile, SealOrder, ToWorker } from '../../src/worker/protocol.js';
import { FakeClock } from '../http/fake-clock.js';

const NODE = '0a1b2c3d';

/** A worker that keeps what it is told. */
class FakeSlot {
  readonly number: number;
  readonly told: ToWorker[] = [];

  constructor(number: number) {
    this.number = number;
  }

  tell(message: ToWorker): void {
    this.told.push(message);
  }

  get orders(): SealOrder[] {
    return this.told.flatMap((message) => (message.say === 'seal' ? [message.order] : []));
  }
}

class Bench {
  readonly slots: FakeSlot[];
  readonly commits: Cut[] = [];
  readonly deleted: string[] = [];
  readonly sealer: Sealer;
  lastSynced = 0;
  floor = Infinity;
  builderBytes = 0;
  opened = 0;
  /** Before a Delta log is read, and before a commit is made. */
  beforeOpen: () => Promise<void> = async () => {};
  beforeCommit: () => Promise<void> = async () => {};
  readonly #tables = new Map<number, Table>();

  constructor(tables: number, slots: number) {
    for (let id = 1; id <= tables; id += 1) {
      this.#tables.set(id, {
        id, databaseId: 1, databaseName: 'db', measurement: `m${id}`, folder: `db/m${id}`, created: 1, sealedTo: 0, columns: [],
      });
    }
    this.slots = Array.from({ length: slots }, (_, number) => new FakeSlot(number));
    this.sealer = new Sealer({
      catalog: {
        table: (id: number) => this.#tables.get(id),
        setSealedTo: (id: number, sealedTo: number) => this.#tables.set(id, { ...this.#tables.get(id)!, sealedTo }),
      } as unknown as Catalog,
      log: Object.defineProperty({ bytes: 0, segments: () => [] }, 'lastSynced', { get: () => this.lastSynced }) as unknown as Log,
      pool: {
        slots: () => this.slots as unknown as Slot[],
        tellAll: (message: ToWorker) => this.slots.forEach((slot) => slot.tell(message)),
      } as unknown as Pool,
      store: { delete: async (path: string) => void this.deleted.push(path) } as unknown as TableStore,
      clock: new FakeClock(), logger: makeLogger('silent'), node: NODE,
      openCommitter: async (table) => {
        this.opened += 1;
        await this.beforeOpen();
        return {
          state: { sealedTo: table.sealedTo },
          commit: async (cut: Cut) => {
            await this.beforeCommit();
            this.commits.push(cut);
            return 'committed';
          },
        } as unknown as TableCommitter;
      },
      builderBytes: () => this.builderBytes,
      replayFloor: () => this.floor,
      limits: { sealRowsMax: 1000, logBytesMax: 1e9, logAgeMaxMs: 1e12, builderBytesMax: 100 },
    });
  }

  drop(tableId: number): void {
    this.#tables.delete(tableId);
    this.sealer.forgetTables([tableId]);
  }

  /** A frame with rows of a table is on disk. */
  frame(number: number, tableId = 1): void {
    this.lastSynced = number;
    this.sealer.noteRows([[tableId, 10]], number);
  }

  /** Every worker answers the newest order of a table with a file. */
  answer(tableId = 1, slots: readonly FakeSlot[] = this.slots): void {
    for (const slot of slots) {
      const { path } = slot.orders.findLast((order) => order.tableId === tableId)!;
      this.sealer.onMessage(slot as unknown as Slot, { say: 'file', tableId, file: { path } as SealedFile });
    }
  }

  die(slot: FakeSlot): void {
    this.slots.splice(this.slots.indexOf(slot), 1);
    this.sealer.onDeath(slot as unknown as Slot);
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('rows on their way into files are unsealed until the commit stands, so that a worker that dies then is read back', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  const flush = bench.sealer.flush([1]);
  await settle();
  assert.equal(bench.slots[0]!.orders.length, 1);
  assert.equal(bench.sealer.firstUnsealed, 100);
  bench.answer(1, bench.slots.slice(0, 1));
  bench.die(bench.slots[1]!);
  assert.equal(bench.sealer.firstUnsealed, 100, 'what the engine asks at once when a worker has died');
  await assert.rejects(flush, /worker 1 died/);
  assert.equal(bench.sealer.firstUnsealed, 100);
  assert.deepEqual(bench.commits, []);
  assert.deepEqual(bench.deleted, [`db/m1/${NODE}-0000000000000100-0.parquet`]);
});

test('R, the last number and the workers are looked at after the Delta log was read', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  bench.frame(200);
  let read!: () => void;
  bench.beforeOpen = () => new Promise((resolve) => (read = resolve));
  const flush = bench.sealer.flush([1]);
  await settle();
  bench.die(bench.slots[0]!);
  bench.floor = bench.sealer.firstUnsealed;
  read();
  await assert.rejects(flush, /being read back/);
  assert.deepEqual(bench.slots[0]!.orders, []);
});

test('a flush ends when the rows noted before it are in files, also when others seal the table', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const first = bench.sealer.flush([1]);
  await settle();
  bench.frame(200);
  const ended: string[] = [];
  const others = ['b', 'c'].map((name) => bench.sealer.flush([1]).then(() => ended.push(name)));
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ number }) => number), [100], 'one seal of a table at a time');
  bench.answer();
  await first;
  await settle();
  assert.deepEqual(ended, []);
  assert.deepEqual(bench.slots[0]!.orders.map(({ number }) => number), [100, 200]);
  bench.answer();
  await Promise.all(others);
  assert.deepEqual(bench.commits.map(({ number }) => number), [100, 200]);
  assert.equal(bench.sealer.firstUnsealed, Infinity);
});

test('a flush of a table whose seal is under way waits for it', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const first = bench.sealer.flush([1]);
  await settle();
  let ended = false;
  const second = bench.sealer.flush([1]).then(() => (ended = true));
  await settle();
  assert.equal(ended, false);
  bench.answer();
  await Promise.all([first, second]);
  assert.equal(bench.commits.length, 1);
});

test('rows noted while a table is sealed are sealed next', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const flush = bench.sealer.flush([1]);
  await settle();
  bench.frame(300);
  bench.answer();
  await flush;
  assert.equal(bench.sealer.firstUnsealed, 101);
  const next = bench.sealer.flush([1]);
  await settle();
  bench.answer();
  await next;
  assert.equal(bench.sealer.firstUnsealed, Infinity);
});

test('after a failed commit the rows are unsealed and the Delta log is read anew; files stay when the end is not known', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  for (const [error, deleted] of [[new Error('no room'), 1], [new CommitUncertain('db/m1', 0, new Error('gone')), 0]] as const) {
    bench.deleted.length = 0;
    bench.beforeCommit = () => Promise.reject(error);
    const flush = bench.sealer.flush([1]);
    await settle();
    bench.answer();
    await assert.rejects(flush, error);
    assert.equal(bench.deleted.length, deleted);
    assert.equal(bench.sealer.firstUnsealed, 100);
  }
  assert.equal(bench.opened, 2);
});

test('rows of a dropped table, and rows that are in files, are not noted', () => {
  const bench = new Bench(2, 1);
  bench.drop(1);
  bench.frame(100, 1);
  assert.equal(bench.sealer.firstUnsealed, Infinity);
});

test('a table whose seals ended two workers is sealed no more, others are; dropped, it is forgotten', async () => {
  const bench = new Bench(2, 1);
  bench.frame(100, 1);
  bench.frame(101, 2);
  for (let deaths = 1; deaths <= 2; deaths += 1) {
    assert.deepEqual(bench.sealer.problems(), []);
    const flush = bench.sealer.flush([1]);
    await settle();
    const slot = bench.slots[0]!;
    bench.sealer.onMessage(slot as unknown as Slot, { say: 'seal-failed', tableId: 1, reason: 'unreachable', isFatal: true });
    bench.die(slot);
    bench.slots.push(new FakeSlot(deaths));
    await assert.rejects(flush, /unreachable/);
  }
  const sentence = /^table db\/m1 is not sealed until the next start, since sealing it ended 2 workers: its rows stay in the log and in memory$/;
  assert.match(bench.sealer.problems().join(), sentence);
  await assert.rejects(bench.sealer.flush([1]), { message: sentence });
  bench.builderBytes = 101;
  bench.sealer.tick();
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ tableId }) => tableId), [2]);
  bench.answer(2);
  await settle();
  assert.equal(bench.sealer.firstUnsealed, 100, 'the log keeps its rows');
  bench.drop(1);
  assert.deepEqual(bench.sealer.problems(), []);
});

test('a seal that fails otherwise is tried again and again', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100, 1);
  for (let tries = 0; tries < 4; tries += 1) {
    const flush = bench.sealer.flush([1]);
    await settle();
    bench.sealer.onMessage(bench.slots[0] as unknown as Slot, { say: 'seal-failed', tableId: 1, reason: 'no room', isFatal: false });
    await assert.rejects(flush, /no room/);
  }
  assert.deepEqual(bench.sealer.problems(), []);
});

test('short of memory, tables are sealed that have rows below R', async () => {
  const bench = new Bench(4, 1);
  bench.frame(100, 1);
  for (let number = 200; number < 210; number += 1) for (const tableId of [2, 3, 4]) bench.frame(number, tableId);
  bench.floor = 150;
  bench.builderBytes = 101;
  bench.sealer.tick();
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ tableId, number }) => [tableId, number]), [[1, 149]]);
});

test('a stop waits for the commit under way and lets none begin', async () => {
  const bench = new Bench(2, 1);
  bench.frame(100, 1);
  bench.frame(200, 2);
  let go!: () => void;
  bench.beforeCommit = () => new Promise((resolve) => (go = resolve));
  const flushes = [bench.sealer.flush([1]), bench.sealer.flush([2])];
  await settle();
  bench.answer(1);
  await settle();
  let stopped = false;
  const stop = bench.sealer.stop().then(() => (stopped = true));
  bench.answer(2);
  await assert.rejects(flushes[1]!, /has ended/);
  assert.equal(stopped, false);
  go();
  await Promise.all([flushes[0], stop]);
  assert.deepEqual(bench.commits.map(({ number }) => number), [200]);
  assert.equal(bench.sealer.firstUnsealed, 200);
});
