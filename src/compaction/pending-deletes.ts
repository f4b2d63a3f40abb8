/** Deletes of which rows may still be somewhere: which files are known to hold none, and when a delete is done. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import { isOfTable, mayHoldDeleted, mayTakeAny, type Tombstone } from '../model/tombstone.js';
import type { LiveFile } from '../tables/delta/file-list.js';

interface PendingParts {
  readonly catalog: Catalog;
  /** The smallest seq of a table that may be in none of its files yet; Infinity: all are. */
  readonly firstUnflushed: (tableId: number) => number;
  /** Whether rows of a table are in quarantine. */
  readonly hasOtherRows: (table: Table) => boolean;
}

export class PendingDeletes {
  readonly #parts: PendingParts;
  /** By table and path, up to which delete a file was read and had no row of it. */
  readonly #cleanFiles = new Map<number, Map<string, number>>();
  /** By delete, the tables that hold none of its rows any more. */
  readonly #cleanTables = new Map<number, Set<number>>();

  constructor(parts: PendingParts) {
    this.#parts = parts;
  }

  /** Of a table. */
  of(table: Table): Tombstone[] {
    return this.#parts.catalog.tombstones(table);
  }

  firstUnflushed(tableId: number): number {
    return this.#parts.firstUnflushed(tableId);
  }

  /** Whether a file was read and holds no row of a delete, though its statistics do not tell. */
  isClean(tableId: number, path: string, seq: number): boolean {
    return (this.#cleanFiles.get(tableId)?.get(path) ?? 0) >= seq;
  }

  /** Files were read, and had no row of these deletes. */
  noteClean(tableId: number, paths: readonly string[], tombstones: readonly Tombstone[]): void {
    const files = this.#cleanFiles.get(tableId) ?? new Map<string, number>();
    this.#cleanFiles.set(tableId, files);
    for (const path of paths) files.set(path, highest(tombstones));
  }

  /**
   * Nothing more is to be done to the files of a table.
   * @param firstUnflushed as it was before `live` was looked at: a flush that ended between the two would be in neither
   */
  noteLooked(table: Table, live: readonly LiveFile[], firstUnflushed: number): void {
    const tombstones = this.of(table);
    if (tombstones.length === 0) this.#cleanFiles.delete(table.id);
    const tagKeys = new Set(table.columns.filter(({ kind }) => kind === KIND_TAG).map(({ key }) => key));
    for (const tombstone of tombstones) {
      const { seq } = tombstone;
      const isElsewhere = firstUnflushed < seq || this.#parts.hasOtherRows(table);
      const mayStay = isElsewhere || live.some((file) => mayHoldDeleted(tombstone, file) && !this.isClean(table.id, file.path, seq));
      if (mayStay && mayTakeAny(tombstone, tagKeys)) continue;
      this.#cleanTables.set(seq, (this.#cleanTables.get(seq) ?? new Set()).add(table.id));
    }
  }

  /** Ends the deletes none of whose rows is anywhere any more. @throws when the log cannot be written */
  async end(): Promise<void> {
    const { catalog } = this.#parts;
    const pending = new Map(catalog.tombstones().map((each) => [each.seq, each]));
    for (const seq of this.#cleanTables.keys()) if (!pending.has(seq)) this.#cleanTables.delete(seq);
    const done = [...this.#cleanTables].filter(([seq, clean]) => {
      const tombstone = pending.get(seq)!;
      return catalog.tables(tombstone.database).every((table) => !isOfTable(tombstone, table) || clean.has(table.id));
    });
    if (done.length > 0) await catalog.endDeletes(done.map(([seq]) => seq));
  }

  forget(tableId: number): void {
    this.#cleanFiles.delete(tableId);
  }
}

/** The seq of the last of some deletes; 0 for none. */
export function highest(tombstones: readonly Tombstone[]): number {
  return tombstones.reduce((most, { seq }) => Math.max(most, seq), 0);
}
