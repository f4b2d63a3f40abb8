/** The flusher's bookkeeping, with workers and Delta logs that a test answers for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64 } from '../../assembly/layout/codes.js';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import type { Pool, Slot } from '../../src/ingest/pool.js';
import type { Log } from '../../src/log/log.js';
import { makeLogger } from '../../src/logging.js';
import { Flusher, type FlushFailure, type TableReading } from '../../src/flush/flusher.js';
import { CommitUncertain, type FlushBatch, type TableCommitter } from '../../src/tables/commit.js';
import { TableRefused } from '../../src/tables/delta/table-state.js';
import type { QuarantinedRows, RowQuarantine } from '../../src/tables/row-quarantine.js';
import type { TableStore } from '../../src/tables/table-store.js';
import type { FlushOrder, ToWorker } from '../../src/worker/protocol.js';
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

  get orders(): FlushOrder[] {
    return this.told.flatMap((message) => (message.say === 'flush' ? [message.order] : []));
  }
}

class Bench {
  readonly slots: FakeSlot[];
  readonly commits: FlushBatch[] = [];
  readonly deleted: string[] = [];
  readonly linked: string[] = [];
  readonly quarantined: QuarantinedRows[] = [];
  readonly warnings: string[] = [];
  published = 0;
  /** The number that the newest commit of ours says, when it is none of this server's. */
  committedElsewhere = 0;
  readonly clock = new FakeClock();
  readonly flusher: Flusher;
  lastSynced = 0;
  floor = Infinity;
  memtableBytes = 0;
  opened = 0;
  /** Before a Delta log is read, and before a commit is made. */
  beforeOpen: () => Promise<void> = async () => {};
  beforeCommit: () => Promise<void> = async () => {};
  /** Whether there is room for drafts. */
  beforeDraft: () => Promise<void> = async () => {};
  /** Whether the table can be written. */
  beforeCheck: () => Promise<void> = async () => {};
  /** The columns with which it was looked at. */
  readonly checked: Table['columns'][] = [];
  readonly #tables = new Map<number, Table>();

  constructor(tables: number, slots: number) {
    for (let id = 1; id <= tables; id += 1) {
      this.#tables.set(id, {
        id, databaseId: 1, databaseName: 'db', measurement: `m${id}`, folder: `db/m${id}`, created: 1, flushedTo: 0, committedTo: 0, columns: [],
      });
    }
    this.slots = Array.from({ length: slots }, (_, number) => new FakeSlot(number));
    this.flusher = new Flusher({
      catalog: {
        table: (id: number) => this.#tables.get(id),
        setFlushedTo: (id: number, flushedTo: number) => this.#tables.set(id, { ...this.#tables.get(id)!, flushedTo }),
        setQuarantinedTo: (id: number, flushedTo: number) => this.#tables.set(id, { ...this.#tables.get(id)!, flushedTo }),
      } as unknown as Catalog,
      log: Object.defineProperty({ bytes: 0, segments: () => [] }, 'lastSynced', { get: () => this.lastSynced }) as unknown as Log,
      pool: {
        slots: () => this.slots as unknown as Slot[],
        tellAll: (message: ToWorker) => this.slots.forEach((slot) => slot.tell(message)),
      } as unknown as Pool,
      stores: { tables: this.#store(''), quarantine: this.#store('quarantine/'), drafts: this.#store('drafts/') },
      checkRoom: async () => this.beforeDraft(),
      linkDraft: async (path, query) => {
        this.linked.push(`${query}/${path}`);
        return `${query}/${path}`;
      },
      quarantine: { add: async (rows: QuarantinedRows) => void this.quarantined.push(rows) } as unknown as RowQuarantine,
      publishCatalog: async () => void (this.published += 1),
      onCommitted: () => undefined,
      clock: this.clock, logger: { ...makeLogger('silent'), warn: (sentence) => this.warnings.push(sentence) }, node: NODE,
      openCommitter: async (table) => {
        this.opened += 1;
        await this.beforeOpen();
        return {
          bytes: 1, holdsFiles: false, letGo: () => undefined,
          state: { flushedTo: Math.max(table.flushedTo, this.committedElsewhere) },
          check: async (columnsNow: () => Table['columns']) => {
            await this.beforeCheck();
            this.checked.push(columnsNow());
          },
          look: async () => ({ files: [], state: { flushedTo: Math.max(this.table(table.id).flushedTo, this.committedElsewhere) } }),
          damagedFiles: async () => [],
          commit: async (batch: FlushBatch) => {
            await this.beforeCommit();
            this.commits.push(batch);
            return 'committed';
          },
          takenNames: () => ({ columns: new Set(), isTaken: () => false }),
        } as unknown as TableCommitter;
      },
      memtableBytes: () => this.memtableBytes,
      replayFloor: () => this.floor,
      limits: { flushRowsMax: 1000, logBytesMax: 1e9, logAgeMaxMs: 1e12, memtableBytesMax: 100, setAsideAgeMs: 600_000, tableStateBytesMax: 1e6 },
    });
  }

  #store(prefix: string): TableStore {
    return { delete: async (path: string) => void this.deleted.push(prefix + path) } as unknown as TableStore;
  }

  table(id: number): Table {
    return this.#tables.get(id)!;
  }

  setColumns(id: number, columns: Table['columns']): void {
    this.#tables.set(id, { ...this.#tables.get(id)!, columns });
  }

  drop(tableId: number): void {
    this.#tables.delete(tableId);
    this.flusher.forgetTables([tableId]);
  }

  /** A frame with rows of a table is on disk. */
  frame(seq: number, tableId = 1): void {
    this.lastSynced = seq;
    this.flusher.noteRows([[tableId, 10]], seq);
  }

  /** Every worker answers the newest order of a table with a file. */
  answer(tableId = 1, slots: readonly FakeSlot[] = this.slots): void {
    for (const slot of slots) {
      const { path } = slot.orders.findLast((order) => order.tableId === tableId)!;
      this.flusher.onMessage(slot as unknown as Slot, { say: 'file', tableId, file: { path, bytes: 1, rows: 1, statistics: { numRecords: 1, minValues: {}, maxValues: {}, nullCount: {} } } });
    }
  }

  die(slot: FakeSlot): void {
    this.slots.splice(this.slots.indexOf(slot), 1);
    this.flusher.onDeath(slot as unknown as Slot);
  }
}

