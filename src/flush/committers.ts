/** The Delta logs of tables, opened at first use: of each table one committer, however many ask for it at once. */
import type { Table } from '../catalog/catalog.js';
import type { TableCommitter } from '../tables/commit.js';

export class Committers {
  readonly #open: (table: Table) => Promise<TableCommitter>;
  readonly #byTable = new Map<number, Promise<TableCommitter>>();

  /** @param open reads the Delta log of a table */
  constructor(open: (table: Table) => Promise<TableCommitter>) {
    this.#open = open;
  }

  /** @throws what reading the log throws; the next call reads it again */
  of(table: Table): Promise<TableCommitter> {
    const known = this.#byTable.get(table.id);
    if (known !== undefined) return known;
    const opening = this.#open(table);
    this.#byTable.set(table.id, opening);
    opening.catch(() => {
      if (this.#byTable.get(table.id) === opening) this.#byTable.delete(table.id);
    });
    return opening;
  }

  /** Has the log of a table read anew at its next use. */
  forget(tableId: number): void {
    this.#byTable.delete(tableId);
  }
}
