/** Keeps the files of tables few: one job after another, in a thread of its own. DESIGN.md, section 16. */
import { atMost } from '../in-turn.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.js';
import { tableSubject, type MaintenanceTroubles } from '../maintenance-troubles.js';
import type { Retiring } from '../flush/retiring.js';
import { isOwnFile } from '../names.js';
import { CommitUncertain, type TableCommitter } from '../tables/commit.js';
import { BEFORE_TAG, DELETED_TAG, MERGED_TAG, MERGED_TAG_VALUES, type AddedFile } from '../tables/delta/actions.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import { fieldsOf, isAppendOnly } from '../tables/delta/table-state.js';
import type { JobNotes } from '../tables/job-notes.js';
import { FilesGone } from '../tables/replacement.js';
import type { TableStore } from '../tables/table-store.js';
import type { Compacted, CompactedFile } from '../worker/compact/compact.js';
import { isAddedAfter, isOfTable, type Tombstone } from '../model/tombstone.js';
import { windowOfBoth } from './calendar.js';
import type { CompactionOrder } from './compaction-thread.js';
import { nextDeleteJob } from './delete-job.js';
import { eager, limitsFor, type MaintenanceSettings } from './limits.js';
import { LeftFiles } from './left-files.js';
import { NewFiles } from './new-files.js';
import { nextJob, type Job, type PlanLimits } from './plan.js';
import { highest, PendingDeletes } from './pending-deletes.js';
import { plannable, seqOf } from './plannable.js';
import { TableTurns } from './table-turns.js';

interface CompactorParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: MaintenanceTroubles;
  readonly node: string;
  readonly store: TableStore;
  readonly retiring: Retiring;
  readonly jobNotes: JobNotes;
  readonly settings: MaintenanceSettings;
  readonly compact: (order: CompactionOrder) => Promise<Compacted>;
  /** Does something with the committer of a table. */
  readonly use: <T>(table: Table, work: (committer: TableCommitter) => Promise<T>) => Promise<T>;
  /** Whether nothing may be done to the files of a table now. */
  readonly mustWait: (table: Table) => boolean;
  /** Bytes that may be written to the disk. */
  readonly freeBytes: () => Promise<number>;
  /** Whether queries show rows of a table that are in none of its files, with seqs between those of its files: in quarantine. */
  readonly hasOtherRows: (table: Table) => boolean;
  /** The smallest seq of a table that may be in none of its files yet; Infinity: all are. */
  readonly firstUnflushed: (tableId: number) => number;
}

/** Since the start. */
interface CompactionCounts {
  readonly jobs: number;
  readonly filesRead: number;
  readonly filesWritten: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly failures: number;
  /** Rows that deletes took out of files. */
  readonly rowsDeleted: number;
}

/** What became of a table. */
interface Outcome {
  readonly jobs: number;
  /** Why it was no more; null: nothing more is due. */
  readonly problem: string | null;
}

/** A job with what is to be known besides. */
interface Task {
  readonly job: Job;
  readonly limits: PlanLimits;
  /** Times of live files that cannot be read. */
  readonly others: CompactionOrder['beside'];
  readonly deletes: readonly Tombstone[];
  /** The job is for the sake of deletes alone. */
  readonly deletesOnly: boolean;
}