/** Why not all went into files; '' when all did. */
async function failed(flush: Promise<readonly FlushFailure[]>): Promise<string> {
  return (await flush).map(({ reason }) => reason).join();
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('rows on their way into files are unflushed until the commit stands, so that a worker that dies then is read back', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  const flush = bench.flusher.flush([1]);
  await settle();
  assert.equal(bench.slots[0]!.orders.length, 1);
  assert.equal(bench.flusher.firstUnflushed, 100);
  bench.answer(1, bench.slots.slice(0, 1));
  bench.die(bench.slots[1]!);
  assert.equal(bench.flusher.firstUnflushed, 100, 'what the engine asks at once when a worker has died');
  assert.match(await failed(flush), /worker 1 died/);
  assert.equal(bench.flusher.firstUnflushed, 100);
  assert.deepEqual(bench.commits, []);
  assert.deepEqual(bench.deleted, [`db/m1/${NODE}-0000000000000100-0.parquet`]);
});

test('R, the last number and the workers are looked at after the Delta log was read', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  bench.frame(200);
  let read!: () => void;
  bench.beforeOpen = () => new Promise((resolve) => (read = resolve));
  const flush = bench.flusher.flush([1]);
  await settle();
  bench.die(bench.slots[0]!);
  bench.floor = bench.flusher.firstUnflushed;
  read();
  assert.match(await failed(flush), /being read back/);
  assert.deepEqual(bench.slots[0]!.orders, []);
});

