/** Decides when the rows of which table leave the memtables, and what becomes of tables whose rows cannot. */
import { atMost } from '../in-turn.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Slot } from '../ingest/pool.js';
import type { AcceptedBody, FromWorker } from '../worker/protocol.js';
import type { TableCommitter } from '../tables/commit.js';
import { TableRefused } from '../tables/delta/table-state.js';
import { Committers } from './committers.js';
import { Drafts, type Draft } from './drafts.js';
import { Mover, type MoverParts } from './mover.js';
import { SetAside } from './set-aside.js';
import { Unflushed } from './unflushed.js';
import { TableViews, type TableView } from './table-views.js';

/** Tables flushed at the same time. */
const FLUSHES_AT_ONCE_MAX = 4;

interface FlusherParts extends MoverParts {
  /** Reads the Delta log of a table. */
  readonly openCommitter: (table: Table) => Promise<TableCommitter>;
  /** Before drafts are written. @throws when there is no room for them */
  readonly checkRoom: () => Promise<void>;
  /** Gives a draft a second name in the folder of a query, which goes with it. @returns its path */
  readonly linkDraft: (path: string, query: string) => Promise<string>;
  /** Linear memory in use by the memtables of all workers. */
  readonly memtableBytes: () => number;
  readonly limits: {
    readonly flushRowsMax: number; readonly logBytesMax: number; readonly logAgeMaxMs: number; readonly memtableBytesMax: number;
    /** Rows of a table that is set aside so long go to quarantine. */
    readonly setAsideAgeMs: number;
    /** What is kept of the Delta logs of all tables. */
    readonly tableStateBytesMax: number;
  };
}

/** All rows of a table that were acknowledged, at one moment. */
export interface TableReading {
  /** Its files; null, and why, when its Delta log cannot be read. */
  readonly view: TableView | null;
  readonly problem: string;
  /** Files with rows that are in the log alone, for one query; those at or below `after` are in the table's own as well. */
  readonly drafts: readonly Draft[];
  readonly after: number;
}

/** A table whose rows did not all go into files. */
export interface FlushFailure {
  readonly table: Table;
  readonly reason: string;
}

export class Flusher {
  readonly #parts: FlusherParts;
  readonly #catalog: Catalog;
  readonly #unflushed: Unflushed;
  readonly #committers: Committers;
  readonly #mover: Mover;
  readonly #views: TableViews;
  readonly #setAside: SetAside;
  readonly #drafts: Drafts;
  /** By table, the flush that was asked for last. */
  readonly #flushing = new Map<number, Promise<void>>();
  /** By table, the flush or the reading that was asked for last: one waits for the one before. */
  readonly #queue = new Map<number, Promise<unknown>>();
  #takingUp: Promise<void> = Promise.resolve();
  #stopped = false;
  #flushes = 0;
  #failures = 0;
  readonly #inTurn = atMost(FLUSHES_AT_ONCE_MAX);

