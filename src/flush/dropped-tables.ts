/** Tables that were dropped: their folders go to the trash, and they leave the catalog when nothing names them any more; as do their databases. */
import type { Catalog } from '../catalog/catalog.js';
import type { Log } from '../log/log.js';
import { atMost } from '../in-turn.js';
import { fold } from '../names.js';
import type { Cleanup } from '../tables/cleanup.js';
import type { RowQuarantine } from '../tables/row-quarantine.js';

/** A body that was parsed before a drop has its seq within seconds of it, or none. Seqs count microseconds. */
const UNDER_WAY_US_MAX = 60_000_000;

interface DroppedTablesParts {
  readonly catalog: Catalog;
  readonly cleanup: Cleanup;
  readonly log: Log;
  readonly quarantine: RowQuarantine;
  /** Removes the rejected lines that are kept of a dropped database, by its folder. */
  readonly forgetRejects: (folder: string) => Promise<void>;
  /** Whether rows of a table are being moved: a commit may come, also to one that was dropped meanwhile. */
  readonly isFlushing: (tableId: number) => boolean;
}

export class DroppedTables {
  readonly #parts: DroppedTablesParts;
  /** Where the log began at the last look. */
  #first = 0;
  /** No folder may be free to be used again while a list of those to be moved is gone through. */
  readonly #inTurn = atMost(1);
  #stopped = false;

  constructor(parts: DroppedTablesParts) {
    this.#parts = parts;
  }

  /** At a start: brings folders to the trash that a crash left. @param report takes a sentence on each that could not go */
  clear(report: (sentence: string) => void): Promise<void> {
    return this.#inTurn(() => this.#clear(report));
  }

  async #clear(report: (sentence: string) => void): Promise<void> {
    const { catalog, cleanup } = this.#parts;
    // A snapshot that was put aside, and took over again, may know a dropped table whose folder another has by now.
    const living = new Set(catalog.tables().map(({ folder }) => fold(folder)));
    for (const table of catalog.droppedTables().filter(({ folder }) => !living.has(fold(folder)))) {
      if (this.#stopped) return;
      await cleanup.toTrash(table).catch((error: Error) => report(`the folder of dropped table ${table.folder} could not go to trash: ${error.message}`));
    }
  }

  /** Has the catalog forget those that nothing names; call it after the log was trimmed. @throws when a folder cannot be moved: its table stays known */
  forget(): Promise<void> {
    return this.#inTurn(() => this.#forget());
  }

  async #forget(): Promise<void> {
    const { catalog, cleanup, isFlushing, log, quarantine } = this.#parts;
    const segments = log.segments();
    const first = segments[0]?.first ?? log.lastSeq;
    if (first === this.#first) return; // each other table was dropped too late, or is named still
    const inQuarantine = new Set(quarantine.lots().map(({ folder }) => folder));
    const gone = catalog.droppedTables().filter(({ dropped, folder, id }) => cleanup.isAway(id) && dropped + UNDER_WAY_US_MAX < first
      && !inQuarantine.has(folder) && !segments.some(({ lastByTable }) => lastByTable.has(id)) && !isFlushing(id));
    // A commit that was under way at the drop may have made the folder again: a table made anew would begin with it.
    for (const table of gone) await cleanup.toTrash(table);
    catalog.forget(gone.map(({ id }) => id));
    for (const { id } of gone) cleanup.forget(id);
    await this.#forgetDatabases(first);
    this.#first = first;
  }

  /** Those without tables: then the log has no frame of theirs. One that fails holds up no other. */
  async #forgetDatabases(first: number): Promise<void> {
    const { catalog } = this.#parts;
    const failures: Error[] = [];
    // As of tables: where an older snapshot took over, a living one may have the folder.
    const living = new Set(catalog.databases().map(({ folder }) => fold(folder)));
    for (const { dropped, folder, id } of catalog.droppedDatabases()) {
      if (dropped + UNDER_WAY_US_MAX >= first) continue;
      try {
        const isFree = living.has(fold(folder)) || (await this.#removeDatabase(folder));
        if (isFree) catalog.forgetDatabases([id]);
      } catch (error) {
        failures.push(error as Error);
      }
    }
    if (failures[0] !== undefined) throw failures[0];
  }

  async #removeDatabase(folder: string): Promise<boolean> {
    await this.#parts.forgetRejects(folder);
    return this.#parts.cleanup.removeDatabase(folder);
  }

  /** Forgets once more; nothing is moved after it resolves. @throws as `forget` */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.forget();
  }
}
