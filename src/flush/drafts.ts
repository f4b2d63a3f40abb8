/**
 * Drafts: files of rows that are in the log alone, for queries. The rows stay in the memtables and the files are no part of
 * the table. Of a table that is asked for again only rows that came since are written; a second after it was asked for last
 * its drafts go.
 */
import type { Table } from '../catalog/catalog.js';
import type { Clock, Timer } from '../clock.js';
import { spanOf, type FileSpan } from '../model/file-span.js';
import type { FileStatistics, FlushedFile } from '../model/flushed-file.js';

/** Past so many files of a table all its rows are written anew. */
const FILES_MAX = 64;
const KEPT_MS = 1000;

/** A file with rows of a table. */
export interface Draft {
  /** Below the root of the drafts. */
  readonly path: string;
  readonly span: FileSpan | null;
}

interface DraftsParts {
  readonly clock: Clock;
  /** Writes rows above one seq and up to another into files. */
  readonly write: (table: Table, after: number, seq: number) => Promise<readonly FlushedFile[]>;
  /** Never throws: what cannot be removed is said, and goes at the next start. */
  readonly remove: (paths: readonly string[]) => Promise<void>;
}

/** Of one table: its rows in the log alone are in the files, up to a seq. */
interface Kept {
  readonly upTo: number;
  readonly files: readonly Draft[];
}

export class Drafts {
  readonly #parts: DraftsParts;
  readonly #byTable = new Map<number, Kept>();
  readonly #timers = new Map<number, Timer>();
  readonly #removals = new Map<number, Promise<void>>();

  constructor(parts: DraftsParts) {
    this.#parts = parts;
  }

  /**
   * Makes files with all rows of a table that are in the log alone, up to a seq; some of older rows may be in them too. One
   * call for a table at a time.
   * @param last seq of the newest of these rows: when there is none since the last call, nothing is written
   * @param use is given the files, which stay until it has ended and for a second more
   * @throws why there are none, and what `use` throws
   */
  async of<T>(table: Table, seq: number, last: number, use: (files: readonly Draft[]) => Promise<T>): Promise<T> {
    this.#timers.get(table.id)?.cancel();
    await this.#removals.get(table.id);
    const known = this.#byTable.get(table.id);
    if (known !== undefined && (known.upTo <= table.flushedTo || known.files.length > FILES_MAX)) await this.#drop(table.id);
    try {
      const { files, upTo } = this.#byTable.get(table.id) ?? { files: [], upTo: table.flushedTo };
      if (Math.min(last, seq) <= upTo) return await use(files);
      const added = await this.#parts.write(table, upTo, seq);
      const all = [...files, ...added.map(({ path, statistics }) => ({ path, span: spanOfFlushed(statistics) }))];
      this.#byTable.set(table.id, { upTo: seq, files: all });
      return await use(all);
    } finally {
      this.#timers.set(table.id, this.#parts.clock.after(KEPT_MS, () => void this.#drop(table.id)));
    }
  }

  /** A table that was dropped. */
  forget(tableId: number): void {
    void this.#drop(tableId);
  }

  /** Removes all. */
  async stop(): Promise<void> {
    await Promise.all([...this.#byTable.keys()].map((tableId) => this.#drop(tableId)));
  }

  async #drop(tableId: number): Promise<void> {
    const kept = this.#byTable.get(tableId);
    this.#timers.get(tableId)?.cancel();
    this.#timers.delete(tableId);
    this.#byTable.delete(tableId);
    if (kept === undefined) return this.#removals.get(tableId);
    const removal = this.#parts.remove(kept.files.map(({ path }) => path)).finally(() => this.#removals.delete(tableId));
    this.#removals.set(tableId, removal);
    return removal;
  }
}

/** Values of statistics are JSON text. */
function spanOfFlushed({ maxValues, minValues }: FileStatistics): FileSpan | null {
  const of = (values: Readonly<Record<string, string>>): object =>
    Object.fromEntries(['time', 'sluice_seq'].flatMap((name) => (values[name] === undefined ? [] : [[name, JSON.parse(values[name])]])));
  return spanOf({ minValues: of(minValues), maxValues: of(maxValues) });
}
