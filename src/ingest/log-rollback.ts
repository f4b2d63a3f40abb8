/** After a failed write or sync of the log: takes unsynced rows back out of the memtables, then has the log start anew. */
import type { Clock } from '../clock.js';
import type { Log } from '../log/log.js';
import type { Logger } from '../logging.js';
import { GIVEN_UP } from '../worker/protocol.js';
import type { Pool, Slot } from './pool.js';

/** A log that cannot be healed is tried again after this. */
const HEAL_AGAIN_MS = 1000;

export class LogRollback {
  readonly #log: Log;
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Slots that have not rolled back yet. */
  readonly #waiting = new Set<Slot>();
  /** Why the log could not be healed, as it was said last. */
  #saidReason = '';

  constructor(parts: { log: Log; pool: Pool; clock: Clock; logger: Logger }) {
    this.#log = parts.log;
    this.#pool = parts.pool;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** The log has failed: every frame above its last synced number is given up. */
  onLogFailure(lastSynced: number, reason: Error): void {
    this.#logger.error(`the log could not be written, so that writes are refused until it can, and frames above ${lastSynced} are given up: ${reason.message}`);
    for (const slot of this.#pool.slots()) {
      slot.rolledBackBelow = Infinity;
      this.#waiting.add(slot);
      slot.tell({ say: 'roll-back', keptTo: lastSynced });
    }
    this.#healWhenAllHave();
  }

  onRolledBack(slot: Slot, nextOrdinal: number): void {
    slot.rolledBackBelow = nextOrdinal;
    // Results come another way than this answer: bodies parsed after the rollback may have been refused before it came.
    for (let ordinal = nextOrdinal; ordinal <= slot.refusedTo; ordinal += 1) slot.giveSeq(ordinal, GIVEN_UP);
    this.#waiting.delete(slot);
    this.#healWhenAllHave();
  }

  onDeath(slot: Slot): void {
    if (this.#waiting.delete(slot)) this.#healWhenAllHave();
  }

  #healWhenAllHave(): void {
    if (this.#waiting.size > 0) return;
    this.#log.heal().then(
      () => {
        this.#saidReason = '';
        this.#logger.info('the log can be written again: writes are taken');
      },
      (error: Error) => {
        if (error.message !== this.#saidReason) this.#logger.warn(`the log cannot be written yet, which is tried again each second: ${error.message}`);
        this.#saidReason = error.message;
        this.#clock.after(HEAL_AGAIN_MS, () => this.#healWhenAllHave());
      },
    );
  }
}