test('a flush ends when the rows noted before it are in files, also when others flush the table', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const first = bench.flusher.flush([1]);
  await settle();
  bench.frame(200);
  const ended: string[] = [];
  const others = ['b', 'c'].map((name) => bench.flusher.flush([1]).then(() => ended.push(name)));
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ seq }) => seq), [100], 'one flush of a table at a time');
  bench.answer();
  await first;
  await settle();
  assert.deepEqual(ended, []);
  assert.deepEqual(bench.slots[0]!.orders.map(({ seq }) => seq), [100, 200]);
  bench.answer();
  await Promise.all(others);
  assert.deepEqual(bench.commits.map(({ seq }) => seq), [100, 200]);
  assert.equal(bench.flusher.firstUnflushed, Infinity);
});

test('a table is looked at with the columns that it has when its log was read: a flush meanwhile may have given one another name', async () => {
  const bench = new Bench(1, 1);
  const column = { id: 1, kind: KIND_F64, key: 'later', name: 'later' };
  bench.setColumns(1, [column]);
  bench.beforeCheck = async () => bench.setColumns(1, [{ ...column, name: 'later~2' }]);
  await bench.flusher.takeUp([bench.table(1)]);
  assert.deepEqual(bench.checked.map(([first]) => first!.name), ['later~2']);
  assert.deepEqual(bench.flusher.setAsideTables(), []);
});

test('a flush of a table whose flush is under way waits for it', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const first = bench.flusher.flush([1]);
  await settle();
  let ended = false;
  const second = bench.flusher.flush([1]).then(() => (ended = true));
  await settle();
  assert.equal(ended, false);
  bench.answer();
  await Promise.all([first, second]);
  assert.equal(bench.commits.length, 1);
});

test('rows noted while a table is flushed are flushed next', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  const flush = bench.flusher.flush([1]);
  await settle();
  bench.frame(300);
  bench.answer();
  await flush;
  assert.equal(bench.flusher.firstUnflushed, 101);
  const next = bench.flusher.flush([1]);
  await settle();
  bench.answer();
  await next;
  assert.equal(bench.flusher.firstUnflushed, Infinity);
});

test('after a failed commit the rows are unflushed and the Delta log is read anew; files stay when the end is not known', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  for (const [error, deleted] of [[new Error('no room'), 1], [new CommitUncertain('db/m1', 0, new Error('gone')), 0]] as const) {
    bench.deleted.length = 0;
    bench.beforeCommit = () => Promise.reject(error);
    const flush = bench.flusher.flush([1]);
    await settle();
    bench.answer();
    assert.equal(await failed(flush), error.message);
    assert.equal(bench.deleted.length, deleted);
    assert.equal(bench.flusher.firstUnflushed, 100);
  }
  assert.equal(bench.opened, 2);
});

test('rows of a dropped table, and rows that are in files, are not noted', () => {
  const bench = new Bench(2, 1);
  bench.drop(1);
  bench.frame(100, 1);
  assert.equal(bench.flusher.firstUnflushed, Infinity);
});

/** Flushes of the first table end two workers. */
async function endTwoWorkers(bench: Bench): Promise<void> {
  for (let deaths = 1; deaths <= 2; deaths += 1) {
    assert.deepEqual(bench.flusher.problems(), []);
    const flush = bench.flusher.flush([1]);
    await settle();
    const slot = bench.slots[0]!;
    bench.flusher.onMessage(slot as unknown as Slot, { say: 'flush-failed', tableId: 1, reason: 'unreachable', isFatal: true });
    bench.die(slot);
    bench.slots.push(new FakeSlot(deaths));
    assert.match(await failed(flush), /unreachable/);
  }
}

test('a table whose flushes ended two workers is flushed no more, others are; dropped, it is forgotten', async () => {
  const bench = new Bench(2, 1);
  bench.frame(100, 1);
  bench.frame(101, 2);
  await endTwoWorkers(bench);
  assert.match(bench.flusher.problems().join(), /^table db\/m1 is set aside, .* 10 acknowledged rows wait in the log: writing its files ended 2 workers; it is tried again at the next start$/);
  assert.match(await failed(bench.flusher.flush([1])), /ended 2 workers/);
  const flush = bench.flusher.flush([2]);
  await settle();
  bench.answer(2);
  await flush;
  bench.clock.advance(599_000);
  bench.flusher.tick();
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ tableId }) => tableId), [2]);
  assert.equal(bench.flusher.firstUnflushed, 100, 'the log keeps its rows');
  bench.drop(1);
  assert.deepEqual(bench.flusher.problems(), []);
});

