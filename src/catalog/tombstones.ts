/** The deletes that the catalog knows: those whose rows some file or memtable may still hold. Pure. */
import { covers, isOfTable, type Tombstone } from '../model/tombstone.js';
import type { DeleteMade } from './catalog-record.js';

export class Tombstones {
  /** By seq, oldest first. */
  readonly #bySeq = new Map<number, Tombstone>();

  /** Adds one; those before it whose rows it takes as well go. */
  add(tombstone: Tombstone): void {
    for (const other of this.#coveredBy(tombstone)) this.#bySeq.delete(other.seq);
    this.#bySeq.set(tombstone.seq, tombstone);
  }

  has(seq: number): boolean {
    return this.#bySeq.has(seq);
  }

  delete(seq: number): void {
    this.#bySeq.delete(seq);
  }

  /** Of a table that was dropped. */
  forgetTable(tableId: number): void {
    for (const { seq, table } of this.all()) if (table === tableId) this.#bySeq.delete(seq);
  }

  /** Of a database that was dropped. */
  forgetDatabase(databaseId: number): void {
    for (const { seq } of this.ofDatabase(databaseId)) this.#bySeq.delete(seq);
  }

  all(): Tombstone[] {
    return [...this.#bySeq.values()];
  }

  ofDatabase(databaseId: number): Tombstone[] {
    return this.all().filter(({ database }) => database === databaseId);
  }

  /** Those about rows of a table. */
  ofTable(table: Parameters<typeof isOfTable>[1]): Tombstone[] {
    return this.#bySeq.size === 0 ? [] : this.all().filter((tombstone) => isOfTable(tombstone, table));
  }

  /** Whether one that comes now takes the place of another. */
  hasCoveredBy(made: DeleteMade): boolean {
    return this.#coveredBy({ ...made, seq: Infinity }).length > 0;
  }

  #coveredBy(tombstone: Tombstone): Tombstone[] {
    return this.ofDatabase(tombstone.database).filter((other) => covers(tombstone, other));
  }
}
