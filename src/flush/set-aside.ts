/**
 * Tables whose rows do not go into their files. Each is tried again, later and later. One that cannot be written as it
 * is now, or whose trouble is its own and lasts, is set aside: it costs itself alone, and no other table.
 */
import type { Clock } from '../clock.js';
import { TableRefused } from '../tables/delta/table-state.js';

/** First wait before a table is tried again; each failure doubles it. */
const AGAIN_MS_MIN = 1000;
const AGAIN_MS_MAX = 60_000;
/** Before rows that could not be brought elsewhere are tried again. */
const LEAVE_AGAIN_MS = 5000;
/** Workers that the flushes of a table may end: the fault is in its rows and would end them all. */
const DEATHS_MAX = 2;
/** Failures of another kind before the trouble is the table's own, when others went into files meanwhile. */
const FAILURES_MAX = 5;

interface Trouble {
  /** Since it was well. */
  failures: number;
  /** Workers ended, since the start: a restart alone mends that. */
  deaths: number;
  /** Of the last failure. */
  reason: string;
  /** Monotonic: when it may be tried again, and when its rows may be brought elsewhere. */
  againMs: number;
  leaveAgainMs: number;
  /** Flushes of other tables when the trouble began. */
  readonly flushesBefore: number;
  /** Monotonic; null while it is not set aside. */
  asideSinceMs: number | null;
}

export class SetAside {
  readonly #clock: Clock;
  /** A table is set aside, or no longer. */
  readonly #onChange: (tableId: number, isSetAside: boolean) => void;
  readonly #troubles = new Map<number, Trouble>();
  /** That went well. */
  #flushes = 0;

  constructor(clock: Clock, onChange: (tableId: number, isSetAside: boolean) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Rows of some table went into its files: the disk is well. */
  noteFlushed(): void {
    this.#flushes += 1;
  }

  /** The table can be written. A worker's death is not forgotten so. */
  clear(tableId: number): void {
    if (this.isDeadly(tableId)) return;
    const wasAside = this.has(tableId);
    this.#troubles.delete(tableId);
    if (wasAside) this.#onChange(tableId, false);
  }

  /** A flush of a table has ended a worker. */
  noteDeath(tableId: number): void {
    this.#trouble(tableId).deaths += 1;
  }

  /** A try failed. */
  noteFailure(tableId: number, error: Error): void {
    const trouble = this.#trouble(tableId);
    trouble.failures += 1;
    if (trouble.asideSinceMs === null || error instanceof TableRefused) trouble.reason = error.message;
    trouble.againMs = this.#clock.monotonicMs() + Math.min(AGAIN_MS_MIN * 2 ** (trouble.failures - 1), AGAIN_MS_MAX);
    const isItsOwn = error instanceof TableRefused || trouble.deaths >= DEATHS_MAX
      || (trouble.failures >= FAILURES_MAX && this.#flushes > trouble.flushesBefore);
    if (!isItsOwn || trouble.asideSinceMs !== null) return;
    trouble.asideSinceMs = this.#clock.monotonicMs();
    this.#onChange(tableId, true);
  }

  /** Its rows are being brought elsewhere; should that fail, it is not tried again at once. */
  noteLeaving(tableId: number): void {
    this.#trouble(tableId).leaveAgainMs = this.#clock.monotonicMs() + LEAVE_AGAIN_MS;
  }

  /** The table is gone. */
  forget(tableId: number): void {
    this.#troubles.delete(tableId);
  }

  has(tableId: number): boolean {
    return this.#troubles.get(tableId)?.asideSinceMs != null;
  }

  /** Whether a restart alone lets the table be tried again: until then the encoder must not touch its rows. */
  isDeadly(tableId: number): boolean {
    return (this.#troubles.get(tableId)?.deaths ?? 0) >= DEATHS_MAX;
  }

  /** Whether a try is not too early. */
  mayTry(tableId: number): boolean {
    return !this.isDeadly(tableId) && (this.#troubles.get(tableId)?.againMs ?? 0) <= this.#clock.monotonicMs();
  }

  /** Whether the rows of a table that has been set aside for `ageMs` may go elsewhere; after a failed try not at once. */
  mayLeave(tableId: number, ageMs: number): boolean {
    const trouble = this.#troubles.get(tableId);
    if (trouble?.asideSinceMs == null) return false;
    const now = this.#clock.monotonicMs();
    return now >= trouble.leaveAgainMs && now - trouble.asideSinceMs >= ageMs;
  }

  /** Why, in words; '' when it is not set aside. */
  reason(tableId: number): string {
    const trouble = this.#troubles.get(tableId);
    if (trouble?.asideSinceMs == null) return '';
    return this.isDeadly(tableId) ? `writing its files ended ${DEATHS_MAX} workers; it is tried again at the next start` : trouble.reason;
  }

  tables(): number[] {
    return [...this.#troubles.keys()].filter((tableId) => this.has(tableId));
  }

  #trouble(tableId: number): Trouble {
    const known = this.#troubles.get(tableId);
    if (known !== undefined) return known;
    const made: Trouble = { failures: 0, deaths: 0, reason: '', againMs: 0, leaveAgainMs: 0, flushesBefore: this.#flushes, asideSinceMs: null };
    this.#troubles.set(tableId, made);
    return made;
  }
}