test('its rows go to quarantine without the encoder, when their time is over or others need the room; should that fail, again after a while', async () => {
  for (const isShort of [false, true]) {
    const bench = new Bench(1, 1);
    bench.frame(100);
    await endTwoWorkers(bench);
    if (isShort) bench.memtableBytes = 101;
    else bench.clock.advance(600_000);
    const [slot] = bench.slots;
    const tick = async (): Promise<number> => {
      bench.flusher.tick();
      await settle();
      return slot!.orders.length;
    };
    assert.equal(await tick(), 1);
    const name = `${NODE}-0000000000000100-2.jsonl`;
    const { as, into, seq, path, tableId } = slot!.orders[0]!;
    assert.deepEqual({ as, into, seq, path, tableId }, { as: 'json', into: 'quarantine', seq: 100, path: `db/m1/${name}`, tableId: 1 });
    bench.flusher.onMessage(slot as unknown as Slot, { say: 'flush-failed', tableId: 1, reason: 'no space', isFatal: false });
    await settle();
    bench.clock.advance(4000);
    assert.equal(await tick(), 1, 'not at once');
    assert.equal(bench.flusher.firstUnflushed, 100);
    bench.clock.advance(1000);
    assert.equal(await tick(), 2);
    bench.answer();
    await settle();
    assert.deepEqual(bench.quarantined.map(({ files, reason }) => [files, reason]), [[[name], 'writing its files ended 2 workers; it is tried again at the next start']]);
    assert.equal(bench.published, 1);
    assert.deepEqual(slot!.told.at(-1), { say: 'flushed', tableId: 1, seq: 100 });
    assert.equal(bench.flusher.firstUnflushed, Infinity);
    assert.match(bench.flusher.problems().join(), /table db\/m1 is set aside, its new lines are rejected and 0 acknowledged rows wait/);
    assert.ok(slot!.told.every((message) => message.say !== 'set-aside' || message.isSetAside), 'no line is taken again');
  }
});

test('a flush that fails otherwise is tried again and again', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100, 1);
  for (let tries = 0; tries < 4; tries += 1) {
    const flush = bench.flusher.flush([1]);
    await settle();
    bench.flusher.onMessage(bench.slots[0] as unknown as Slot, { say: 'flush-failed', tableId: 1, reason: 'no room', isFatal: false });
    assert.match(await failed(flush), /no room/);
  }
  assert.deepEqual(bench.flusher.problems(), []);
});

test('short of memory, tables are flushed that have rows below R', async () => {
  const bench = new Bench(4, 1);
  bench.frame(100, 1);
  for (let seq = 200; seq < 210; seq += 1) for (const tableId of [2, 3, 4]) bench.frame(seq, tableId);
  bench.floor = 150;
  bench.memtableBytes = 101;
  bench.flusher.tick();
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ tableId, seq }) => [tableId, seq]), [[1, 149]]);
});

test('a stop waits for the commit under way and lets none begin', async () => {
  const bench = new Bench(2, 1);
  bench.frame(100, 1);
  bench.frame(200, 2);
  let go!: () => void;
  bench.beforeCommit = () => new Promise((resolve) => (go = resolve));
  const flushes = [bench.flusher.flush([1]), bench.flusher.flush([2])];
  await settle();
  bench.answer(1);
  await settle();
  let stopped = false;
  const stop = bench.flusher.stop().then(() => (stopped = true));
  bench.answer(2);
  assert.match(await failed(flushes[1]!), /has ended/);
  assert.equal(stopped, false);
  go();
  await Promise.all([flushes[0], stop]);
  assert.deepEqual(bench.commits.map(({ seq }) => seq), [200]);
  assert.equal(bench.flusher.firstUnflushed, 200);
});

