/** Moves the rows of one table out of the memtables: into files of the table by one commit, or into quarantine. */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Pool, Slot } from '../ingest/pool.js';
import type { Log } from '../log/log.js';
import type { Logger } from '../logging.js';
import { CommitUncertain, NamesTaken, type TableCommitter } from '../tables/commit.js';
import type { TakenNames } from '../tables/delta/schema-string.js';
import { TableRefused } from '../tables/delta/table-state.js';
import type { RowQuarantine } from '../tables/row-quarantine.js';
import type { TableStore } from '../tables/table-store.js';
import type { FlushedFile } from '../model/flushed-file.js';
import type { FlushOrder } from '../worker/protocol.js';
import type { Committers } from './committers.js';
import { FlushBatches, type BatchOrder, type FlushAnswer } from './flush-batches.js';
import type { Unflushed } from './unflushed.js';

/** Columns of others that come into the way of one flush, one after another. */
const RENAMES_MAX = 5;

export interface MoverParts {
  readonly catalog: Catalog;
  readonly log: Log;
  readonly pool: Pool;
  readonly stores: Readonly<Record<FlushOrder['into'], TableStore>>;
  readonly quarantine: RowQuarantine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: string;
  /** Puts the catalog on disk: what it says of `flushedTo` lasts then. */
  readonly publishCatalog: () => Promise<void>;
  /** Files are part of a table by a commit that stands. */
  readonly onCommitted: (tableId: number, files: readonly FlushedFile[]) => void;
  /** R: no table is flushed at or above it. */
  readonly replayFloor: () => number;
}

/** What can leave the memtables. */
interface Movable {
  readonly table: Table;
  readonly seq: number;
}

export class Mover {
  readonly #parts: MoverParts;
  readonly #committers: Committers;
  readonly #unflushed: Unflushed;
  readonly #batches: FlushBatches;
  /** By table, the seq of a commit of this life that may stand or not. */
  readonly #uncertain = new Map<number, number>();
  /** What must end before the data folder is let go of. */
  readonly #underWay = new Set<Promise<unknown>>();
  #stopped = false;
  /** Since the start. */
  readonly counts = { files: 0, commits: 0, quarantinedRows: 0 };

  constructor(parts: MoverParts, committers: Committers, unflushed: Unflushed) {
    this.#parts = parts;
    this.#committers = committers;
    this.#unflushed = unflushed;
    this.#batches = new FlushBatches({ pool: parts.pool, node: parts.node, deleteFiles: (into, files) => this.#deleteFiles(into, files) });
  }

  onAnswer(slot: Slot, answer: FlushAnswer): void {
    this.#batches.onAnswer(slot, answer);
  }

  onDeath(slot: Slot): void {
    this.#batches.onDeath(slot);
  }

  forget(tableId: number): void {
    this.#uncertain.delete(tableId);
  }

  /** Nothing begins from here on; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Rows that are on disk and below R into files of their table. @returns whether there were any @throws why not: they are where they were */
  intoFiles(known: Table): Promise<boolean> {
    return this.#committers.use(known, (committer) => this.#intoFiles(known, committer));
  }

