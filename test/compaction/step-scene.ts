/** A table on a disk in memory whose files are real, what a server does to them, and its death before any operation of the disk. */
import assert from 'node:assert/strict';
import type { Catalog, Table } from '../../src/catalog/catalog.js';
import type { CompactionOrder } from '../../src/compaction/compaction-thread.js';
import { Compactor } from '../../src/compaction/compactor.js';
import { piecesOf } from '../../src/compaction/pieces.js';
import { Retiring } from '../../src/flush/retiring.js';
import type { Logger } from '../../src/logging.js';
import { MaintenanceTroubles } from '../../src/maintenance-troubles.js';
import { dataFileName } from '../../src/names.js';
import { Cleanup } from '../../src/tables/cleanup.js';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import { JobNotes } from '../../src/tables/job-notes.js';
import { RetiredFiles } from '../../src/tables/retired-files.js';
import type { RowQuarantine } from '../../src/tables/row-quarantine.js';
import type { RangeStore } from '../../src/tables/table-store.js';
import { TakeUp } from '../../src/tables/take-up.js';
import { TrustedClock } from '../../src/trusted-clock.js';
import { compactFiles, type Compacted } from '../../src/worker/compact/compact.js';
import { writeParquetFile } from '../../src/worker/flush/parquet-file.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import type { MemoryDisk, Operation } from '../fault/memory-disk.js';
import { FakeClock } from '../http/fake-clock.js';
import { memoryDisk, memoryPaths, tablesStore } from '../tables/memory.js';
import { moduleOf } from '../worker/builds.js';
import { textsByHyparquet } from '../worker/flushed-file.js';
import { ParsedTables } from '../worker/parsed-tables.js';

const NODE = '3fa9c1e2';
const HOUR_MS = 3_600_000;
/** They leave nothing else on the disk. */
const READS: ReadonlySet<Operation> = new Set(['read', 'list', 'exists', 'size', 'close']);
/** Bodies of points of two years, written again with other fields: the first job divides them, the next ones merge what they share. */
const BODIES = [
  ['cpu,host=a f=1,n=1i 1546300800000000000', 'cpu,host=b f=2 1577836800000000001', 'cpu,host=a s="x" 1577836800000000002'],
  ['cpu,host=a f=3 1546300800000000000', 'cpu,host=b n=4i 1577836800000000001'],
  ['cpu,host=a s="y" 1546300800000000000', 'cpu,host=c f=5 1577836800000000003'],
];

export class StepScene {
  readonly disk: MemoryDisk;
  readonly sentences: string[] = [];
  readonly clock = new FakeClock();
  readonly store: RangeStore;
  readonly #table: Table;
  #retiring!: Retiring;
  #takeUp!: TakeUp;
  #cleanup!: Cleanup;
  #compactor!: Compactor;

  private constructor(disk: MemoryDisk, table: Table, start: string) {
    this.disk = disk;
    this.#table = table;
    this.store = tablesStore(disk, memoryPaths, start);
  }