/** Has the first table refused, as when another writer raised its protocol. */
async function setAside(bench: Bench): Promise<void> {
  bench.beforeCommit = bench.beforeCheck = () => Promise.reject(new TableRefused('db/m1', 'it needs a writer of version 7'));
  const flush = bench.flusher.flush([1]);
  await settle();
  bench.answer(1);
  assert.match(await failed(flush), /writer of version 7/);
}

const setAsideSaid = (bench: Bench): ToWorker[] => bench.slots[0]!.told.filter(({ say }) => say === 'set-aside');

test('a table that cannot be written is set aside: workers refuse its lines, tries are ever rarer, and it is well once it can be written', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  await setAside(bench);
  assert.deepEqual(setAsideSaid(bench), [{ say: 'set-aside', tableIds: [1], isSetAside: true }]);
  assert.match(bench.flusher.problems().join(), /^table db\/m1 is set aside, its new lines are rejected and 10 acknowledged rows wait in the log: table db\/m1: it needs a writer of version 7$/);
  const tries: number[] = [];
  for (let second = 1; second <= 300; second += 1) {
    const before = bench.flusher.counts.failures;
    bench.clock.advance(1000);
    bench.flusher.tick();
    await settle();
    if (bench.flusher.counts.failures > before) tries.push(second);
  }
  assert.deepEqual(tries, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
  assert.equal(bench.slots[0]!.orders.length, 1, 'no file is written before the table is looked at');
  bench.beforeCommit = bench.beforeCheck = async () => {};
  bench.clock.advance(60_000);
  bench.flusher.tick();
  await settle();
  bench.answer(1);
  await settle();
  assert.deepEqual(bench.flusher.problems(), []);
  assert.deepEqual(setAsideSaid(bench).at(-1), { say: 'set-aside', tableIds: [1], isSetAside: false });
  assert.equal(bench.flusher.firstUnflushed, Infinity);
});

test('rows of a table set aside go to quarantine when their time is over, and at once when others need the room', async () => {
  for (const isShort of [false, true]) {
    const bench = new Bench(2, 2);
    bench.frame(100);
    await setAside(bench);
    bench.flusher.tick();
    await settle();
    assert.equal(bench.slots[0]!.orders.length, 1, 'not before');
    if (isShort) bench.memtableBytes = 101;
    else bench.clock.advance(600_000);
    // The first tick tries the table itself once more.
    for (let ticks = 0; ticks < 2; ticks += 1) {
      bench.flusher.tick();
      await settle();
    }
    const orders = bench.slots.map(({ orders: all }) => all.at(-1)!);
    assert.deepEqual(orders.map(({ as, into, seq, tableId }) => [as, into, seq, tableId]), [['parquet', 'quarantine', 100, 1], ['parquet', 'quarantine', 100, 1]]);
    assert.equal(bench.flusher.firstUnflushed, 100);
    bench.answer(1);
    await settle();
    assert.equal(bench.quarantined.length, 1);
    const { database, files, folder, measurement, seq, reason } = bench.quarantined[0]!;
    assert.deepEqual([database, folder, measurement, seq], ['db', 'db/m1', 'm1', 100]);
    assert.deepEqual(files, [0, 1].map((slot) => `${NODE}-0000000000000100-${slot}.parquet`));
    assert.match(reason, /writer of version 7/);
    assert.equal(bench.published, 1, 'the catalog knows before the rows leave');
    assert.deepEqual(bench.slots[0]!.told.at(-1), { say: 'flushed', tableId: 1, seq: 100 });
    assert.equal(bench.flusher.firstUnflushed, Infinity);
  }
});

test('who looks at a table that is set aside puts off no try', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  await setAside(bench);
  bench.beforeOpen = () => Promise.reject(new TableRefused('db/m1', 'it needs a writer of version 7'));
  const table = bench.table(1);
  for (let second = 1; second <= 10; second += 1) {
    for (let look = 0; look < 5; look += 1) await assert.rejects(bench.flusher.look(table), /version 7/);
    bench.clock.advance(1000);
    bench.flusher.tick();
    await settle();
  }
  assert.ok(bench.flusher.counts.failures > 3, `${bench.flusher.counts.failures} tries`);
});

