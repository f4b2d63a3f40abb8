/** Moves rows from builders into files: picks tables, orders the cut, commits it, and trims the log. */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Pool, Slot } from '../ingest/pool.js';
import type { Log } from '../log/log.js';
import type { Logger } from '../logging.js';
import { dataFileName } from '../names.js';
import type { AcceptedBody, FromWorker, SealedFile } from '../worker/protocol.js';
import { CommitUncertain, type TableCommitter } from '../tables/commit.js';
import type { TableStore } from '../tables/store.js';

/** Tables sealed at the same time. */
const SEALS_AT_ONCE_MAX = 4;

export interface SealerParts {
  readonly catalog: Catalog;
  readonly log: Log;
  readonly pool: Pool;
  readonly store: TableStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly node: string;
  /** Reads the Delta log of a table. */
  readonly openCommitter: (table: Table) => Promise<TableCommitter>;
  /** Linear memory in use by the builders of all workers. */
  readonly builderBytes: () => number;
  /** R: no table is sealed at or above it. */
  readonly replayFloor: () => number;
  readonly limits: { readonly sealRowsMax: number; readonly logBytesMax: number; readonly logAgeMaxMs: number; readonly builderBytesMax: number };
}

/** Rows of a table that are in the log alone. */
interface Unsealed {
  rows: number;
  /** Number (and so µs since 1970) of the oldest. */
  first: number;
  /** Of the newest; perhaps not synced yet. */
  last: number;
}

/** Answers that a seal under way waits for. */
interface Cut {
  failure: string | undefined;
  readonly waiting: Set<Slot>;
  readonly files: SealedFile[];
  readonly resolve: (files: SealedFile[]) => void;
  readonly reject: (error: Error) => void;
}

export class Sealer {
  readonly #parts: SealerParts;
  readonly #unsealed = new Map<number, Unsealed>();
  readonly #cuts = new Map<number, Cut>();
  readonly #committers = new Map<number, TableCommitter>();
  /** Tables whose seal is asked for or under way. */
  readonly #sealing = new Map<number, Promise<void>>();
  #atOnce = 0;
  readonly #queue: (() => void)[] = [];

  constructor(parts: SealerParts) {
    this.#parts = parts;
  }

