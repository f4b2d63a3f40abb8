/** Tables as of their newest commit, whoever made it: for all who show them. */
import type { Table } from '../catalog/catalog.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import type { Committers } from './committers.js';

/** A table as it is now. */
export interface TableView {
  /** Seq of our last commit. */
  readonly flushedTo: number;
  /** Live files that are there, and as long as they were written. */
  readonly files: readonly LiveFile[];
}

export class TableViews {
  readonly #committers: Committers;
  /** By table, how many damaged files it had at the last look, and one of them. */
  readonly #damaged = new Map<number, { readonly count: number; readonly first: string }>();

  constructor(committers: Committers) {
    this.#committers = committers;
  }

  /** @throws why the Delta log of the table cannot be read; the next call reads it anew */
  async look(table: Table): Promise<TableView> {
    try {
      return await this.#committers.use(table, async (committer) => {
        const { files, state } = await committer.look();
        const damaged = await committer.damagedFiles(files);
        const [first] = damaged;
        if (first !== undefined) this.#damaged.set(table.id, { count: damaged.length, first });
        else this.#damaged.delete(table.id);
        const isDamaged = new Set(damaged);
        return { flushedTo: state.flushedTo, files: files.filter(({ path }) => !isDamaged.has(path)) };
      });
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
    return damaged === undefined ? null : `table ${folder}: ${damaged.count} of its files are missing or damaged (${damaged.first}): the rows in them are not shown`;
  }

  forget(tableId: number): void {
    this.#damaged.delete(tableId);
  }
}
