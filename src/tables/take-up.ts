/**
 * What a start must find out of tables with rows in the log or in quarantine, or with a job that did not end, behind its
 * listener: up to which seq rows are in files, which no snapshot of the catalog may know, before a frame is replayed; and which files no commit
 * named, before the first flush of a table.
 */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import { atMost } from '../in-turn.js';
import type { Cleanup } from './cleanup.js';
import { TableCommitter, type CommitterOptions } from './commit.js';
import { TableRefused } from './delta/table-state.js';
import type { JobNotes } from './job-notes.js';
import type { QuarantinedRows, RowQuarantine } from './row-quarantine.js';

/** Ends of logs that are read at once. */
const LOOKS_AT_ONCE_MAX = 8;
/** The end of a log that the disk does not give is asked for again, so often and so long after. */
const LOOK_TRIES_MAX = 5;
const LOOK_AGAIN_MS = 1000;

interface TakeUpParts {
  readonly catalog: Catalog;
  readonly cleanup: Cleanup;
  readonly clock: Clock;
  readonly quarantine: RowQuarantine;
  readonly jobNotes: JobNotes;
  /** Nothing of the log was damaged or missing. */
  readonly isLogWhole: boolean;
  /** By table, the last seq in the log. */
  readonly lastInLog: ReadonlyMap<number, number>;
  /** The last seq that an earlier process gave. */
  readonly startSeq: number;
  readonly optionsOf: (table: Table) => CommitterOptions;
  readonly report: (sentence: string) => void;
}

/** Who is to know of it. */
interface Told {
  /** Rows of a table are in files up to a seq, which is news. */
  readonly onFlushed: (tableId: number, seq: number) => void;
  readonly onTrouble: (tableId: number, error: TableRefused) => void;
}

export class TakeUp {
  readonly #parts: TakeUpParts;
  /** Tables whose folders may hold files that no commit named. */
  readonly #waiting: Set<number>;
  /** By table, the look at its folder that is under way. */
  readonly #looking = new Map<number, Promise<void>>();
  #stopped = false;
  /** Tables whose newest commit is to be looked at, and of those how many were. */
  #looksTotal = 0;
  #looksDone = 0;

  constructor(parts: TakeUpParts) {
    const { catalog, jobNotes, lastInLog, quarantine } = parts;
    const unfinished = jobNotes.tables();
    const wereSetAside = new Set(quarantine.lots().map(({ folder }) => folder));
    const tables = catalog.tables().filter(({ folder, id, flushedTo }) => (lastInLog.get(id) ?? 0) > flushedTo || wereSetAside.has(folder) || unfinished.has(id));
    this.#parts = parts;
    this.#waiting = new Set(tables.map(({ id }) => id));
  }

  /** The tables that still wait. */
  tables(): Table[] {
    return [...this.#waiting].flatMap((tableId) => this.#parts.catalog.table(tableId) ?? []);
  }

  /**
   * Takes up what the newest commit of each table says of its rows. The commit is ours, whole and under a checksum, so
   * its files are there whatever is wrong with those before it. Of a table whose end cannot be read the rows are replayed.
   */
  async flushedTo(told: Told): Promise<void> {
    const inTurn = atMost(LOOKS_AT_ONCE_MAX);
    const tables = this.tables();
    this.#looksTotal = tables.length;
    await Promise.all(tables.map((table) => inTurn(async () => {
      await this.#flushedTo(table, told);
      this.#looksDone += 1;
    })));
  }

  /** How far `flushedTo` is, in a sentence. */
  get progress(): string {
    return `the log is read back once the tables are looked at: ${this.#looksDone} of ${this.#looksTotal} are`;
  }

  async #flushedTo(table: Table, { onFlushed, onTrouble }: Told): Promise<void> {
    const { catalog, clock, optionsOf, report } = this.#parts;
    for (let tries = 1; !this.#stopped && catalog.table(table.id) !== undefined; tries += 1) {
      try {
        return this.#know(table.id, await TableCommitter.flushedTo(optionsOf(table)), onFlushed);
      } catch (error) {
        if (error instanceof TableRefused) {
          this.#know(table.id, error.flushedTo, onFlushed);
          return onTrouble(table.id, error);
        }
        // A fault that passes must not cost the table: rows that are in files already would come back.
        if (tries === LOOK_TRIES_MAX) return report(`rows of the log stay there for now: ${(error as Error).message}`);
        await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
      }
    }
  }

  /** What the catalog knew may be more: rows went to quarantine, or the log falls short of it. */
  #know(tableId: number, seq: number, onFlushed: Told['onFlushed']): void {
    const { catalog } = this.#parts;
    const before = catalog.table(tableId)?.flushedTo ?? Infinity;
    catalog.setFlushedTo(tableId, seq);
    if (seq > before) onFlushed(tableId, seq);
  }

  /**
   * Clears the folder of a table, once in the life of this process, before it has files of its own there.
   * @param committer that was opened just now
   * @throws when it cannot be done: then the table is not to be used, and the next one who opens it tries again
   */
  async clear(table: Table, committer: TableCommitter): Promise<void> {
    if (!this.#waiting.has(table.id)) return;
    if (this.#stopped) throw new Error('the server is being stopped');
    const underWay = this.#looking.get(table.id);
    if (underWay !== undefined) return underWay;
    const looking = this.#clear(this.#parts.catalog.table(table.id) ?? table, committer)
      .then(() => void this.#waiting.delete(table.id))
      .finally(() => this.#looking.delete(table.id));
    this.#looking.set(table.id, looking);
    return looking;
  }

  async #clear(table: Table, committer: TableCommitter): Promise<void> {
    const { cleanup, isLogWhole, jobNotes, quarantine, report } = this.#parts;
    const mayBeUnfinished = (number: number): boolean => jobNotes.mayBeUnfinished(table.id, number);
    const { files, strays } = await cleanup.moveOrphans(table, committer, { isLogWhole, mayBeUnfinished });
    await jobNotes.endAll(table.id);
    if (files.length > 0) await quarantine.add(this.#orphanLot(table, files));
    for (const name of strays) report(`a file in the folder of table ${table.folder} was no data file of ours: it is quarantine/tables/${table.folder}/${name} now`);
  }

  /** Nothing begins from here on; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#looking.values());
  }

  /** Files that no commit names, and of which it is not certain that none ever did. */
  #orphanLot({ columns, databaseName: database, folder, measurement }: Table, files: readonly string[]): QuarantinedRows {
    const { clock, quarantine, startSeq } = this.#parts;
    const reason = 'no commit names their files, and one that did may be lost';
    const nowMs = clock.nowMs();
    // Above all lots before it, also when the clock was set back: a lot of a seq that is there would be taken for that one.
    const last = quarantine.lots().findLast((lot) => lot.folder === folder)?.seq ?? 0;
    const seq = Math.max(startSeq + 1, last + 1, nowMs * 1000);
    return { database, measurement, folder, seq, columns, files, rows: null, reason, time: new Date(nowMs).toISOString() };
  }
}