  /** Rows of a frame wait in builders. */
  noteRows(rows: AcceptedBody['rows'], number: number): void {
    for (const [tableId, count] of rows) {
      const unsealed = this.#unsealed.get(tableId);
      if (unsealed === undefined) {
        this.#unsealed.set(tableId, { rows: count, first: number, last: number });
      } else {
        unsealed.rows += count;
        unsealed.first = Math.min(unsealed.first, number);
        unsealed.last = Math.max(unsealed.last, number);
      }
      if (this.#unsealed.get(tableId)!.rows >= this.#parts.limits.sealRowsMax) this.#start(tableId);
    }
  }

  forgetTables(tableIds: readonly number[]): void {
    for (const tableId of tableIds) {
      this.#unsealed.delete(tableId);
      this.#committers.delete(tableId);
    }
  }

  /** The committer of a table, its Delta log read on first use. */
  async committer(table: Table): Promise<TableCommitter> {
    const open = this.#committers.get(table.id);
    if (open !== undefined) return open;
    const opened = await this.#parts.openCommitter(table);
    this.#committers.set(table.id, opened);
    return opened;
  }

  /** Seals what the limits ask for; call it about once a second. */
  tick(): void {
    for (const tableId of this.#due()) this.#start(tableId);
  }

  /** The smallest number that may be in no file yet. */
  get firstUnsealed(): number {
    let first = Infinity;
    for (const unsealed of this.#unsealed.values()) first = Math.min(first, unsealed.first);
    return first;
  }

  /** Seals every row of these tables that is on disk now. @throws the first failure */
  async flush(tableIds: readonly number[]): Promise<void> {
    const unsealed = tableIds.filter((tableId) => this.#unsealed.has(tableId));
    await Promise.all(unsealed.map((tableId) => this.#sealing.get(tableId)?.catch(() => undefined)));
    const results = await Promise.allSettled(unsealed.map((tableId) => this.#seal(tableId)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  onMessage(slot: Slot, message: FromWorker): void {
    if (message.say === 'cut') return;
    const cut = this.#cuts.get(message.tableId)!;
    if (message.say === 'seal-failed') cut.failure ??= message.reason;
    else if (message.file !== null) cut.files.push(message.file);
    this.#answered(cut, slot);
  }

  onDeath(slot: Slot): void {
    for (const cut of this.#cuts.values()) {
      if (!cut.waiting.has(slot)) continue;
      cut.failure ??= `worker ${slot.number} died`;
      this.#answered(cut, slot);
    }
  }

  /** Tables over the limits of rows, memory, age or log. */
  #due(): Set<number> {
    const { builderBytes, clock, limits, log } = this.#parts;
    const due = new Set<number>();
    const oldest = (clock.nowMs() - limits.logAgeMaxMs) * 1000;
    const logFull = log.bytes > limits.logBytesMax;
    const oldestSegment = log.segments()[0];
    for (const [tableId, { rows, first }] of this.#unsealed) {
      const inOldest = logFull && oldestSegment !== undefined && first <= oldestSegment.last;
      if (rows >= limits.sealRowsMax || first <= oldest || inOldest) due.add(tableId);
    }
    if (builderBytes() > limits.builderBytesMax) {
      const byRows = [...this.#unsealed].sort((a, b) => b[1].rows - a[1].rows);
      for (const [tableId] of byRows.slice(0, Math.ceil(byRows.length / 4))) due.add(tableId);
    }
    return due;
  }

  #start(tableId: number): void {
    if (this.#sealing.has(tableId)) return;
    this.#seal(tableId).catch((error: Error) => {
      this.#parts.logger.warn(`table ${tableId} could not be sealed and will be tried again: ${error.message}`);
    });
  }

  #seal(tableId: number): Promise<void> {
    const seal = this.#turn()
      .then(() => this.#sealNow(tableId))
      .finally(() => {
        this.#sealing.delete(tableId);
        this.#atOnce -= 1;
        this.#queue.shift()?.();
      });
    this.#sealing.set(tableId, seal);
    return seal;
  }

  async #turn(): Promise<void> {
    if (this.#atOnce >= SEALS_AT_ONCE_MAX) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#atOnce += 1;
  }

  async #sealNow(tableId: number): Promise<void> {
    const { catalog, log, replayFloor } = this.#parts;
    const table = catalog.table(tableId);
    const unsealed = this.#unsealed.get(tableId);
    if (table === undefined || unsealed === undefined) return;
    const number = Math.min(log.lastSynced, replayFloor() - 1);
    if (number < unsealed.first) return;
    const committer = await this.committer(table);
    this.#takeUpEarlierCommit(table, committer);
    this.#countFrom(tableId, number + 1);
    try {
      await this.#move(table, number, committer);
    } catch (error) {
      this.#committers.delete(tableId);
      const later = this.#unsealed.get(tableId);
      this.#unsealed.set(tableId, { ...unsealed, rows: unsealed.rows + (later?.rows ?? 0), last: later?.last ?? unsealed.last });
      throw error;
    }
  }

  /** Rows up to a number from builders into files and out of the builders. */
  async #move(table: Table, number: number, committer: TableCommitter): Promise<void> {
    const { catalog, clock, pool } = this.#parts;
    const files = await this.#cut(table, number);
    if (catalog.table(table.id) === undefined) return;
    try {
      const end = await committer.commit({ columns: table.columns, files, number, timeMs: clock.nowMs() });
      if (end === 'already') throw new Error(`another process sealed up to ${committer.state.sealedTo} as this node`);
    } catch (error) {
      if (!(error instanceof CommitUncertain)) await this.#deleteFiles(files);
      throw error;
    }
    catalog.setSealedTo(table.id, number);
    pool.tellAll({ say: 'sealed', tableId: table.id, number });
  }

  async #deleteFiles(files: readonly SealedFile[]): Promise<void> {
    for (const { path } of files) {
      await this.#parts.store.delete(path).catch((error: Error) => this.#parts.logger.warn(`file ${path} is left over: ${error.message}`));
    }
  }

  /** A commit whose end was not known may stand: then the rows it covers are in files already. */
  #takeUpEarlierCommit(table: Table, { state }: TableCommitter): void {
    if (state.sealedTo <= table.sealedTo) return;
    this.#parts.catalog.setSealedTo(table.id, state.sealedTo);
    this.#parts.pool.tellAll({ say: 'sealed', tableId: table.id, number: state.sealedTo });
  }

  /** Rows below a number are no longer counted; how many above it were, is not known. */
  #countFrom(tableId: number, number: number): void {
    const { last } = this.#unsealed.get(tableId)!;
    if (last >= number) this.#unsealed.set(tableId, { rows: 0, first: number, last });
    else this.#unsealed.delete(tableId);
  }

  /** A cut ends when every worker has answered or died, so that no answer comes late. */
  #answered(cut: Cut, slot: Slot): void {
    cut.waiting.delete(slot);
    if (cut.waiting.size > 0) return;
    if (cut.failure === undefined) cut.resolve(cut.files);
    else void this.#deleteFiles(cut.files).then(() => cut.reject(new Error(cut.failure)));
  }

  /** Has every worker write its rows up to a number into a file. */
  #cut(table: Table, number: number): Promise<SealedFile[]> {
    const { node, pool } = this.#parts;
    const slots = pool.slots();
    return new Promise<SealedFile[]>((resolve, reject) => {
      this.#cuts.set(table.id, { failure: undefined, waiting: new Set(slots), files: [], resolve, reject });
      for (const slot of slots) {
        const path = `${table.folder}/${dataFileName(node, number, slot.number)}`;
        slot.tell({ say: 'seal', order: { tableId: table.id, number, path, columns: table.columns } });
      }
    }).finally(() => this.#cuts.delete(table.id));
  }
}
