/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../../src/clock.js';

interface Alarm {
  atMs: number;
  readonly everyMs: number | null;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  #ms = 1_700_000_000_000;
  /** By how much the clock that people read is set ahead of the other. */
  #aheadMs = 0;
  readonly #alarms = new Set<Alarm>();

  nowNs(): bigint {
    return BigInt(this.nowMs()) * 1_000_000n;
  }

  nowMs(): number {
    return this.#ms + this.#aheadMs;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  after(ms: number, action: () => void): Timer {
    return this.#add({ atMs: this.#ms + ms, everyMs: null, action });
  }

  every(ms: number, action: () => void): Timer {
    return this.#add({ atMs: this.#ms + ms, everyMs: ms, action });
  }

  /** Sets the clock that people read, as an administrator does. */
  jump(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Timers that are set. */
  get waiting(): number {
    return this.#alarms.size;
  }

  /** Moves on by `ms`, ringing what is due in its order. */
  advance(ms: number): void {
    const end = this.#ms + ms;
    for (;;) {
      const due = [...this.#alarms].filter((alarm) => alarm.atMs <= end).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#ms = due.atMs;
      if (due.everyMs === null) this.#alarms.delete(due);
      else due.atMs += due.everyMs;
      due.action();
    }
    this.#ms = end;
  }

  #add(alarm: Alarm): Timer {
    this.#alarms.add(alarm);
    return { cancel: () => this.#alarms.delete(alarm) };
  }
}
