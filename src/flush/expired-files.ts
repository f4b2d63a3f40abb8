/**
 * Takes files whose rows are all past retention out of the logs of their tables: a few tables a minute, each of which is
 * looked at when something of it can be due. DESIGN.md, section 17.
 */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.js';
import { tableSubject, type MaintenanceTroubles } from '../maintenance-troubles.js';
import type { FlushedFile } from '../model/flushed-file.js';
import type { TableCommitter } from '../tables/commit.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import type { TrustedClock } from '../trusted-clock.js';
import type { Retiring } from './retiring.js';

const TURN_MS = 60_000;
/** All tables have had their turn after so many, when they are many. */
const TURNS_FOR_ALL = 60;
const TABLES_A_TURN_MIN = 4;
/** A table of which something failed has its next turn so long after. */
const AGAIN_MS = 3_600_000;
/** For what other writers add, each table is looked at so often. */
const LOOK_EVERY_MS = 24 * AGAIN_MS;
/** Other writers may have rounded the greatest time of a file down. */
const ROUNDED_MS_MAX = 1000;

interface ExpiredFilesParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly trustedClock: TrustedClock;
  readonly logger: Logger;
  readonly troubles: MaintenanceTroubles;
  readonly retiring: Retiring;
  /** Does something with the committer of a table. */
  readonly use: <T>(table: Table, work: (committer: TableCommitter) => Promise<T>) => Promise<T>;
  /** Whether nothing may be done to the files of a table now. */
  readonly mustWait: (table: Table) => boolean;
}

/** When a file is past retention counts from here. */
interface DatedFile {
  readonly path: string;
  readonly rows: number;
  /** The time of its newest row at most; milliseconds since 1970. */
  readonly lastMs: number;
}

interface Look {
  /** The time of the newest row of the file that expires first, milliseconds since 1970; Infinity when there is none. */
  readonly firstMs: number;
  /** Monotonic. */
  readonly atMs: number;
}

export class ExpiredFiles {
  readonly #parts: ExpiredFilesParts;
  /** By table, what the last look at it found. */
  readonly #looked = new Map<number, Look>();
  /** By table, until when (monotonic) it has no turn: something failed. */
  readonly #notBefore = new Map<number, number>();
  #turn: Promise<void> | null = null;
  #turnMs: number;
  /** The table that is worked at. */
  #at: number | null = null;
  #isHeldSaid = false;
  #stopped = false;
  readonly #counts = { files: 0, rows: 0 };

  constructor(parts: ExpiredFilesParts) {
    this.#parts = parts;
    this.#turnMs = parts.clock.monotonicMs();
  }

