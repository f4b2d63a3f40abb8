/** Which table is looked at next: one that got many files, then one that got some, then one that was not looked at for a day. */
import type { Clock } from '../clock.js';

/** So many files of flushes have a table looked at at once. */
const FILES_MANY = 16;
const SOME_MS = 3_600_000;
const NONE_MS = 24 * SOME_MS;
/** More than any other has waited: among tables with many files it is still the one that has waited longest. */
const MANY_MS = 1e15;

interface Turn {
  /** Since the last look. */
  files: number;
  /** Monotonic: of the last look, or, where that failed, of one that would be due when it may be tried again. */
  lookedMs: number;
  hasFailed: boolean;
}

export class TableTurns {
  readonly #clock: Clock;
  readonly #byTable = new Map<number, Turn>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  noteFlushed(tableId: number, files: number): void {
    const turn = this.#byTable.get(tableId);
    if (turn !== undefined) turn.files += files;
  }

  noteLooked(tableId: number): void {
    this.#byTable.set(tableId, { files: 0, lookedMs: this.#clock.monotonicMs(), hasFailed: false });
  }

  /** It comes among the first; where it failed, when its hour is over. */
  noteWanted(tableId: number): void {
    const turn = this.#byTable.get(tableId);
    if (turn !== undefined) this.#byTable.set(tableId, { ...turn, files: FILES_MANY });
  }

  /** It is not looked at for an hour. */
  noteFailed(tableId: number): void {
    this.#byTable.set(tableId, { files: FILES_MANY, lookedMs: this.#clock.monotonicMs(), hasFailed: true });
  }

  forget(tableId: number): void {
    this.#byTable.delete(tableId);
  }

  /** The table that has waited longest past its time, those with many files first; undefined when none is due. */
  next<T extends { readonly id: number }>(tables: readonly T[], mustWait: (table: T) => boolean): T | undefined {
    const nowMs = this.#clock.monotonicMs();
    let next: T | undefined;
    let most = 0;
    for (const table of tables) {
      const past = this.#past(this.#byTable.get(table.id), nowMs);
      if (past <= most || mustWait(table)) continue;
      next = table;
      most = past;
    }
    return next;
  }

  /** How much a look is wanted; 0: not yet. */
  #past(turn: Turn | undefined, nowMs: number): number {
    if (turn === undefined) return NONE_MS;
    const waitedMs = nowMs - turn.lookedMs;
    if (turn.hasFailed) return waitedMs >= SOME_MS ? waitedMs : 0;
    if (turn.files >= FILES_MANY) return MANY_MS + waitedMs;
    return waitedMs >= (turn.files > 0 ? SOME_MS : NONE_MS) ? waitedMs : 0;
  }
}
