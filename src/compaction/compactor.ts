/** Keeps the files of tables few: one job after another, in a thread of its own. DESIGN.md, section 16. */
import { atMost } from '../in-turn.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.js';
import type { Retiring } from '../flush/retiring.js';
import { parseDataFileName, parseMergedFileName } from '../names.js';
import { CommitUncertain, type TableCommitter } from '../tables/commit.js';
import { BEFORE_TAG, MERGED_TAG, MERGED_TAG_VALUES, type AddedFile } from '../tables/delta/actions.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import { fieldsOf, isAppendOnly } from '../tables/delta/table-state.js';
import type { JobNotes } from '../tables/job-notes.js';
import { FilesGone } from '../tables/replacement.js';
import type { TableStore } from '../tables/table-store.js';
import type { Compacted, CompactedFile } from '../worker/compact/compact.js';
import { windowOfBoth } from './calendar.js';
import { DAMAGED_FILE, NO_ROOM, type CompactionOrder } from './compaction-thread.js';
import { eager, limitsFor, type MaintenanceSettings } from './limits.js';
import { NewFiles } from './new-files.js';
import { nextJob, type Job, type PlannedFile, type PlanLimits } from './plan.js';
import { TableTurns } from './table-turns.js';

interface CompactorParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
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
}

/** What became of a table. */
interface Outcome {
  readonly jobs: number;
  /** Why it was no more; null: nothing more is due. */
  readonly problem: string | null;
}

