/** Keeps the Delta logs of tables short: a checkpoint each so many commits, behind the commits and never in their way. */
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.js';
import { tableSubject, type MaintenanceTroubles } from '../maintenance-troubles.js';
import type { Expected } from './delta/checkpoint-writing.js';
import type { CareOrder, CareResult } from './log-thread.js';

interface LogCareParts {
  readonly care: (order: CareOrder) => Promise<CareResult>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly troubles: MaintenanceTroubles;
  readonly node: string;
  readonly logAgeMs: number;
  readonly seqMax: () => number;
}

/** A table whose log is long enough. */
interface Wanted {
  readonly tableId: number;
  /** Below the root of the tables. */
  readonly folder: string;
  readonly expected: Expected;
}

export class LogCare {
  readonly #parts: LogCareParts;
  /** By table id, those that wait. */
  readonly #wanted = new Map<number, Wanted>();
  #at: number | null = null;
  /** The table that is worked at was dropped. */
  #isAtDropped = false;
  #stopped = false;
  /** Since the start. */
  readonly counts = { checkpoints: 0, logFilesRemoved: 0 };

  constructor(parts: LogCareParts) {
    this.#parts = parts;
  }

  /** Has a checkpoint made, one table after another. One that cannot be made is tried again when the table wants the next. */
  want(wanted: Wanted): void {
    if (this.#stopped) return;
    this.#wanted.set(wanted.tableId, wanted);
    if (this.#at === null) void this.#run();
  }

  /** Whether something may be written into the folder of a table, also after it was dropped. */
  isAt(tableId: number): boolean {
    return this.#at === tableId;
  }

  /** Nothing more begins. */
  stop(): void {
    this.#stopped = true;
    this.#wanted.clear();
  }

  /** Tables that were dropped get none. */
  forget(tableIds: readonly number[]): void {
    for (const tableId of tableIds) {
      this.#wanted.delete(tableId);
      if (this.#at === tableId) this.#isAtDropped = true;
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#wanted.values();
      this.#at = next?.tableId ?? null;
      this.#isAtDropped = false;
      if (next === undefined) return;
      this.#wanted.delete(next.tableId);
      await this.#make(next);
    }
  }

  async #make({ expected, folder, tableId }: Wanted): Promise<void> {
    const { care, clock, logAgeMs, logger, node, seqMax, troubles } = this.#parts;
    const subject = tableSubject({ id: tableId, folder });
    try {
      const made = await care({ folder, node, seqMax: seqMax(), expected, logAgeMs, nowMs: clock.nowMs() });
      troubles.clear('checkpoint', subject);
      if (made === null) return;
      this.counts.checkpoints += 1;
      this.counts.logFilesRemoved += made.filesGone;
      logger.debug(`table ${folder}: checkpoint of version ${made.version}, ${made.files} files, ${made.bytes} bytes; ${made.filesGone} files of its log are removed`);
    } catch (error) {
      if (this.#stopped || this.#isAtDropped) return;
      if (troubles.note('checkpoint', subject, (error as Error).message)) logger.warn(`table ${folder}: its log got no checkpoint: ${(error as Error).message}`);
    }
  }
}
