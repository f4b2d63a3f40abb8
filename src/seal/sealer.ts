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
import { SetAside, setAsideSentence } from './set-aside.js';

/** Tables sealed at the same time. */
const SEALS_AT_ONCE_MAX = 4;

interface SealerParts {
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
  /** By table, the seal that was asked for last: one waits for the one before. */
  readonly #sealing = new Map<number, Promise<void>>();
  readonly #setAside = new SetAside();
  /** Commits under way. */
  readonly #commits = new Set<Promise<unknown>>();
  #stopped = false;
  /** Since the start; failures are of seals, which are tried again. */
  readonly #counts = { seals: 0, files: 0, commits: 0, failures: 0 };
  #atOnce = 0;
  readonly #queue: (() => void)[] = [];

  constructor(parts: SealerParts) {
    this.#parts = parts;
  }

  /** Rows of a frame wait in builders; those of tables that were dropped or sealed meanwhile have left them. */
  noteRows(rows: AcceptedBody['rows'], number: number): void {
    for (const [tableId, count] of rows) {
      if ((this.#parts.catalog.table(tableId)?.sealedTo ?? Infinity) >= number) continue;
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
      this.#setAside.forget(tableId);
    }
  }

  /** Sentences for /health: the tables that are set aside. */
  problems(): string[] {
    const tables = this.#setAside.tables().flatMap((tableId) => this.#parts.catalog.table(tableId) ?? []);
    return tables.map(({ folder }) => setAsideSentence(folder));
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

  get counts(): { readonly seals: number; readonly files: number; readonly commits: number; readonly failures: number } {
    return this.#counts;
  }

  /** Rows in the log alone, and the tables that have some. */
  get unsealed(): { readonly rows: number; readonly tables: number } {
    let rows = 0;
    for (const unsealed of this.#unsealed.values()) rows += unsealed.rows;
    return { rows, tables: this.#unsealed.size };
  }

  /** The smallest number that may be in no file yet. */
  get firstUnsealed(): number {
    let first = Infinity;
    for (const unsealed of this.#unsealed.values()) first = Math.min(first, unsealed.first);
    return first;
  }

  /** Seals every row of these tables that is on disk now. @throws the first failure, or when rows are being read back */
  async flush(tableIds: readonly number[]): Promise<void> {
    const { lastSynced } = this.#parts.log;
    const unsealed = tableIds.filter((tableId) => this.#unsealed.has(tableId));
    const results = await Promise.allSettled(unsealed.map((tableId) => this.#seal(tableId)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    const left = unsealed.find((tableId) => (this.#unsealed.get(tableId)?.first ?? Infinity) <= lastSynced);
    if (left !== undefined) throw new Error(`rows of table ${left} are being read back from the log: not all are in files yet`);
  }

  /** No commit begins from here on; resolves when those under way have ended, so that the data folder may be let go of. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#commits);
  }

  onMessage(slot: Slot, message: FromWorker): void {
    if (message.say === 'cut' || message.say === 'memory') return;
    const cut = this.#cuts.get(message.tableId)!;
    if (message.say === 'seal-failed') {
      cut.failure ??= message.reason;
      if (message.isFatal && this.#setAside.noteDeath(message.tableId)) this.#parts.logger.error(this.problems().join('; '));
    } else if (message.file !== null) cut.files.push(message.file);
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
    const { builderBytes, clock, limits, log, replayFloor } = this.#parts;
    const due = new Set<number>();
    const oldest = (clock.nowMs() - limits.logAgeMaxMs) * 1000;
    const logFull = log.bytes > limits.logBytesMax;
    const oldestSegment = log.segments()[0];
    const unsealed = [...this.#unsealed].filter(([tableId]) => !this.#setAside.has(tableId));
    for (const [tableId, { rows, first }] of unsealed) {
      const inOldest = logFull && oldestSegment !== undefined && first <= oldestSegment.last;
      if (rows >= limits.sealRowsMax || first <= oldest || inOldest) due.add(tableId);
    }
    if (builderBytes() > limits.builderBytesMax) {
      const floor = replayFloor();
      const byRows = unsealed.filter(([, { first }]) => first < floor).sort((a, b) => b[1].rows - a[1].rows);
      for (const [tableId] of byRows.slice(0, Math.ceil(byRows.length / 4))) due.add(tableId);
    }
    return due;
  }

  #start(tableId: number): void {
    if (this.#sealing.has(tableId) || this.#setAside.has(tableId)) return;
    this.#seal(tableId).catch((error: Error) => {
      this.#parts.logger.warn(`table ${tableId} could not be sealed and will be tried again: ${error.message}`);
    });
  }

  /** Seals of a table run one after another. */
  #seal(tableId: number): Promise<void> {
    const before = this.#sealing.get(tableId)?.catch(() => undefined);
    const seal = Promise.resolve(before)
      .then(() => this.#inTurn(() => this.#sealNow(tableId)))
      .finally(() => {
        if (this.#sealing.get(tableId) === seal) this.#sealing.delete(tableId);
      });
    this.#sealing.set(tableId, seal);
    return seal;
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    if (this.#atOnce >= SEALS_AT_ONCE_MAX) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#atOnce += 1;
    try {
      await action();
    } catch (error) {
      this.#counts.failures += 1;
      throw error;
    } finally {
      this.#atOnce -= 1;
      this.#queue.shift()?.();
    }
  }

  async #sealNow(tableId: number): Promise<void> {
    const { catalog, log, replayFloor } = this.#parts;
    const known = catalog.table(tableId);
    if (known === undefined || !this.#unsealed.has(tableId)) return;
    if (this.#setAside.has(tableId)) throw new Error(setAsideSentence(known.folder));
    const committer = await this.committer(known);
    // From here to the orders of the cut nothing is awaited: R, the last number, the columns and the slots are of one moment.
    this.#takeUpEarlierCommit(known, committer);
    const table = catalog.table(tableId);
    const unsealed = this.#unsealed.get(tableId);
    const number = Math.min(log.lastSynced, replayFloor() - 1);
    if (table === undefined || unsealed === undefined || number < unsealed.first) return;
    const { rows } = unsealed;
    try {
      await this.#move(table, number, committer);
    } catch (error) {
      this.#committers.delete(tableId);
      throw error;
    }
    this.#forgetRows(tableId, number, rows);
    this.#counts.seals += 1;
  }

  /** Rows up to a number from builders into files and out of the builders. */
  async #move(table: Table, number: number, committer: TableCommitter): Promise<void> {
    const { catalog, clock, pool } = this.#parts;
    const files = await this.#cut(table, number);
    if (catalog.table(table.id) === undefined) return this.#deleteFiles(files);
    if (this.#stopped) {
      await this.#deleteFiles(files);
      throw new Error('sealing has ended');
    }
    const commit = committer.commit({ columns: table.columns, files, number, timeMs: clock.nowMs() });
    this.#commits.add(commit);
    try {
      const end = await commit;
      if (end === 'already') throw new Error(`another process sealed up to ${committer.state.sealedTo} as this node`);
      this.#counts.commits += 1;
      this.#counts.files += files.length;
    } catch (error) {
      if (!(error instanceof CommitUncertain)) await this.#deleteFiles(files);
      throw error;
    } finally {
      this.#commits.delete(commit);
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

  /** Rows up to a number are in files. Until then they count: whoever asks for the first unsealed one must hear of them. */
  #forgetRows(tableId: number, number: number, rows: number): void {
    const unsealed = this.#unsealed.get(tableId);
    if (unsealed === undefined) return;
    if (unsealed.last > number) this.#unsealed.set(tableId, { rows: unsealed.rows - rows, first: number + 1, last: unsealed.last });
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
    if (slots.length === 0) return Promise.reject(new Error('no worker is ready'));
    return new Promise<SealedFile[]>((resolve, reject) => {
      this.#cuts.set(table.id, { failure: undefined, waiting: new Set(slots), files: [], resolve, reject });
      for (const slot of slots) {
        const path = `${table.folder}/${dataFileName(node, number, slot.number)}`;
        slot.tell({ say: 'seal', order: { tableId: table.id, number, path, columns: table.columns } });
      }
    }).finally(() => this.#cuts.delete(table.id));
  }
}