export class Compactor {
  readonly #parts: CompactorParts;
  readonly #turns: TableTurns;
  /** By table, files that are left as they are: damaged, or too large. */
  readonly #left = new Map<number, Set<string>>();
  /** By table, the share of the memory that its jobs are planned for, where all of it was not enough. */
  readonly #shares = new Map<number, number>();
  /** Jobs run one after another. */
  readonly #inTurn = atMost(1);
  #turn: Promise<void> | null = null;
  #at: number | null = null;
  readonly #newFiles: NewFiles;
  #stopped = false;
  readonly #counts = { jobs: 0, filesRead: 0, filesWritten: 0, rowsRead: 0, bytesRead: 0, bytesWritten: 0, failures: 0 };

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#turns = new TableTurns(parts.clock);
    this.#newFiles = new NewFiles(parts);
  }

  get counts(): CompactionCounts {
    return this.#counts;
  }

  /** Files of a table were flushed. */
  noteFlushed(tableId: number, files: number): void {
    this.#turns.noteFlushed(tableId, files);
  }

  /** Whether files may be written into the folder of a table, also after it was dropped. */
  isAt(tableId: number): boolean {
    return this.#at === tableId;
  }

  forget(tableIds: readonly number[]): void {
    for (const tableId of tableIds) {
      this.#turns.forget(tableId);
      this.#left.delete(tableId);
      this.#shares.delete(tableId);
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
    const { catalog, logger } = this.#parts;
    let jobs = 0;
    try {
      while (!this.#stopped && (await this.#compactOnce(table, isEager))) jobs += 1;
      this.#turns.noteLooked(table.id);
      return { jobs, problem: this.#stopped ? STOPPED : null };
    } catch (error) {
      if (this.#stopped) return { jobs, problem: STOPPED };
      if (catalog.table(table.id) === undefined) return { jobs, problem: null };
      this.#counts.failures += 1;
      this.#turns.noteFailed(table.id);
      logger.warn(`table ${table.folder} keeps its files for another hour, for they could not be put together: ${(error as Error).message}`);
      return { jobs, problem: (error as Error).message };
    }
  }

  #compactOnce(table: Table, isEager: boolean): Promise<boolean> {
    const { catalog, clock, settings, use } = this.#parts;
    return use(table, async (committer) => {
      const live = await committer.liveFiles();
      const known = catalog.table(table.id)?.columns;
      if (known === undefined || isAppendOnly(committer.state)) return false;
      // Others are in memory alone: the commit that brings their first values makes them columns of the table.
      const committed = new Set(fieldsOf(committer.state).map(({ name }) => name));
      const { columns: taken } = committer.takenNames(known);
      const columns = known.filter(({ id, name }) => committed.has(name) && !taken.has(id));
      const limits = limitsFor(settings, columns, this.#shares.get(table.id) ?? 1);
      const planned = this.#planned(table, live);
      const job = nextJob(planned.files, clock.nowMs(), isEager ? eager(limits) : limits);
      if (job === null) return false;
      await committer.check(columns);
      await this.#assertRoom(job);
      const others = [...planned.others.map(({ span }) => span ?? EVERY_TIME), ...(this.#parts.hasOtherRows(table) ? [EVERY_TIME] : [])];
      return this.#do({ ...table, columns }, committer, { job, limits, others });
    });
  }

  async #do(table: Table, committer: TableCommitter, { job, limits, others }: { job: Job; limits: PlanLimits; others: CompactionOrder['beside'] }): Promise<boolean> {
    const { clock, compact, retiring } = this.#parts;
    this.#at = table.id;
    try {
      const note = await this.#newFiles.begin(table);
      const compacted = await compact({ ...this.#orderOf(table, job, limits, others), numberFirst: note.numberFirst }).catch(async (error: Error) => {
        await this.#newFiles.clear(table, note);
        return this.#without(table, job, error);
      });
      if (compacted === null) return true;
      this.#newFiles.took(compacted.files.length);
      const { combined, files } = compacted;
      const adds = files.map(tagged);
      const removes = job.files.map(({ path }) => path);
      try {
        // A row that got a field of another is new to whoever reads changes.
        await retiring.replace(table, committer, { adds, removes, dataChange: combined > 0, operation: 'OPTIMIZE', timeMs: clock.nowMs() });
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

  /** What can be planned with, and what is only in the way: files of others, and those that could not be read. */
  #planned(table: Table, live: readonly LiveFile[]): { files: PlannedFile[]; others: LiveFile[] } {
    const left = this.#left.get(table.id);
    const files: PlannedFile[] = [];
    const others: LiveFile[] = [];
    for (const file of live) {
      const { addedMs, bytes, isMerged, path, rows, span } = file;
      if (span === null || rows === null || left?.has(path) || (parseDataFileName(path) ?? parseMergedFileName(path)) === null) others.push(file);
      else files.push({ path, bytes, rows, firstMs: span.firstMs, lastMs: span.beforeMs === undefined ? span.lastMs : span.beforeMs - 1, addedMs, isMerged });
    }
    return { files, others };
  }

  #orderOf({ columns, folder, id }: Table, { beside, files, isOneFile, untilMs }: Job, limits: PlanLimits, others: CompactionOrder['beside']): Omit<CompactionOrder, 'numberFirst'> {
    const { clock, node, settings } = this.#parts;
    const [rows, bytes] = [sum(files, (file) => file.rows), sum(files, (file) => file.bytes)];
    const [firstMs, lastMs] = [Math.min(...files.map((file) => file.firstMs)), Math.max(...files.map((file) => file.lastMs))];
    const fitsADay = untilMs === null && rows <= limits.rowsMax && bytes <= limits.bytesMax && windowOfBoth(firstMs, lastMs)?.grain === 'day';
    return {
      tableId: id, folder, columns, node,
      files: files.toSorted((a, b) => seqOf(a.path) - seqOf(b.path)).map(({ path, bytes: fileBytes }) => ({ path: `${folder}/${path}`, bytes: fileBytes })),
      cut: isOneFile || fitsADay ? null : { untilMs, rowBytes: bytes / rows, nowMs: clock.nowMs(), limits },
      beside: [...beside, ...others].map(({ firstMs: from, lastMs: last }) => ({ firstMs: from, lastMs: last })),
      rowsMax: limits.rowsMax, bytesMax: limits.bytesMax, memoryBytesMax: settings.memoryBytesMax, cpuShare: settings.cpuShare || 1,
    };
  }

  /** What was no job: it is planned anew, for less memory or without a file that cannot be read. @throws any other error */
  #without(table: Table, { files }: Job, error: Error): null {
    const share = (this.#shares.get(table.id) ?? 1) / 2;
    if (error.cause === NO_ROOM && files.length > 2 && share >= SHARE_MIN) {
      this.#shares.set(table.id, share);
      return null;
    }
    const left = this.#left.get(table.id) ?? new Set();
    const path = error.cause === NO_ROOM
      ? files.reduce((a, b) => (b.bytes > a.bytes ? b : a)).path
      : files.find((file) => error.cause === DAMAGED_FILE && error.message.includes(file.path))?.path;
    if (path === undefined || left.has(path)) throw error;
    this.#left.set(table.id, left.add(path));
    this.#parts.logger.warn(`table ${table.folder}: ${path} stays as it is and is put together with no other: ${error.message}`);
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
    this.#counts.bytesRead += sum(files, (file) => file.bytes);
    this.#counts.bytesWritten += sum(compacted.files, (file) => file.bytes);
  }
}

/** Below it a file is too large for the memory, whatever is put together with it. */
const SHARE_MIN = 1 / 16;
/** What its `add` says of a file besides. */
function tagged({ endMs, hasPointsOnce, ...file }: CompactedFile): AddedFile {
  return { ...file, tags: { [MERGED_TAG]: MERGED_TAG_VALUES[hasPointsOnce ? 'points' : 'rows'], ...(Number.isFinite(endMs) ? { [BEFORE_TAG]: String(endMs) } : {}) } };
}

const STOPPED = 'the server is being stopped';
const EVERY_TIME = { firstMs: -Infinity, lastMs: Infinity };

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((all, each) => all + of(each), 0);
}

/** Up to which seq a file has rows, by its name. */
function seqOf(path: string): number {
  return (parseDataFileName(path) ?? parseMergedFileName(path))?.seq ?? 0;
}
