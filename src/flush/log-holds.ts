/** Who copies the log has it kept whole meanwhile: a hold lasts a minute unless it is taken again, so that one that is forgotten ends. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';

const HOLD_MS = 60_000;

export class LogHolds {
  readonly #clock: Clock;
  /** By name, until when on the monotonic clock. */
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether nothing of the log may go now. */
  get isHeld(): boolean {
    for (const [hold, untilMs] of this.#untilMs) if (untilMs <= this.#clock.monotonicMs()) this.#untilMs.delete(hold);
    return this.#untilMs.size > 0;
  }

  /** Takes a hold, or goes on with the one of this name. @returns its name @throws Error when it has ended meanwhile */
  take(before: string | null): string {
    if (before !== null && !(this.isHeld && this.#untilMs.has(before))) throw new Error('the log was not kept whole meanwhile: the copy took too long between two of its steps');
    const hold = before ?? randomUUID();
    this.#untilMs.set(hold, this.#clock.monotonicMs() + HOLD_MS);
    return hold;
  }

  /** @returns false when it had ended before */
  release(hold: string): boolean {
    return this.isHeld && this.#untilMs.delete(hold);
  }
}
