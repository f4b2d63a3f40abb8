/** Keeps the log short: of an address it says something once in a window, and of a limited number of them. */
import type { Clock } from '../../clock.js';

interface SaidLimits {
  readonly windowMs: number;
  /** Addresses of which something is said in a window. */
  readonly addressesSaidMax: number;
}

export class LogLimit {
  readonly #limits: SaidLimits;
  readonly #clock: Clock;
  readonly #addresses = new Set<string>();
  #sinceMs: number;

  constructor(limits: SaidLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  /** Whether the log has said nothing of an address in this window; from then on it has. */
  shallSay(address: string): boolean {
    const { windowMs, addressesSaidMax } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#sinceMs + windowMs) {
      this.#addresses.clear();
      this.#sinceMs = nowMs;
    }
    if (this.#addresses.size >= addressesSaidMax || this.#addresses.has(address)) return false;
    this.#addresses.add(address);
    return true;
  }
}
