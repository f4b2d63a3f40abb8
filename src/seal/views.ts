/** Tables as of their newest commit, whoever made it: for all who show them. */
import type { Table } from '../catalog/catalog.js';
import type { TableState } from '../tables/delta/table-log.js';
import type { Committers } from './committers.js';

/** A table as it is now. */
export interface TableView {
  readonly state: TableState;
  /** Live files that are not there. */
  readonly missing: readonly string[];
}

export class TableViews {
  readonly #committers: Committers;
  /** By table, what was missing at the last look. */
  readonly #missing = new Map<number, readonly string[]>();

  constructor(committers: Committers) {
    this.#committers = committers;
  }

  /** @throws why the Delta log of the table cannot be read; the next call reads it anew */
  async look(table: Table): Promise<TableView> {
    try {
      const committer = await this.#committers.of(table);
      const state = await committer.look();
      const missing = await committer.missingFiles();
      if (missing.length > 0) this.#missing.set(table.id, missing);
      else this.#missing.delete(table.id);
      return { state, missing };
    } catch (error) {
      this.#committers.forget(table.id);
      throw error;
    }
  }

  /** Tables whose files were missing at the last look. */
  troubled(): number[] {
    return [...this.#missing.keys()];
  }

  /** What is to be said of such a table, or null. */
  sentence({ folder, id }: Table): string | null {
    const missing = this.#missing.get(id);
    return missing === undefined ? null : `table ${folder}: ${missing.length} of its files are missing (${missing[0]}), and the rows in them`;
  }

  forget(tableId: number): void {
    this.#missing.delete(tableId);
  }
}
