/** Commits that take files out of tables, and the deletion of these files an hour later. DESIGN.md, section 17. */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.js';
import { tableSubject, type MaintenanceTroubles } from '../maintenance-troubles.js';
import { CommitUncertain, type TableCommitter } from '../tables/commit.js';
import type { Replacement } from '../tables/replacement.js';
import type { RetiredFiles, RetiredNote } from '../tables/retired-files.js';
import type { TableStore } from '../tables/table-store.js';

interface RetiringParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: MaintenanceTroubles;
  readonly store: TableStore;
  readonly retired: RetiredFiles;
  /** Does something with the committer of a table. */
  readonly use: <T>(table: Table, work: (committer: TableCommitter) => Promise<T>) => Promise<T>;
  /** Whether nothing may be done to the files of a table now. */
  readonly mustWait: (table: Table) => boolean;
}

const TURN_MS = 60_000;

export class Retiring {
  readonly #parts: RetiringParts;
  #turn: Promise<void> | null = null;
  #turnMs: number;
  #stopped = false;
  /** Files deleted since the start. */
  deleted = 0;

  constructor(parts: RetiringParts) {
    this.#parts = parts;
    this.#turnMs = parts.clock.monotonicMs();
  }

  /** Takes files out of a table, or puts others in their place: noted before the commit, so that no crash forgets them. @throws as the committer's `replace` */
  async replace(table: Table, committer: TableCommitter, replacement: Replacement): Promise<void> {
    const { retired } = this.#parts;
    // What is in a folder of its own, or somewhere else, another writer sees to.
    const note = await retired.add(table, replacement.removes.filter((path) => !/[/:]/.test(path)));
    try {
      await committer.replace(replacement);
    } catch (error) {
      if (!(error instanceof CommitUncertain)) await retired.finish(note);
      throw error;
    }
  }

  /** Deletes what is due, once a minute; call it about once a second. */
  tick(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#stopped || this.#turn !== null || clock.monotonicMs() - this.#turnMs < TURN_MS) return this.#turn ?? Promise.resolve();
    this.#turnMs = clock.monotonicMs();
    return this.deleteDue();
  }

  /** Deletes what is due now. Never throws: what fails is noted, and tried again an hour later. */
  deleteDue(): Promise<void> {
    this.#turn ??= this.#deleteDue().finally(() => (this.#turn = null));
    return this.#turn;
  }

  /** Whether files wait for their time. */
  get hasWaiting(): boolean {
    return this.#parts.retired.count > 0;
  }

  /** Nothing begins from here on; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
  }

  async #deleteDue(): Promise<void> {
    for (const note of this.#parts.retired.due()) if (!this.#stopped) await this.#attempt(note);
  }

  /** Each for itself: one that fails holds up none behind it. */
  async #attempt(note: RetiredNote): Promise<void> {
    const { catalog, logger, retired, troubles } = this.#parts;
    const table = catalog.table(note.tableId);
    const subject = table === undefined ? { tableId: null, name: `note ${note.number} of a table that was dropped` } : tableSubject(table);
    try {
      await this.#delete(note, table);
      troubles.clear('deletion', subject);
    } catch (error) {
      retired.putOff(note);
      const problem = (error as Error).message;
      if (troubles.note('deletion', subject, problem)) logger.warn(`files that left their table are deleted an hour later (${subject.name}): ${problem}`);
    }
  }

  /** Deletes the files of a note that are no part of their table; those that are, or were named again since, stay. */
  async #delete(note: RetiredNote, table: Table | undefined): Promise<void> {
    const { mustWait, retired, store, use } = this.#parts;
    if (table === undefined) return retired.finish(note); // its folder is in the trash
    if (mustWait(table)) return retired.putOff(note);
    await use(table, async (committer) => {
      const live = new Set((await committer.liveFiles()).map(({ path }) => path));
      for (const name of retired.ownFiles(note).filter((each) => !live.has(each))) {
        await store.delete(`${table.folder}/${name}`);
        this.deleted += 1;
      }
    });
    await retired.finish(note);
  }
}
