/** Jobs of compaction on a disk in memory, with files that are only names: what is ordered, and what is there afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompactionOrder } from '../../src/compaction/compaction-thread.js';
import { Compactor } from '../../src/compaction/compactor.js';
import { Retiring } from '../../src/flush/retiring.js';
import type { Logger } from '../../src/logging.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import { dataFileName, mergedFileName } from '../../src/names.js';
import { TableCommitter } from '../../src/tables/commit.js';
import { JobNotes } from '../../src/tables/job-notes.js';
import { RetiredFiles } from '../../src/tables/retired-files.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { TrustedClock } from '../../src/trusted-clock.js';
import type { Compacted } from '../../src/worker/compact/compact.js';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import { makeCatalog, need } from '../catalog/harness.js';
import { FakeClock } from '../http/fake-clock.js';
import { memoryDisk, memoryPaths, tablesStore } from '../tables/memory.js';

const NODE = '3fa9c1e2';
const DAY_MS = 86_400_000;

type Made = (order: CompactionOrder) => Promise<Compacted>;

class Scene {
  readonly clock = new FakeClock();
  readonly orders: CompactionOrder[] = [];
  /** What the thread does, job by job; then one file of each job. */
  readonly jobs: Made[] = [];
  isQuarantined = false;
  readonly catalog: Catalog;
  readonly store: TableStore;
  readonly compactor: Compactor;
  readonly troubles: MaintenanceTroubles;
  readonly #committer: TableCommitter;

  private constructor(catalog: Catalog, store: TableStore, committer: TableCommitter, { jobNotes, retired }: { jobNotes: JobNotes; retired: RetiredFiles }) {
    this.catalog = catalog;
    this.store = store;
    this.#committer = committer;
    const logger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const use = async <T>(_: Table, work: (each: TableCommitter) => Promise<T>): Promise<T> => work(committer);
    const mustWait = (): boolean => false;
    const { clock } = this;
    this.troubles = new MaintenanceTroubles(clock);
    this.compactor = new Compactor({
      catalog, clock, logger, troubles: this.troubles, node: NODE, store, jobNotes, use, mustWait,
      retiring: new Retiring({ catalog, clock, logger, troubles: this.troubles, store, retired, use, mustWait }),
      settings: { cpuShare: 1, memoryBytesMax: 512 << 20 },
      compact: async (order) => {
        this.orders.push(order);
        return (this.jobs.shift() ?? ((each: CompactionOrder) => this.make(each, [[0, 1]])))(order);
      },
      freeBytes: async () => Infinity,
      hasOtherRows: () => this.isQuarantined,
      firstUnflushed: () => Infinity,
    });
  }

  static async begin(): Promise<Scene> {
    const { catalog } = makeCatalog();
    const { id } = await catalog.ensureDatabase('db', {});
    await catalog.decide(id, [need('cpu', 'load')]);
    const disk = await memoryDisk();
    const store = tablesStore(disk, memoryPaths, 's');
    const [{ folder, id: tableId }] = catalog.tables() as [Table];
    const committer = await TableCommitter.open({
      store, node: NODE, folder, identity: { tableId, measurement: 'cpu', database: 'db' }, committedTo: 0, seqMax: () => Number.MAX_SAFE_INTEGER,
      readCheckpoint: () => assert.fail('there is none'),
    });
    const [clock, report] = [new FakeClock(), (sentence: string): void => assert.fail(sentence)];
    const trustedClock = await TrustedClock.open({ disk, clock, path: memoryPaths.clock, report });
    const retired = await RetiredFiles.open({ disk, clock, trustedClock, folder: memoryPaths.retired, report });
    const jobNotes = await JobNotes.open(disk, memoryPaths.jobs, () => true);
    return new Scene(catalog, store, committer, { jobNotes, retired });
  }

  get table(): Table {
    return this.catalog.tables()[0]!;
  }

  /** Times in days before now. Contents name the file, so that one that is written over shows. */
  async #file(name: string, [fromDays, toDays]: readonly [number, number], text: string): Promise<FlushedFile> {
    const path = `${this.table.folder}/${name}`;
    const writer = await this.store.put(path);
    await writer.write(Buffer.from(text));
    await writer.publish();
    const time = (days: number): Record<string, string> => ({ time: JSON.stringify(new Date(1_690_000_000_000 + days * DAY_MS).toISOString()) });
    return { path, bytes: text.length, rows: 2, statistics: { numRecords: 2, minValues: time(fromDays), maxValues: time(toDays), nullCount: {} } };
  }

  async flush(seq: number, days: readonly [number, number]): Promise<void> {
    const files = [await this.#file(dataFileName(NODE, seq, 0), days, `of flush ${seq}`)];
    // Longer ago than files that days share wait.
    await this.#committer.commit({ columns: this.table.columns, files, seq, timeMs: this.clock.nowMs() - 2 * DAY_MS });
  }

  /** Publishes files of these times, as the thread does. */
  async make({ numberFirst, files }: CompactionOrder, times: readonly (readonly [number, number])[]): Promise<Compacted> {
    const made = [];
    for (const [at, days] of times.entries()) {
      const name = mergedFileName(NODE, 20, numberFirst + at);
      made.push({ ...(await this.#file(name, days, `of job ${this.orders.length}, file ${at}`)), hasPointsOnce: true, endMs: Infinity });
    }
    return { files: made, rowsRead: files.length * 2, rows: made.length * 2, combined: 0, deleted: 0 };
  }

  /** What the live files have in them. */
  async live(): Promise<string[]> {
    const texts = (await this.#committer.liveFiles()).map(async ({ path }) => (await this.store.get(`${this.table.folder}/${path}`))?.toString() ?? 'gone');
    return Promise.all(texts);
  }

  async onDisk(): Promise<string[]> {
    return (await this.store.list(this.table.folder)).filter((name) => name.endsWith('.parquet'));
  }
}

test('[issue 14 3] no file is written over that another job made, also while the clock stands still or was set back', async () => {
  for (const backMs of [0, DAY_MS]) {
    const scene = await Scene.begin();
    await scene.flush(10, [0, 30]);
    await scene.flush(20, [10, 40]);
    // The first job makes more files than it read; the first two of them are to be one.
    scene.jobs.push((order) => scene.make(order, [[0, 0.2], [0.1, 0.3], [90, 90.1], [190, 190.1], [400, 400.1], [800, 800.1]]), (order) => {
      scene.clock.jump(-backMs);
      return scene.make(order, [[0, 0.3]]);
    });
    scene.clock.jump(-backMs);
    assert.deepEqual(await scene.compactor.compactTable(scene.table, false), { jobs: 2, problem: null });
    assert.deepEqual(await scene.live(), [2, 3, 4, 5].map((at) => `of job 1, file ${at}`).concat('of job 2, file 0'));
  }
});

test('[issue 14 3] what a thread that died had published is deleted, and nothing else', async () => {
  const scene = await Scene.begin();
  await scene.flush(10, [0, 30]);
  await scene.flush(20, [10, 40]);
  scene.jobs.push(async (order) => {
    await scene.make(order, [[0, 1], [30, 31]]);
    throw new Error('the thread died');
  });
  assert.deepEqual(await scene.compactor.compactTable(scene.table, false), { jobs: 0, problem: 'the thread died' });
  assert.deepEqual(await scene.onDisk(), [dataFileName(NODE, 10, 0), dataFileName(NODE, 20, 0)]);
  assert.deepEqual(await scene.live(), ['of flush 10', 'of flush 20']);
});

test('[issue 14 3] while rows of a table are in quarantine no versions of its points are combined', async () => {
  const scene = await Scene.begin();
  await scene.flush(10, [0, 0.2]);
  await scene.flush(20, [0.1, 0.3]);
  scene.isQuarantined = true;
  await scene.compactor.compactTable(scene.table, false);
  assert.deepEqual(scene.orders.map(({ beside }) => beside), [[{ firstMs: -Infinity, lastMs: Infinity }]]);
});

test('[issue 14 3] a stop waits for the commit of a job that a command asked for, and the command hears that not all was done', async () => {
  const scene = await Scene.begin();
  await scene.flush(10, [0, 0.2]);
  await scene.flush(20, [0.1, 0.3]);
  let stopped: Promise<void> | undefined;
  scene.jobs.push((order) => {
    stopped = scene.compactor.stop(() => Promise.resolve()).finally(() => ended.push('stop'));
    return scene.make(order, [[0, 0.3]]);
  });
  const ended: string[] = [];
  const asked = scene.compactor.compactTable(scene.table, false).finally(() => ended.push('job'));
  while (stopped === undefined) await new Promise(setImmediate);
  await stopped;
  assert.deepEqual(ended, ['job', 'stop']);
  assert.deepEqual(await scene.live(), ['of job 1, file 0']);
  assert.deepEqual(await asked, { jobs: 1, problem: 'the server is being stopped' });
  assert.deepEqual(await scene.compactor.compactTable(scene.table, false), { jobs: 0, problem: 'the server is being stopped' });
});
