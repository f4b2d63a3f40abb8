/** Counts attempts that failed, within bounds: who tries the same wrong token again and again is not looked up any more. */
import type { Clock } from '../../clock.js';
import { RecentMap } from '../../recent-map.js';
import { LogLimit } from '../observe/log-limit.js';

interface FailureLimits {
  /** Failures of one pair of address and credential within a window; past it the pair is refused unseen. */
  readonly failuresMax: number;
  readonly windowMs: number;
  /** Pairs remembered, and addresses of which the log says something in a window; past it the oldest are forgotten. */
  readonly pairsMax: number;
  readonly addressesSaidMax: number;
}

export const FAILURE_LIMITS: FailureLimits = { failuresMax: 10, windowMs: 60_000, pairsMax: 10_000, addressesSaidMax: 100 };

interface Window {
  readonly startMs: number;
  failures: number;
}

export class FailedAttempts {
  readonly #limits: FailureLimits;
  readonly #clock: Clock;
  /** Looked at by `peek` alone, so that they stay in the order of their windows. */
  readonly #windows: RecentMap<string, Window>;
  readonly #logLimit: LogLimit;

  constructor(limits: FailureLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#windows = new RecentMap({ max: limits.pairsMax });
    this.#logLimit = new LogLimit(limits, clock);
  }

  /** Milliseconds for which a pair is refused unseen; 0 when it is not. */
  refusedForMs(pair: string): number {
    const window = this.#windows.peek(pair);
    if (window === undefined || window.failures < this.#limits.failuresMax) return 0;
    return Math.max(0, window.startMs + this.#limits.windowMs - this.#clock.monotonicMs());
  }

  /** Counts a failure of a pair. */
  note(pair: string): void {
    const { windowMs } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const window = this.#windows.peek(pair);
    if (window !== undefined && nowMs < window.startMs + windowMs) {
      window.failures += 1;
      return;
    }
    this.#windows.set(pair, { startMs: nowMs, failures: 1 });
  }

  /** Whether the log has said nothing of an address in this window; from then on it has. */
  shallSay(address: string): boolean {
    return this.#logLimit.shallSay(address);
  }

  /** Forgets all failures: a token that was wrong may be right now. */
  forget(): void {
    this.#windows.clear();
  }
}