  constructor(parts: FlusherParts) {
    this.#parts = parts;
    this.#catalog = parts.catalog;
    this.#unflushed = new Unflushed(parts.clock, () => Math.min(parts.log.lastSynced, parts.replayFloor() - 1));
    this.#committers = new Committers(parts.openCommitter, parts.limits.tableStateBytesMax);
    this.#mover = new Mover(parts, this.#committers, this.#unflushed);
    this.#views = new TableViews(this.#committers);
    this.#drafts = new Drafts({
      clock: parts.clock,
      write: async (table, after, seq) => {
        await parts.checkRoom();
        return this.#mover.draft({ table, after, seq, as: this.#setAside.isDeadly(table.id) ? 'json' : 'parquet', folder: String(table.id) });
      },
      remove: (paths) => this.#mover.removeDrafts(paths),
    });
    this.#setAside = new SetAside(parts.clock, (tableId, isSetAside) => this.#onSetAside(tableId, isSetAside));
  }

  /** Rows of a frame wait in memtables; those of tables that were dropped or flushed meanwhile have left them. */
  noteRows(rows: AcceptedBody['rows'], seq: number): void {
    for (const [tableId, count] of rows) {
      if ((this.#catalog.table(tableId)?.flushedTo ?? Infinity) >= seq) continue;
      if (this.#unflushed.add(tableId, count, seq).rows >= this.#parts.limits.flushRowsMax && this.#setAside.mayTry(tableId)) this.#start(tableId);
    }
  }

  /** The log failed: rows above a seq are gone. */
  giveUpRows(keptTo: number): void {
    this.#unflushed.giveUp(keptTo);
  }

  /** The end of a table's Delta log could not be read at the start. */
  noteTrouble(tableId: number, error: TableRefused): void {
    this.#setAside.noteFailure(tableId, error);
  }

  /** Reads the Delta logs of tables one after another, so that what is wrong with them is known before their next flush. */
  takeUp(tables: readonly Table[]): Promise<void> {
    this.#takingUp = this.#takeUp(tables);
    return this.#takingUp;
  }

  async #takeUp(tables: readonly Table[]): Promise<void> {
    for (const table of tables) {
      if (this.#stopped) return;
      await this.#check(table).catch((error: Error) => {
        if (error instanceof TableRefused) this.#noteNews(table, error);
        else if (!this.#stopped) this.#parts.logger.warn(`table ${table.folder} could not be looked at and will be at its next flush: ${error.message}`);
      });
    }
  }

  /** Who only looks, however often, puts off no try. */
  #noteNews({ id }: Table, error: TableRefused): void {
    if (this.#catalog.table(id) !== undefined && !this.#setAside.has(id)) this.#setAside.noteFailure(id, error);
  }

  forgetTables(tableIds: readonly number[]): void {
    for (const tableId of tableIds) {
      for (const each of [this.#unflushed, this.#committers, this.#mover, this.#views, this.#setAside, this.#drafts]) each.forget(tableId);
    }
  }

  /** Sentences for /health: tables that are set aside, and those with damaged files. */
  problems(): string[] {
    const troubled = new Set([...this.#setAside.tables(), ...this.#views.troubled()]);
    return [...troubled].flatMap((tableId) => this.#catalog.table(tableId) ?? []).flatMap((table) => this.problemsOf(table));
  }

  /** The same of one table, as far as is known. */
  problemsOf(table: Table): string[] {
    const damaged = this.#views.sentence(table);
    return [...(this.#setAside.has(table.id) ? [this.#sentence(table)] : []), ...(damaged === null ? [] : [damaged])];
  }

  /** The tables whose lines workers refuse. */
  setAsideTables(): number[] {
    return this.#setAside.tables();
  }

  /** A table as of its newest commit. @throws why its Delta log cannot be read: then it is set aside */
  async look(table: Table): Promise<TableView> {
    try {
      return await this.#views.look(table);
    } catch (error) {
      if (error instanceof TableRefused) this.#noteNews(table, error);
      throw error;
    }
  }

  /** Does something else with the committer of a table. @throws what `work` throws: then its log is read anew at the next use */
  async use<T>(table: Table, work: (committer: TableCommitter) => Promise<T>): Promise<T> {
    try {
      return await this.#committers.use(table, work);
    } catch (error) {
      this.#committers.forget(table.id);
      throw error;
    }
  }

  /**
   * All rows of a table that are on disk now, those in the log alone as well, which stay there: between its flushes, so that
   * each row is in the files of one side.
   * @param query names the folder of whoever reads
   * @throws why rows in the log alone cannot be shown
   */
  read(tableId: number, query: string): Promise<TableReading> {
    return this.#inOrder(tableId, () => this.#read(tableId, query));
  }

  async #read(tableId: number, query: string): Promise<TableReading> {
    const { linkDraft, log, replayFloor } = this.#parts;
    const table = this.#catalog.table(tableId);
    if (table === undefined) throw new Error('it was dropped');
    const unflushed = this.#unflushed.of(tableId);
    if (unflushed !== undefined && replayFloor() <= log.lastSynced) throw new Error('rows are being read back from the log');
    const link = (drafts: readonly Draft[]): Promise<Draft[]> => Promise.all(drafts.map(async ({ path, span }) => ({ path: await linkDraft(path, query), span })));
    const drafts = unflushed === undefined ? [] : await this.#drafts.of(table, log.lastSynced, unflushed.last, link);
    const seen = await this.look(table).then((view) => ({ view, problem: '' }), (error: Error) => ({ view: null, problem: error.message }));
    // A commit of which it was not known whether it stands may have taken rows into files.
    return { ...seen, drafts, after: Math.max(table.flushedTo, seen.view?.flushedTo ?? 0) };
  }

  /** Flushes what the limits ask for, and sees to the tables that are set aside; call it about once a second. */
  tick(): void {
    for (const tableId of this.#due()) this.#start(tableId);
    for (const tableId of this.#setAside.tables()) {
      if (this.#setAside.mayTry(tableId)) this.#start(tableId);
      else if (this.#mustLeave(tableId)) this.#start(tableId, (table) => this.#toQuarantine(table));
    }
  }

  /** Since the start; failures are of flushes, which are tried again. */
  get counts(): { readonly flushes: number; readonly files: number; readonly commits: number; readonly failures: number; readonly quarantinedRows: number } {
    return { flushes: this.#flushes, failures: this.#failures, ...this.#mover.counts };
  }

  /** Rows in the log alone, and the tables that have some. */
  get unflushed(): { readonly rows: number; readonly tables: number } {
    return this.#unflushed.total;
  }

  /** What is kept of the Delta logs of all tables. */
  get tableStateBytes(): number {
    return this.#committers.bytes;
  }

  /** Rows of a table in the log alone. */
  unflushedRows(tableId: number): number {
    return this.#unflushed.of(tableId)?.rows ?? 0;
  }

  /** The smallest seq of a table that may be in none of its files yet; Infinity when all are. */
  firstUnflushedOf(tableId: number): number {
    return this.#unflushed.of(tableId)?.first ?? Infinity;
  }

  /** Whether rows of a table are being moved; of one that was dropped that does not begin again. */
  isFlushing(tableId: number): boolean {
    return this.#flushing.has(tableId);
  }

  /** The smallest seq that may be in no file yet. */
  get firstUnflushed(): number {
    return this.#unflushed.first;
  }

  /** Flushes every row of these tables that is on disk now; returns the tables of which not all went into files, and why. */
  async flush(tableIds: readonly number[]): Promise<FlushFailure[]> {
    const { lastSynced } = this.#parts.log;
    const unflushed = tableIds.filter((tableId) => this.#unflushed.of(tableId) !== undefined);
    const results = await Promise.allSettled(unflushed.map((tableId) => this.#flush(tableId)));
    return results.flatMap((result, at) => {
      const table = this.#catalog.table(unflushed[at]!);
      if (table === undefined) return [];
      if (result.status === 'rejected') return [{ table, reason: (result.reason as Error).message }];
      const isLeft = (this.#unflushed.of(table.id)?.first ?? Infinity) <= lastSynced;
      return isLeft ? [{ table, reason: 'rows are being read back from the log' }] : [];
    });
  }

  /** No commit begins from here on; resolves when those under way have ended, so that the data folder may be let go of. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#mover.stop(), this.#takingUp]);
    await this.#drafts.stop();
  }

  onMessage(slot: Slot, message: FromWorker): void {
    if (message.say !== 'file' && message.say !== 'flush-failed') return;
    if (message.say === 'flush-failed' && message.isFatal) this.#setAside.noteDeath(message.tableId);
    this.#mover.onAnswer(slot, message);
  }

  onDeath(slot: Slot): void {
    this.#mover.onDeath(slot);
  }

  /** Tables over the limits of rows, memory, age or log, those apart that are set aside or failed just now. */
  #due(): Set<number> {
    const { clock, limits, log, replayFloor } = this.#parts;
    const due = new Set<number>();
    const oldestMs = clock.monotonicMs() - limits.logAgeMaxMs;
    const oldestSegment = log.bytes > limits.logBytesMax ? log.segments()[0] : undefined;
    const unflushed = this.#unflushed.tables().filter(([tableId]) => !this.#setAside.has(tableId) && this.#setAside.mayTry(tableId));
    for (const [tableId, { rows, first, sinceMs }] of unflushed) {
      const inOldest = oldestSegment !== undefined && first <= oldestSegment.last;
      if (rows >= limits.flushRowsMax || sinceMs <= oldestMs || inOldest) due.add(tableId);
    }
    if (this.#isMemoryFull()) {
      const floor = replayFloor();
      const byRows = unflushed.filter(([, { first }]) => first < floor).sort((a, b) => b[1].rows - a[1].rows);
      for (const [tableId] of byRows.slice(0, Math.ceil(byRows.length / 4))) due.add(tableId);
    }
    return due;
  }

  #isMemoryFull(): boolean {
    return this.#parts.memtableBytes() > this.#parts.limits.memtableBytesMax;
  }

  /** Whether the rows of a table set aside must go elsewhere: their time is over, or others need the room. */
  #mustLeave(tableId: number): boolean {
    const { limits, log } = this.#parts;
    if (this.#unflushed.of(tableId) === undefined) return false;
    const othersWait = this.#isMemoryFull() || log.bytes > limits.logBytesMax;
    return this.#setAside.mayLeave(tableId, othersWait ? 0 : limits.setAsideAgeMs);
  }

  #start(tableId: number, work?: (table: Table) => Promise<void>): void {
    if (this.#flushing.has(tableId)) return;
    this.#flush(tableId, work).catch((error: Error) => {
      const what = work === undefined ? 'flushed' : 'brought to quarantine';
      this.#parts.logger.warn(`table ${this.#catalog.table(tableId)?.folder ?? tableId} could not be ${what} and will be tried again: ${error.message}`);
    });
  }

  /** Flushes of a table run one after another; one that waits for others to end holds up nobody who reads. */
  #flush(tableId: number, work: (table: Table) => Promise<void> = (table) => this.#toFiles(table)): Promise<void> {
    const flush = this.#inTurn(() => this.#inOrder(tableId, () => this.#work(tableId, work))).finally(() => {
      if (this.#flushing.get(tableId) === flush) this.#flushing.delete(tableId);
    });
    this.#flushing.set(tableId, flush);
    return flush;
  }

  /** Behind all that was asked for of the same table. */
  #inOrder<T>(tableId: number, work: () => Promise<T>): Promise<T> {
    const before = this.#queue.get(tableId)?.catch(() => undefined);
    const done = Promise.resolve(before).then(work).finally(() => {
      if (this.#queue.get(tableId) === done) this.#queue.delete(tableId);
    });
    this.#queue.set(tableId, done);
    return done;
  }

  async #work(tableId: number, work: (table: Table) => Promise<void>): Promise<void> {
    try {
      const table = this.#catalog.table(tableId);
      if (table !== undefined) await work(table);
    } catch (error) {
      this.#failures += 1;
      if (this.#catalog.table(tableId) !== undefined) this.#setAside.noteFailure(tableId, error as Error);
      throw error;
    }
  }

  /** One that is set aside is looked at first: it is well again when it can be written. */
  async #toFiles(table: Table): Promise<void> {
    if (this.#setAside.isDeadly(table.id)) throw new Error(this.#setAside.reason(table.id));
    if (this.#setAside.has(table.id)) await this.#check(table);
    if (this.#unflushed.of(table.id) !== undefined && (await this.#mover.intoFiles(table))) {
      this.#flushes += 1;
      this.#setAside.noteFlushed();
    }
    this.#setAside.clear(table.id);
  }

  async #check(table: Table): Promise<void> {
    await this.use(table, (committer) => committer.check(() => this.#catalog.table(table.id)?.columns ?? table.columns));
  }

  async #toQuarantine(table: Table): Promise<void> {
    const reason = this.#setAside.reason(table.id);
    this.#setAside.noteLeaving(table.id);
    const rows = await this.#mover.intoQuarantine(table, reason, this.#setAside.isDeadly(table.id) ? 'json' : 'parquet');
    if (rows > 0) this.#parts.logger.error(`${rows} rows of table ${table.folder} went to quarantine/tables/${table.folder}: ${reason}`);
  }

  #onSetAside(tableId: number, isSetAside: boolean): void {
    const table = this.#catalog.table(tableId);
    if (table === undefined) return;
    this.#parts.pool.tellAll({ say: 'set-aside', tableIds: [tableId], isSetAside });
    if (isSetAside) this.#parts.logger.error(this.#sentence(table));
    else this.#parts.logger.info(`table ${table.folder} can be written again: its lines are taken`);
  }

  #sentence({ folder, id }: Table): string {
    const rows = this.unflushedRows(id);
    return `table ${folder} is set aside, its new lines are rejected and ${rows} acknowledged rows wait in the log: ${this.#setAside.reason(id)}`;
  }
}
