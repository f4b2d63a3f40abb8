/** What a start finds out of the ends of logs: numbers go up alone, one bad table costs the others nothing, and folders are cleared once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import { commitName } from '../../src/names.js';
import type { Cleanup } from '../../src/tables/cleanup.js';
import { TableCommitter } from '../../src/tables/commit.js';
import { appendOf } from '../../src/tables/delta/actions.js';
import { commitText } from '../../src/tables/delta/commit-text.js';
import type { JobNotes } from '../../src/tables/job-notes.js';
import type { RowQuarantine } from '../../src/tables/row-quarantine.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { TakeUp } from '../../src/tables/take-up.js';
import { FakeClock } from '../http/fake-clock.js';

const NODE = '0a1b2c3d';

interface Wanted {
  readonly flushedTo: number;
  readonly committedTo?: number;
  /** Number of its commit; null: its log is damaged; an Error: the disk does not give it. */
  readonly commit: number | null | Error;
  /** The disk gives it after so many faults. */
  readonly faults?: number;
  readonly lastInLog: number;
  readonly isQuarantined?: boolean;
  /** A job of it did not end. */
  readonly isUnfinished?: boolean;
}

/** Tables 1, 2, … with one commit each. */
function scene(...wanted: readonly Wanted[]) {
  const tables = new Map(wanted.map(({ committedTo, flushedTo }, at) => [at + 1, { id: at + 1, folder: `db/m${at + 1}`, flushedTo, committedTo: committedTo ?? flushedTo } as Table]));
  const said: string[] = [];
  const asked: number[] = [];
  const clock = new FakeClock();
  const store = {
    list: async () => [commitName(0)],
    get: async (path: string) => {
      const at = Number(/m(\d+)/.exec(path)![1]) - 1;
      const { commit, faults } = wanted[at]!;
      asked[at] = (asked[at] ?? 0) + 1;
      if (asked[at]! <= (faults ?? 0)) throw new Error('EIO');
      if (commit instanceof Error) throw commit;
      if (!path.endsWith(commitName(0))) return null;
      return Buffer.from(commit === null ? 'damaged' : commitText([], appendOf([]), { node: NODE, seq: commit, previous: 0, commitId: 'x', timeMs: 1 }));
    },
  } as unknown as TableStore;
  const catalog = {
    tables: () => [...tables.values()],
    table: (id: number) => tables.get(id),
    setFlushedTo: (id: number, seq: number) => tables.set(id, { ...tables.get(id)!, flushedTo: Math.max(tables.get(id)!.flushedTo, seq) }),
  } as unknown as Catalog;
  const optionsOf = ({ committedTo, folder }: Table) => ({
    store, folder, node: NODE, committedTo, seqMax: () => 1e6, identity: { tableId: 1, measurement: 'm', database: 'db' }, readCheckpoint: async () => ({ lines: [], isOurs: false }),
  });
  const unfinished = new Set(wanted.flatMap(({ isUnfinished }, at) => (isUnfinished === true ? [at + 1] : [])));
  let clearings = 0;
  const cleanup = {
    moveOrphans: async () => {
      clearings += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (clearings === 1) throw new Error('EIO');
      return { files: [], strays: [] };
    },
  } as unknown as Cleanup;
  const jobNotes = { tables: () => unfinished, endAll: async (id: number) => void unfinished.delete(id) } as unknown as JobNotes;
  const takeUp = new TakeUp({
    catalog, jobNotes, cleanup, clock, isLogWhole: true, startSeq: 0, optionsOf, report: (sentence) => said.push(sentence),
    quarantine: { lots: () => wanted.flatMap(({ isQuarantined }, at) => (isQuarantined === true ? [{ folder: `db/m${at + 1}` }] : [])) } as unknown as RowQuarantine,
    lastInLog: new Map(wanted.map(({ lastInLog }, at) => [at + 1, lastInLog])),
  });
  /** What is settled as time goes on, a second at a time. */
  const settled = async (work: Promise<void>): Promise<void> => {
    let isOver = false;
    void work.finally(() => (isOver = true));
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1000);
    }
    return work;
  };
  return { takeUp, tables, said, optionsOf, settled, unfinished, cleared: () => clearings };
}