test('a trouble that others do not have makes a table set aside after a while, one of the whole disk does not', async () => {
  for (const othersAreWell of [true, false]) {
    const bench = new Bench(2, 1);
    bench.frame(100, 1);
    bench.frame(100, 2);
    let tries = 0;
    bench.beforeOpen = async () => {
      tries += 1;
      if (!othersAreWell || bench.flusher.unflushedRows(2) === 0) throw new Error('permission denied');
    };
    if (othersAreWell) {
      const flush = bench.flusher.flush([2]);
      await settle();
      bench.answer(2);
      assert.equal(await failed(flush), '');
    }
    for (let i = 0; i < 5; i += 1) assert.match(await failed(bench.flusher.flush([1])), /permission denied/);
    assert.deepEqual(bench.flusher.problems(), [], 'nothing of another table went well since it began');
    if (othersAreWell) {
      bench.frame(200, 2);
      bench.beforeOpen = async () => {};
      const flush = bench.flusher.flush([2]);
      await settle();
      bench.answer(2);
      assert.equal(await failed(flush), '');
    }
    bench.beforeOpen = () => Promise.reject(new Error('permission denied'));
    assert.match(await failed(bench.flusher.flush([1])), /permission denied/);
    assert.equal(bench.flusher.problems().length, othersAreWell ? 1 : 0);
    assert.ok(tries >= 5);
  }
});

test('a table whose last commit of ours is of a number that was not given here is set aside, and its rows stay', async () => {
  const bench = new Bench(1, 1);
  bench.committedElsewhere = 500;
  bench.frame(100);
  assert.match(await failed(bench.flusher.flush([1])), /of seq 500, which this server did not make/);
  assert.equal(bench.flusher.firstUnflushed, 100);
  assert.ok(!bench.slots[0]!.told.some(({ say }) => say === 'flushed'));
});

/** Reads table 1; the newest order is answered when there is a new one. */
async function read(bench: Bench, query = 'query-1-1'): Promise<TableReading> {
  const before = bench.slots[0]!.orders.length;
  const reading = bench.flusher.read(1, query);
  reading.catch(() => undefined); // whoever waits for it sees it
  await settle();
  if (bench.slots[0]!.orders.length > before) bench.answer();
  return reading;
}
const ranges = (bench: Bench): string[] => bench.slots[0]!.orders.map(({ after, into, seq }) => `${into} ${after}-${seq}`);

test('[issue 14 5] who reads has all rows; those in the log alone stay there', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  const first = await read(bench);
  assert.deepEqual(ranges(bench), ['drafts 0-100']);
  const names = [0, 1].map((slot) => `query-1-1/1/${NODE}-0000000000000100-${slot}.parquet`);
  assert.deepEqual([first.drafts.map(({ path }) => path), bench.linked, first.after, first.problem], [names, names, 0, '']);
  assert.equal(bench.flusher.unflushed.rows, 10);
  assert.deepEqual([bench.commits, bench.slots[0]!.told.filter(({ say }) => say === 'flushed')], [[], []]);
});

test('[issue 14 5] of a table that is read again only what came since is written, and nothing when nothing came', async () => {
  const bench = new Bench(1, 1);
  assert.deepEqual((await read(bench)).drafts, [], 'there is nothing in the log');
  bench.frame(100);
  await read(bench);
  assert.equal((await read(bench, 'query-2-1')).drafts.length, 1);
  bench.frame(200);
  assert.equal((await read(bench)).drafts.length, 2);
  assert.deepEqual(ranges(bench), ['drafts 0-100', 'drafts 100-200']);

  bench.clock.advance(999);
  await read(bench);
  bench.clock.advance(999);
  assert.deepEqual(bench.deleted, [], 'it was read within a second');
  bench.clock.advance(1);
  await settle();
  assert.deepEqual(bench.deleted.length, 2);
  await read(bench);
  assert.deepEqual(ranges(bench).slice(2), ['drafts 0-200'], 'what is gone is written again');
});