  /** A table with a flush a body. */
  static async begin(): Promise<StepScene> {
    const parser = new WasmParser(moduleOf('simd'));
    const parsed = new ParsedTables(parser);
    const spans = BODIES.map((lines) => parsed.add(Buffer.from(lines.join('\n')))[0]!);
    const definition = parsed.tables.get('cpu')!;
    const table = { ...definition, folder: 'db/cpu', databaseName: 'db', committedTo: 0 } satisfies Table;
    const scene = new StepScene(await memoryDisk(), table, 'first');
    const committer = await TableCommitter.open(scene.#optionsOf());
    for (const [at, { rowEnd, rowFirst }] of spans.entries()) {
      const seq = 10 * (at + 1);
      const path = `${table.folder}/${dataFileName(NODE, seq, 0)}`;
      const file = await writeParquetFile(parser, scene.store, { tableId: table.id, seq, path, columns: table.columns }, () => [{ rowFirst, rowEnd, seq }]);
      // Longer ago than files that days share wait.
      await committer.commit({ columns: table.columns, files: [file!], seq, timeMs: scene.clock.nowMs() - 48 * HOUR_MS });
    }
    await scene.#open();
    return scene;
  }

  /** As a server starts on what a crash left. */
  async startOn(disk: MemoryDisk): Promise<StepScene> {
    const scene = new StepScene(disk, this.#table, 'next');
    await scene.#open();
    for (const table of scene.#takeUp.tables()) await scene.#committer(table);
    return scene;
  }

  async #open(): Promise<void> {
    const { clock, disk, sentences, store } = this;
    const table = this.#table;
    const report = (sentence: string): void => void sentences.push(sentence);
    const logger: Logger = { debug: () => undefined, info: () => undefined, warn: report, error: report };
    const catalog = { tables: () => [table], table: () => table, tombstones: () => [] } as unknown as Catalog;
    const quarantine = { lots: () => [], add: () => assert.fail('nothing is for quarantine') } as unknown as RowQuarantine;
    const use = async <T>(each: Table, work: (committer: TableCommitter) => Promise<T>): Promise<T> => work(await this.#committer(each));
    const mustWait = (): boolean => false;
    const jobNotes = await JobNotes.open(disk, memoryPaths.jobs, () => true);
    const trustedClock = await TrustedClock.open({ disk, clock, path: memoryPaths.clock, report });
    const troubles = new MaintenanceTroubles(clock);
    const retired = await RetiredFiles.open({ disk, clock, trustedClock, folder: memoryPaths.retired, report });
    const retiring = (this.#retiring = new Retiring({ catalog, clock, logger, troubles, store, retired, use, mustWait }));
    const cleanup = (this.#cleanup = new Cleanup({ disk, paths: memoryPaths, store, clock, logger, node: NODE }));
    this.#takeUp = new TakeUp({
      catalog, cleanup, clock, quarantine, jobNotes, report, isLogWhole: true, lastInLog: new Map(), startSeq: 1000, optionsOf: () => this.#optionsOf(),
    });
    this.#compactor = new Compactor({
      catalog, clock, logger, troubles, node: NODE, store, retiring, jobNotes, use, mustWait,
      settings: { cpuShare: 1, memoryBytesMax: 256 << 20 }, freeBytes: async () => Infinity, hasOtherRows: () => false, firstUnflushed: () => Infinity,
      compact: (order) => this.#do(order),
    });
  }

  /** As the thread does it. */
  #do({ bytesMax, rowsMax, ...order }: CompactionOrder): Promise<Compacted> {
    return compactFiles(new WasmParser(moduleOf('simd')), this.store, { ...order, limits: { rowsMax, bytesMax }, divide: (times) => piecesOf(order, times) });
  }

  #optionsOf(): CommitterOptions {
    const { folder, id: tableId } = this.#table;
    return {
      store: this.store, node: NODE, folder, identity: { tableId, measurement: 'cpu', database: 'db' }, committedTo: 0, seqMax: () => Number.MAX_SAFE_INTEGER,
      readCheckpoint: () => assert.fail('there is none'),
    };
  }

  async #committer(table: Table): Promise<TableCommitter> {
    const committer = await TableCommitter.open(this.#optionsOf());
    await this.#takeUp.clear(table, committer);
    return committer;
  }

  /** Does all that is due. @returns the number of jobs */
  async compact(): Promise<number> {
    const { jobs, problem } = await this.#compactor.compactTable(this.#table, false);
    assert.equal(problem, null);
    return jobs;
  }

  /** Compacts, and is dead before the `n`-th operation that changes the disk; null: it has not so many. */
  async dieBefore(n: number): Promise<{ readonly at: string } | null> {
    let operations = 0;
    const died = new Promise<{ at: string }>((resolve) => {
      this.disk.before = (operation, path) => {
        if (READS.has(operation)) return;
        operations += 1;
        if (operations < n) return;
        resolve({ at: `${operation} of ${path}` });
        return new Promise<never>(() => undefined);
      };
    });
    const end = await Promise.race([died, this.compact().then(() => null)]);
    if (end === null) this.disk.before = undefined;
    return end;
  }

  async #live(): Promise<string[]> {
    return (await (await TableCommitter.open(this.#optionsOf())).liveFiles()).map(({ path }) => path);
  }

  /** All rows of the live files. */
  async rows(): Promise<string[]> {
    const texts = (await this.#live()).map(async (path) => textsByHyparquet((await this.store.get(`${this.#table.folder}/${path}`))!, this.#table.columns));
    return (await Promise.all(texts)).flat().sort();
  }

  async #dataFiles(): Promise<string[]> {
    return (await this.store.list(this.#table.folder)).filter((name) => name.endsWith('.parquet'));
  }

  /** Lets the hours go by in which what is not needed any more may be read. @returns what is left besides the live files */
  async left(): Promise<string[]> {
    for (let minutes = 0; minutes < 3; minutes += 1) {
      this.clock.advance(HOUR_MS);
      await this.#retiring.tick();
      await this.#cleanup.emptyTrash();
    }
    const live = new Set(await this.#live());
    const folders = [memoryPaths.trash, memoryPaths.retired, memoryPaths.jobs];
    return [...(await this.#dataFiles()).filter((name) => !live.has(name)), ...(await Promise.all(folders.map((folder) => this.disk.list(folder)))).flat()];
  }
}