test('numbers go up alone, and what is wrong with one table is its own', async () => {
  const { said, settled, tables, takeUp } = scene(
    { flushedTo: 100, commit: 200, lastInLog: 300 },
    { flushedTo: 500, committedTo: 200, commit: 200, lastInLog: 600, isQuarantined: true },
    { flushedTo: 100, commit: null, lastInLog: 300 },
    { flushedTo: 300, commit: 200, lastInLog: 400 },
    { flushedTo: 100, commit: new Error('EIO'), lastInLog: 300 },
    { flushedTo: 300, commit: 300, lastInLog: 300 },
    { flushedTo: 300, commit: 300, lastInLog: 0, isQuarantined: true },
    { flushedTo: 300, commit: 300, lastInLog: 0, isUnfinished: true },
  );
  const flushed: [number, number][] = [];
  const troubled: string[] = [];
  await settled(takeUp.flushedTo({ onFlushed: (...news) => flushed.push(news), onTrouble: (tableId, { message }) => troubled.push(`${tableId} ${message}`) }));
  assert.deepEqual(flushed, [[1, 200]], 'workers hear of no number below the one they have');
  assert.deepEqual([...tables.values()].map(({ flushedTo }) => flushedTo), [200, 500, 100, 300, 100, 300, 300, 300]);
  assert.equal(troubled.length, 2);
  assert.match(troubled.join(), /3 table db\/m3: commit 0 cannot be read.*4 table db\/m4: commits are missing at the end/s);
  assert.match(said.join(), /rows of the log stay there for now: EIO/);
  assert.deepEqual(takeUp.tables().map(({ id }) => id), [1, 2, 3, 4, 5, 7, 8], 'one without rows in the log or in quarantine, and without a job, can wait for ever');
});

test('a fault of the disk that passes costs a table nothing', async () => {
  const { said, settled, takeUp } = scene({ flushedTo: 100, commit: 200, faults: 3, lastInLog: 300 });
  const flushed: [number, number][] = [];
  await settled(takeUp.flushedTo({ onFlushed: (...news) => flushed.push(news), onTrouble: () => assert.fail('it is no trouble of the table') }));
  assert.deepEqual([flushed, said], [[[1, 200]], []]);
});

test('the folder of a table is cleared once, however many open it at once; what failed is tried again', async () => {
  const { cleared, optionsOf, takeUp, tables, unfinished } = scene({ flushedTo: 100, commit: 200, lastInLog: 300, isUnfinished: true });
  const table = tables.get(1)!;
  const committer = await TableCommitter.open(optionsOf(table));
  const failing = [takeUp.clear(table, committer), takeUp.clear(table, committer)];
  for (const each of failing) await assert.rejects(each, /EIO/);
  assert.equal(unfinished.size, 1, 'a job is forgotten once its files are seen to');
  await Promise.all([takeUp.clear(table, committer), takeUp.clear(table, committer)]);
  await takeUp.clear(table, committer);
  assert.deepEqual([cleared(), unfinished.size], [2, 0]);
  assert.deepEqual(takeUp.tables(), []);
});

test('when the server stops no folder is cleared any more, and one that is being cleared is waited for', async () => {
  const { cleared, optionsOf, takeUp, tables } = scene({ flushedTo: 100, commit: 200, lastInLog: 300 });
  const table = tables.get(1)!;
  const committer = await TableCommitter.open(optionsOf(table));
  let ended = false;
  const clearing = takeUp.clear(table, committer).catch(() => (ended = true));
  await takeUp.stop();
  assert.equal(ended, true);
  await clearing;
  await assert.rejects(takeUp.clear(table, committer), /is being stopped/);
  assert.equal(cleared(), 1);
});