export class Compactor {
  readonly #parts: CompactorParts;
  readonly #turns: TableTurns;
  readonly #left = new LeftFiles();
  /** Jobs run one after another. */
  readonly #inTurn = atMost(1);
  #turn: Promise<void> | null = null;
  #at: number | null = null;
  readonly #newFiles: NewFiles;
  readonly #deletes: PendingDeletes;
  #stopped = false;
  readonly #counts = { jobs: 0, filesRead: 0, filesWritten: 0, rowsRead: 0, bytesRead: 0, bytesWritten: 0, failures: 0, rowsDeleted: 0 };

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#turns = new TableTurns(parts.clock);
    this.#newFiles = new NewFiles(parts);
    this.#deletes = new PendingDeletes(parts);
  }

  get counts(): CompactionCounts {
    return this.#counts;
  }

  /** Files that are left as they are, since the start, by the reason. */
  filesLeft(): ReturnType<LeftFiles['counts']> {
    return this.#left.counts();
  }

  /** Files of a table were flushed. */
  noteFlushed(tableId: number, files: number): void {
    this.#turns.noteFlushed(tableId, files);
    const table = this.#parts.catalog.table(tableId);
    if (table !== undefined && this.#deletes.of(table).length > 0) this.#turns.noteWanted(tableId);
  }

  /** Rows were deleted: the tables that may hold some come first. */
  noteDeletes(tombstones: readonly Tombstone[]): void {
    if (tombstones.length === 0) return;
    for (const table of this.#parts.catalog.tables()) {
      if (tombstones.some((tombstone) => isOfTable(tombstone, table))) this.#turns.noteWanted(table.id);
    }
  }

  /** Whether files may be written into the folder of a table, also after it was dropped. */
  isAt(tableId: number): boolean {
    return this.#at === tableId;
  }

  forget(tableIds: readonly number[]): void {
    for (const tableId of tableIds) {
      this.#turns.forget(tableId);
      this.#left.forget(tableId);
      this.#deletes.forget(tableId);
    }
  }

  /** Sees to the table whose turn it is, when nothing is under way; call it about once a second. Never throws. */
  tick(): Promise<void> {
    const { catalog, mustWait, settings } = this.#parts;
    if (this.#stopped || this.#turn !== null || settings.cpuShare === 0) return Promise.resolve();
    const table = this.#turns.next(catalog.tables(), mustWait);
    if (table === undefined) return Promise.resolve();
    this.#turn = this.compactTable(table, false).then(() => undefined).finally(() => (this.#turn = null));
    return this.#turn;
  }

  /** Nothing begins from here on, and what is under way leaves nothing behind; resolves when it has ended. @param endThread ends it */
  async stop(endThread: () => Promise<void>): Promise<void> {
    this.#stopped = true;
    await endThread();
    // Also behind what a command asked for: a commit may be under way.
    await this.#inTurn(() => Promise.resolve());
    await this.#turn;
  }

  /** Does all that is due for a table. Never throws. @param isEager also what would wait for more */
  compactTable(table: Table, isEager: boolean): Promise<Outcome> {
    return this.#inTurn(() => this.#compactTable(table, isEager));
  }

  async #compactTable(table: Table, isEager: boolean): Promise<Outcome> {
    const { catalog, logger, troubles } = this.#parts;
    let jobs = 0;
    try {
      while (!this.#stopped && (await this.#compactOnce(table, isEager))) jobs += 1;
      this.#turns.noteLooked(table.id);
      if (!this.#stopped) troubles.clear('compaction', tableSubject(table));
      await this.#deletes.end();
      return { jobs, problem: this.#stopped ? STOPPED : null };
    } catch (error) {
      if (this.#stopped) return { jobs, problem: STOPPED };
      if (catalog.table(table.id) === undefined) return { jobs, problem: null };
      this.#counts.failures += 1;
      this.#turns.noteFailed(table.id);
      const problem = (error as Error).message;
      if (troubles.note('compaction', tableSubject(table), problem)) logger.warn(`table ${table.folder} keeps its files for another hour, for they could not be put together: ${problem}`);
      return { jobs, problem };
    }
  }

  #compactOnce(table: Table, isEager: boolean): Promise<boolean> {
    const { catalog, clock, settings, use } = this.#parts;
    return use(table, async (committer) => {
      const firstUnflushed = this.#deletes.firstUnflushed(table.id);
      const deletes = this.#deletes.of(table);
      const live = await committer.liveFiles();
      const known = catalog.table(table.id)?.columns;
      if (known === undefined || isAppendOnly(committer.state)) return false;
      // Others are in memory alone: the commit that brings their first values makes them columns of the table.
      const committed = new Set(fieldsOf(committer.state).map(({ name }) => name));
      const { columns: taken } = committer.takenNames(known);
      const columns = known.filter(({ id, name }) => committed.has(name) && !taken.has(id));
      const limits = limitsFor(settings, columns, this.#left.share(table.id));
      this.#left.keepLive(table.id, live);
      // Rows without a seq, as others write them, get one that every delete takes.
      const isLater = ({ addedMs, path }: LiveFile): boolean => !isOwnFile(path) && deletes.some((each) => isAddedAfter(each, addedMs));
      const planned = plannable(live, committer.state, (file) => this.#left.isLeft(table.id, file.path) || isLater(file));
      const planJob = nextJob(planned.files, clock.nowMs(), isEager ? eager(limits) : limits);
      const job = planJob ?? nextDeleteJob(planned.files, deletes, (path, seq) => this.#deletes.isClean(table.id, path, seq), limits);
      if (job === null) {
        this.#deletes.noteLooked(table, live, firstUnflushed);
        return false;
      }
      await committer.check(() => columns);
      await this.#assertRoom(job);
      const others = [...planned.others.map(({ span }) => span ?? EVERY_TIME), ...(this.#parts.hasOtherRows(table) ? [EVERY_TIME] : [])];
      return this.#do({ ...table, columns }, committer, { job, limits, others, deletes, deletesOnly: planJob === null });
    });
  }

  async #do(table: Table, committer: TableCommitter, task: Task): Promise<boolean> {
    const { deletes, deletesOnly, job, limits, others } = task;
    const { clock, compact, retiring } = this.#parts;
    this.#at = table.id;
    try {
      const note = await this.#newFiles.begin(table);
      const order = { ...this.#orderOf(table, job, { flushedTo: committer.state.flushedTo, limits, others }), deletes, deletesOnly, numberFirst: note.numberFirst };
      const compacted = await compact(order).catch(async (error: Error) => {
        await this.#newFiles.clear(table, note);
        return this.#without(table, job, error);
      });
      if (compacted === null) return true;
      this.#newFiles.took(compacted.files.length);
      const { combined, deleted, files } = compacted;
      if (deletesOnly && deleted === 0) {
        await this.#newFiles.clear(table, note);
        this.#deletes.noteClean(table.id, job.files.map(({ path }) => path), deletes);
        return true;
      }
      const adds = files.map((file) => tagged(file, highest(deletes)));
      const removes = job.files.map(({ path }) => path);
      try {
        // A row that got a field of another is new to whoever reads changes, and so is that others are gone.
        const what = deleted === 0 ? { operation: 'OPTIMIZE' } : { operation: deletesOnly ? 'DELETE' : 'OPTIMIZE', operationMetrics: { numDeletedRows: String(deleted) } };
        await retiring.replace(table, committer, { adds, removes, dataChange: combined + deleted > 0, ...what, timeMs: clock.nowMs() });
      } catch (error) {
        // What may stand keeps its note: the next start looks.
        if (!(error instanceof CommitUncertain)) await this.#newFiles.clear(table, note);
        if (error instanceof FilesGone) return true; // another writer was faster: planned anew
        throw error;
      }
      await this.#newFiles.committed(note);
      this.#count(job, compacted);
      return true;
    } finally {
      this.#at = null;
    }
  }

  /** @param flushedTo the seq up to which rows of the table are in files */
  #orderOf(
    { columns, folder, id }: Table, { beside, files, isOneFile, untilMs }: Job, { flushedTo, limits, others }: { flushedTo: number; limits: PlanLimits; others: CompactionOrder['beside'] },
  ): Omit<CompactionOrder, 'numberFirst' | 'deletes' | 'deletesOnly'> {
    const { clock, node, settings } = this.#parts;
    const [rows, bytes] = [sum(files, (file) => file.rows), sum(files, (file) => file.bytes)];
    const [firstMs, lastMs] = [Math.min(...files.map((file) => file.firstMs)), Math.max(...files.map((file) => file.lastMs))];
    const fitsADay = untilMs === null && rows <= limits.rowsMax && bytes <= limits.bytesMax && windowOfBoth(firstMs, lastMs)?.grain === 'day';
    return {
      tableId: id, folder, columns, node,
      files: files.toSorted((a, b) => seqOf(a.path) - seqOf(b.path))
        .map((file) => ({ path: `${folder}/${file.path}`, bytes: file.bytes, ...(isOwnFile(file.path) ? {} : { foreignSeqMax: flushedTo }) })),
      cut: isOneFile || fitsADay ? null : { untilMs, rowBytes: bytes / rows, nowMs: clock.nowMs(), limits },
      beside: [...beside, ...others].map(({ firstMs: from, lastMs: last }) => ({ firstMs: from, lastMs: last })),
      rowsMax: limits.rowsMax, bytesMax: limits.bytesMax, memoryBytesMax: settings.memoryBytesMax, cpuShare: settings.cpuShare || 1,
    };
  }

  /** What was no job: it is planned anew, for less memory or without files that cannot be read. @throws any other error */
  #without({ folder, id }: Table, { files }: Job, error: Error): null {
    const { isNew, said } = this.#left.learn(id, files, error);
    if (!isNew) throw error;
    if (said !== null) this.#parts.logger.warn(`table ${folder}: ${said}`);
    return null;
  }

  async #assertRoom({ files }: Job): Promise<void> {
    const bytes = sum(files, (file) => file.bytes);
    if ((await this.#parts.freeBytes()) < 2 * bytes) throw new Error(`the disk has no room for another ${bytes} bytes besides what is kept for flushing`);
  }

  #count({ files }: Job, compacted: Compacted): void {
    this.#counts.jobs += 1;
    this.#counts.filesRead += files.length;
    this.#counts.filesWritten += compacted.files.length;
    this.#counts.rowsRead += compacted.rowsRead;
    this.#counts.rowsDeleted += compacted.deleted;
    this.#counts.bytesRead += sum(files, (file) => file.bytes);
    this.#counts.bytesWritten += sum(compacted.files, (file) => file.bytes);
  }
}

/** What its `add` says of a file besides. */
function tagged({ endMs, hasPointsOnce, ...file }: CompactedFile, deletedTo: number): AddedFile {
  return {
    ...file,
    tags: {
      [MERGED_TAG]: MERGED_TAG_VALUES[hasPointsOnce ? 'points' : 'rows'], ...(Number.isFinite(endMs) ? { [BEFORE_TAG]: String(endMs) } : {}),
      ...(deletedTo > 0 ? { [DELETED_TAG]: String(deletedTo) } : {}),
    },
  };
}

const STOPPED = 'the server is being stopped';
const EVERY_TIME = { firstMs: -Infinity, lastMs: Infinity };

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((all, each) => all + of(each), 0);
}