  /** Since the start; and by how much the clock is ahead without being believed. */
  get counts(): { readonly files: number; readonly rows: number; readonly heldSeconds: number } {
    return { ...this.#counts, heldSeconds: Math.round(this.#parts.trustedClock.heldMs() / 1000) };
  }

  /** Does what is due, once a minute; call it about once a second. */
  tick(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#stopped || this.#turn !== null || clock.monotonicMs() - this.#turnMs < TURN_MS) return this.#turn ?? Promise.resolve();
    this.#turnMs = clock.monotonicMs();
    this.#turn = this.#work().finally(() => (this.#turn = null));
    return this.#turn;
  }

  /** Files of a table were flushed: they may expire before all others. */
  noteFlushed(tableId: number, files: readonly FlushedFile[]): void {
    const look = this.#looked.get(tableId);
    if (look === undefined) return;
    const times = files.map(({ statistics }) => Date.parse(JSON.parse(statistics.maxValues['time'] ?? 'null') as string));
    // One whose time is not known has the table looked at.
    if (times.some(Number.isNaN)) this.#looked.delete(tableId);
    else this.#looked.set(tableId, { ...look, firstMs: Math.min(look.firstMs, ...times) });
  }

  /** Whether a table is worked at, and its folder may be made again by a commit; of one that was dropped that does not begin again. */
  isAt(tableId: number): boolean {
    return this.#at === tableId;
  }

  forget(tableId: number): void {
    this.#looked.delete(tableId);
    this.#notBefore.delete(tableId);
  }

  /** Nothing begins from here on; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn?.catch(() => undefined); // who called `tick` was told
    if (this.#isClockWanted()) await this.#parts.trustedClock.note(true);
  }

  async #work(): Promise<void> {
    this.#sayHeld();
    for (const table of this.#due()) await this.#attempt(table, () => this.#expire(table));
    if (this.#isClockWanted()) await this.#parts.trustedClock.note();
  }

  /** The tables whose turn it is: of which something may be past retention, or nothing is known. */
  #due(): Table[] {
    const { catalog, clock, mustWait, trustedClock } = this.#parts;
    const nowMs = trustedClock.nowMs();
    const kept = catalog.databases().flatMap(({ id, retentionS }) => (
      retentionS === null ? [] : catalog.tables(id).map((table) => ({ table, sinceMs: nowMs - retentionS * 1000 }))));
    const monotonicMs = clock.monotonicMs();
    const due = kept.filter(({ table, sinceMs }) => {
      const look = this.#looked.get(table.id);
      const isDue = look === undefined || look.firstMs + ROUNDED_MS_MAX < sinceMs || monotonicMs - look.atMs >= LOOK_EVERY_MS;
      return isDue && (this.#notBefore.get(table.id) ?? -Infinity) <= monotonicMs && !mustWait(table);
    });
    return due.slice(0, Math.max(TABLES_A_TURN_MIN, Math.ceil(kept.length / TURNS_FOR_ALL))).map(({ table }) => table);
  }

  async #attempt(table: Table, work: () => Promise<void>): Promise<void> {
    const { catalog, clock, logger, troubles } = this.#parts;
    if (this.#stopped || catalog.table(table.id) === undefined) return;
    this.#at = table.id;
    try {
      await work();
      troubles.clear('retention', tableSubject(table));
    } catch (error) {
      if (catalog.table(table.id) === undefined) return;
      this.#notBefore.set(table.id, clock.monotonicMs() + AGAIN_MS);
      const problem = (error as Error).message;
      if (troubles.note('retention', tableSubject(table), problem)) logger.warn(`files of table ${table.folder} whose rows are past retention stay for another hour: ${problem}`);
    } finally {
      this.#at = null;
    }
  }

  /** Commits that files past retention are none of the table's any more. */
  #expire(table: Table): Promise<void> {
    const { clock, logger, retiring, use } = this.#parts;
    return use(table, async (committer) => {
      const dated = datedOf(await committer.liveFiles());
      // The period may be another by now, or the table gone.
      const sinceMs = this.#sinceMs(table);
      if (sinceMs === null) return;
      const isPast = ({ lastMs }: DatedFile): boolean => lastMs + ROUNDED_MS_MAX < sinceMs;
      const past = dated.filter(isPast);
      if (past.length > 0) {
        const rows = past.reduce((sum, file) => sum + file.rows, 0);
        const operationMetrics = { numDeletedRows: String(rows) };
        const removes = past.map(({ path }) => path);
        await retiring.replace(table, committer, { adds: [], removes, dataChange: true, operation: 'DELETE', operationMetrics, timeMs: clock.nowMs() });
        this.#counts.files += past.length;
        this.#counts.rows += rows;
        logger.info(`table ${table.folder}: ${past.length} files with ${rows} rows left it, all before ${new Date(sinceMs).toISOString()} and past retention`);
      }
      const firstMs = dated.filter((file) => !isPast(file)).reduce((first, { lastMs }) => Math.min(first, lastMs), Infinity);
      this.#looked.set(table.id, { firstMs, atMs: clock.monotonicMs() });
    });
  }

  /** Since when rows of a table are kept; null: all are, or it is gone. */
  #sinceMs({ databaseName, id }: Table): number | null {
    const { catalog, trustedClock } = this.#parts;
    const retentionS = catalog.table(id) === undefined ? null : catalog.database(databaseName)?.retentionS ?? null;
    return retentionS === null ? null : trustedClock.nowMs() - retentionS * 1000;
  }

  /** What cannot be taken back waits for its time: rows for the end of their period, or files that left their tables. */
  #isClockWanted(): boolean {
    return this.#hasPeriods() || this.#parts.retiring.hasWaiting;
  }

  #hasPeriods(): boolean {
    return this.#parts.catalog.databases().some(({ retentionS }) => retentionS !== null);
  }

  #sayHeld(): void {
    const { logger, trustedClock } = this.#parts;
    const hours = trustedClock.heldMs() / 3_600_000;
    const isHeld = hours > 0 && this.#hasPeriods();
    if (isHeld && !this.#isHeldSaid) {
      logger.warn(`the clock is ${hours.toFixed(1)} hours ahead of where it was and the time that went by: until it has stayed so for 24 hours nothing is refused or removed for its age by it`);
    }
    this.#isHeldSaid = isHeld;
  }
}

/** The files of which it is known until when their rows are. */
function datedOf(files: readonly LiveFile[]): DatedFile[] {
  return files.flatMap(({ path, rows, span }) => (span === null ? [] : [{ path, rows: rows ?? 0, lastMs: span.lastMs }]));
}