test('[issue 14 5] no row is read twice or not at all while it goes into files', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  await read(bench);
  const flush = bench.flusher.flush([1]);
  await settle();
  bench.frame(150);
  const reading = bench.flusher.read(1, 'query-1-1');
  await settle();
  assert.deepEqual(ranges(bench), ['drafts 0-100', 'tables 0-100'], 'a flush that has begun comes first');
  bench.answer();
  assert.equal(await failed(flush), '');
  await settle();
  assert.deepEqual(ranges(bench).slice(2), ['drafts 100-150']);
  const next = bench.flusher.flush([1]);
  await settle();
  assert.deepEqual(ranges(bench).length, 3, 'a flush waits for who reads');
  bench.answer();
  const { after, drafts } = await reading;
  assert.deepEqual([after, drafts.length, bench.deleted.length], [100, 1, 1]);
  await settle();
  assert.deepEqual(ranges(bench).slice(3), ['tables 0-150']);
  bench.answer();
  assert.equal(await failed(next), '');
  assert.deepEqual((await read(bench)).drafts, []);
});

test('[issue 14 5] who reads a table waits for no flush that has not begun', async () => {
  const bench = new Bench(6, 1);
  for (let id = 1; id <= 6; id += 1) bench.frame(100 + id, id);
  const flushes = [2, 3, 4, 5, 1].map((id) => bench.flusher.flush([id]));
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.map(({ tableId }) => tableId), [2, 3, 4, 5], 'so many at once');
  assert.equal((await read(bench)).drafts.length, 1);
  for (const id of [2, 3, 4, 5]) bench.answer(id);
  await settle();
  assert.deepEqual(bench.slots[0]!.orders.slice(4).map(({ into, tableId }) => `${into} ${tableId}`), ['drafts 1', 'tables 1']);
  bench.answer(1);
  for (const flush of flushes) assert.equal(await failed(flush), '');
});

test('[issue 14 5] a disk that is nearly full takes no drafts; what was drafted is read, and flushes go on', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  await read(bench);
  bench.beforeDraft = async () => {
    throw new Error('the disk is nearly full');
  };
  assert.equal((await read(bench)).drafts.length, 1);
  bench.frame(200);
  await assert.rejects(read(bench), /nearly full/);
  const flush = bench.flusher.flush([1]);
  await settle();
  bench.answer();
  assert.equal(await failed(flush), '');
  assert.deepEqual(ranges(bench), ['drafts 0-100', 'tables 0-200']);
  assert.deepEqual((await read(bench)).drafts, []);
});

test('[issue 14 5] rows of a commit of which it was not known whether it stands are not read twice', async () => {
  const bench = new Bench(1, 1);
  bench.frame(100);
  bench.frame(200);
  bench.committedElsewhere = 100;
  assert.equal((await read(bench)).after, 100);
});

test('[issue 14 5] rows that are being read back are missed, and said so; so is a worker that dies', async () => {
  const bench = new Bench(1, 2);
  bench.frame(100);
  bench.floor = 50;
  await assert.rejects(bench.flusher.read(1, 'query-1-1'), /being read back/);
  bench.floor = Infinity;
  const reading = bench.flusher.read(1, 'query-1-1');
  await settle();
  bench.answer(1, bench.slots.slice(0, 1));
  bench.die(bench.slots[1]!);
  await assert.rejects(reading, /worker 1 died/);
  assert.equal(bench.deleted.length, 1);
  assert.equal((await read(bench)).drafts.length, 1);
});

test('a table that cannot be looked at behind a start is warned of, unless the server is being stopped', async () => {
  for (const [isStopped, warnings] of [[false, ['table db/m1 could not be looked at and will be at its next flush: later']], [true, []]] as const) {
    const bench = new Bench(1, 1);
    let look!: () => void;
    bench.beforeOpen = () => new Promise((_, reject) => (look = () => reject(new Error('later'))));
    const taken = bench.flusher.takeUp([bench.table(1)]);
    await settle();
    const stopping = isStopped ? bench.flusher.stop() : taken;
    look();
    await Promise.all([taken, stopping]);
    assert.deepEqual(bench.warnings, warnings);
  }
});
