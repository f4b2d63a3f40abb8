/** Keeps a thread to a share of a core while others of its process have something to do. */
import { processCpuMs, type Clock } from '../clock.js';

/** Of a core: with less than that in the other threads, the process is idle. */
const IDLE_SHARE = 0.1;
/** The other threads are looked at so often, and a rest is no longer. */
const LOOK_MS = 100;
const REST_MS_MAX = 200;

export class Throttle {
  readonly #clock: Clock;
  readonly #share: number;
  readonly #cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #since: number;
  #lookedMs: number;
  #lookedCpuMs: number;
  /** Work of this thread since the last look. */
  #ranMs = 0;
  #isIdle = false;

  /** @param share of a core, above 0 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
    this.#since = this.#lookedMs = clock.monotonicMs();
    this.#lookedCpuMs = processCpuMs();
  }

  /** Blocks the thread, behind a piece of work, for as long as its share asks. */
  rest(): void {
    const now = this.#clock.monotonicMs();
    const ran = now - this.#since;
    this.#ranMs += ran;
    this.#look(now);
    if (!this.#isIdle && this.#share < 1) Atomics.wait(this.#cell, 0, 0, Math.min(REST_MS_MAX, ran * (1 / this.#share - 1)));
    this.#since = this.#clock.monotonicMs();
  }

  #look(now: number): void {
    const wallMs = now - this.#lookedMs;
    if (wallMs < LOOK_MS) return;
    const cpuMs = processCpuMs();
    this.#isIdle = cpuMs - this.#lookedCpuMs - this.#ranMs < wallMs * IDLE_SHARE;
    this.#lookedMs = now;
    this.#lookedCpuMs = cpuMs;
    this.#ranMs = 0;
  }
}
