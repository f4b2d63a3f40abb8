/** Tables as of their newest commit, whoever made it: for all who show them. */
import type { Table } from '../catalog/catalog.js';
import type { TableState } from '../tables/delta/table-log.js';
import type { Committers } from './committers.js';

/** A table as it is now. */
export interface TableView {
  readonly state: TableState;
  /** Live files that are not there, or not as long as they were written. */
  readonly damaged: readonly string[];
}

export class TableViews {
  readonly #committers: Committers;
  /** By table, its damaged files at the last look. */
  readonly #damaged = new Map<number, readonly string[]>();

  constructor(committers: Committers) {
    this.#committers = committers;
  }

  /** @throws why the Delta log of the table cannot be read; the next call reads it anew */
  async look(table: Table): Promise<TableView> {
    try {
      const committer = await this.#committers.of(table);
      const state = await committer.look();
      const damaged = await committer.damagedFiles();
      if (damaged.length > 0) this.#damaged.set(table.id, damaged);
      else this.#damaged.delete(table.id);
      return { state, damaged };
    } catch (error) {
      this.#committers.forget(table.id);
      throw error;
    }
  }

  /** Tables with damaged files at the last look. */
  troubled(): number[] {
    return [...this.#damaged.keys()];
  }

  /** What is to be said of such a table, or null. */
  sentence({ folder, id }: Table): string | null {
    const damaged = this.#damaged.get(id);
    return damaged === undefined ? null : `table ${folder}: ${damaged.length} of its files are missing or damaged (${damaged[0]}): the rows in them are not shown`;
  }

  forget(tableId: number): void {
    this.#damaged.delete(tableId);
  }
}
