/**
 * The Delta logs of tables, opened at first use: of each table one committer, however many ask for it at once. What all of
 * them keep is bounded: past it the lists of files go, then whole committers, those first that were not used for longest.
 */
import type { Table } from '../catalog/catalog.js';
import type { TableCommitter } from '../tables/commit.js';

interface Opened {
  readonly committer: Promise<TableCommitter>;
  /** Who is at it: it stays until they have ended. */
  users: number;
  /** As it was counted last. */
  bytes: number;
}

export class Committers {
  readonly #open: (table: Table) => Promise<TableCommitter>;
  readonly #bytesMax: number;
  /** The one used last at the end. */
  readonly #byTable = new Map<number, Opened>();
  /** Those that hold lists of files, in the same order. */
  readonly #withFiles = new Map<number, TableCommitter>();
  #bytes = 0;

  /** @param open reads the Delta log of a table @param bytesMax of all tables that nobody is at */
  constructor(open: (table: Table) => Promise<TableCommitter>, bytesMax: number) {
    this.#open = open;
    this.#bytesMax = bytesMax;
  }

  /** What is kept of all tables, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Does something with the committer of a table. @throws what reading the log throws (the next call reads it again), and what `work` throws */
  async use<T>(table: Table, work: (committer: TableCommitter) => Promise<T>): Promise<T> {
    const opened = this.#opened(table);
    opened.users += 1;
    try {
      const committer = await opened.committer;
      try {
        return await work(committer);
      } finally {
        this.#used(table.id, opened, committer);
      }
    } finally {
      opened.users -= 1;
      this.#makeRoom();
    }
  }

  /** Has the log of a table read anew at its next use. */
  forget(tableId: number): void {
    this.#bytes -= this.#byTable.get(tableId)?.bytes ?? 0;
    this.#byTable.delete(tableId);
    this.#withFiles.delete(tableId);
  }

  #opened(table: Table): Opened {
    const known = this.#byTable.get(table.id);
    if (known !== undefined) return known;
    const opened: Opened = { committer: this.#open(table), users: 0, bytes: 0 };
    this.#byTable.set(table.id, opened);
    opened.committer.catch(() => {
      if (this.#byTable.get(table.id) === opened) this.forget(table.id);
    });
    return opened;
  }

  /** Counts it anew, as the one used last, unless it was forgotten meanwhile. */
  #used(tableId: number, opened: Opened, committer: TableCommitter): void {
    committer.letGo();
    if (this.#byTable.get(tableId) !== opened) return;
    this.forget(tableId);
    opened.bytes = committer.bytes;
    this.#bytes += opened.bytes;
    this.#byTable.set(tableId, opened);
    if (committer.holdsFiles) this.#withFiles.set(tableId, committer);
  }

  #makeRoom(): void {
    for (const [tableId, committer] of this.#withFiles) {
      if (this.#bytes <= this.#bytesMax) return;
      const opened = this.#byTable.get(tableId)!;
      if (opened.users > 0) continue;
      committer.letGo(true);
      this.#withFiles.delete(tableId);
      this.#bytes += committer.bytes - opened.bytes;
      opened.bytes = committer.bytes;
    }
    for (const [tableId, { users }] of this.#byTable) {
      if (this.#bytes <= this.#bytesMax) return;
      if (users === 0) this.forget(tableId);
    }
  }
}