  async #intoFiles(known: Table, committer: TableCommitter): Promise<boolean> {
    try {
      for (let renames = 0; ; renames += 1) {
        const end = await this.#oneBatch(known, committer).catch((error: Error) => error);
        if (!(end instanceof Error)) return end;
        // A column of others came while the files were written.
        if (!(end instanceof NamesTaken) || renames === RENAMES_MAX) throw end;
      }
    } catch (error) {
      this.#committers.forget(known.id);
      throw error;
    }
  }

  async #oneBatch(known: Table, committer: TableCommitter): Promise<boolean> {
    const taken = committer.takenNames(this.#parts.catalog.table(known.id)?.columns ?? []);
    if (taken.columns.size > 0) await this.#giveOtherNames(known.id, taken);
    // From here to the orders of the batch nothing is awaited: R, the last seq, the columns and the slots are of one moment.
    this.#takeUpEarlierCommit(known, committer);
    const movable = this.#movable(known.id);
    if (movable !== null) await this.#commit(movable, committer);
    return movable !== null;
  }

  /** Columns whose names another writer's have in the table take others, before the first of their values is in a file. */
  async #giveOtherNames(tableId: number, { columns, isTaken }: TakenNames): Promise<void> {
    const { catalog, logger } = this.#parts;
    await this.#awaited(catalog.renameColumns(tableId, columns, isTaken));
    const table = catalog.table(tableId);
    for (const { id, key, name } of table?.columns ?? []) {
      if (columns.has(id)) logger.warn(`table ${table!.folder}: another writer has a column called as ${JSON.stringify(key)}; that of its lines is ${name} in files`);
    }
  }

  /** The same rows into quarantine, so that neither log nor memory is held for them. @param as what the files are @returns how many */
  async intoQuarantine(known: Table, reason: string, as: FlushOrder['as']): Promise<number> {
    const { catalog, clock, publishCatalog, quarantine } = this.#parts;
    const movable = this.#movable(known.id);
    if (movable === null) return 0;
    const { seq, table } = movable;
    const files = await this.#batch(movable, 'quarantine', as);
    if (files === null) return 0;
    const { columns, databaseName: database, folder, measurement } = table;
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const names = files.map(({ path }) => path.slice(folder.length + 1));
    await this.#awaited(quarantine.add({
      database, measurement, folder, seq, columns, files: names, rows, reason, time: new Date(clock.nowMs()).toISOString(),
    }));
    catalog.setQuarantinedTo(table.id, seq);
    await this.#awaited(publishCatalog());
    this.#left(movable, files);
    this.counts.quarantinedRows += rows;
    return rows;
  }

  /** Files of rows that stay where they are. No flush of the table may be under way. @throws why there are none */
  async draft(order: Omit<BatchOrder, 'into'>): Promise<FlushedFile[]> {
    const files = await this.#batches.order({ ...order, into: 'drafts' });
    if (!this.#stopped) return files;
    await this.#deleteFiles('drafts', files);
    throw new Error('flushing has ended');
  }

  removeDrafts(paths: readonly string[]): Promise<void> {
    return this.#deleteFiles('drafts', paths.map((path) => ({ path })));
  }

  /** The table as it is now, and what of its rows can leave the memtables; null for none. */
  #movable(tableId: number): Movable | null {
    const { catalog, log, replayFloor } = this.#parts;
    const table = catalog.table(tableId);
    const unflushed = this.#unflushed.of(tableId);
    const seq = Math.min(log.lastSynced, replayFloor() - 1);
    if (table === undefined || unflushed === undefined || seq < unflushed.first) return null;
    return { table, seq };
  }

  async #commit(movable: Movable, committer: TableCommitter): Promise<void> {
    const { seq, table } = movable;
    const { clock, logger } = this.#parts;
    const fromMs = clock.monotonicMs();
    const files = await this.#batch(movable, 'tables', 'parquet');
    if (files === null) return;
    try {
      const end = await this.#awaited(committer.commit({ columns: table.columns, files, seq, timeMs: clock.nowMs() }));
      if (end === 'already') throw new Error(`another process flushed up to ${committer.state.flushedTo} as this node`);
    } catch (error) {
      if (error instanceof CommitUncertain) this.#uncertain.set(table.id, seq);
      else await this.#deleteFiles('tables', files);
      throw error;
    }
    this.counts.commits += 1;
    this.counts.files += files.length;
    this.#parts.catalog.setFlushedTo(table.id, seq);
    this.#left(movable, files);
    this.#parts.onCommitted(table.id, files);
    const sum = (of: (file: FlushedFile) => number): number => files.reduce((total, file) => total + of(file), 0);
    logger.debug(`table ${table.folder}: ${sum(({ rows }) => rows)} rows are in ${files.length} files of ${sum(({ bytes }) => bytes)} bytes, ${Math.round(clock.monotonicMs() - fromMs)} ms`);
  }

  /** Files of the rows; null when the table was dropped meanwhile. */
  async #batch({ seq, table }: Movable, into: FlushOrder['into'], as: FlushOrder['as']): Promise<FlushedFile[] | null> {
    const files = await this.#batches.order({ table, after: 0, seq, into, as, folder: table.folder });
    const isDropped = this.#parts.catalog.table(table.id) === undefined;
    if (!isDropped && !this.#stopped) return files;
    await this.#deleteFiles(into, files);
    if (isDropped) return null;
    throw new Error('flushing has ended');
  }

  /** Rows are in files that last: they leave the memtables, and count as unflushed no more. */
  #left({ seq, table }: Movable, files: readonly FlushedFile[]): void {
    this.#parts.pool.tellAll({ say: 'flushed', tableId: table.id, seq });
    this.#unflushed.leave(table.id, seq, files.reduce((sum, { rows }) => sum + rows, 0));
  }

  async #awaited<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #deleteFiles(into: FlushOrder['into'], files: readonly Pick<FlushedFile, 'path'>[]): Promise<void> {
    for (const { path } of files) {
      await this.#parts.stores[into].delete(path).catch((error: Error) => this.#parts.logger.warn(`file ${path} is left over: ${error.message}`));
    }
  }

  /**
   * A commit whose end was not known may stand: then the rows it covers are in files already.
   * @throws TableRefused when the table is ahead for another reason: rows that were acknowledged would be taken for stored
   */
  #takeUpEarlierCommit({ folder, id, flushedTo }: Table, { state }: TableCommitter): void {
    if (state.flushedTo <= flushedTo) return;
    if (state.flushedTo !== this.#uncertain.get(id) && (this.#unflushed.of(id)?.first ?? Infinity) <= state.flushedTo) {
      throw new TableRefused(folder, `its last commit of ours is of seq ${state.flushedTo}, which this server did not make`);
    }
    this.#parts.catalog.setFlushedTo(id, state.flushedTo);
    this.#parts.pool.tellAll({ say: 'flushed', tableId: id, seq: state.flushedTo });
  }
}
