/**
 * The only reader of the clock and maker of timers, so that a test can replace it. Ages and waits go by the monotonic
 * clock; the other one may be set back or ahead at any moment, and is for what people and other programs read.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Nanoseconds since 1970 UTC. */
  nowNs(): bigint;
  /** Milliseconds since 1970 UTC. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back; its zero means nothing. */
  monotonicMs(): number;
  /** Calls `action` once after `ms`. The timer keeps no process alive. */
  after(ms: number, action: () => void): Timer;
  /** Calls `action` every `ms`. The timer keeps no process alive. */
  every(ms: number, action: () => void): Timer;
}

/**
 * What the monotonic clock said, or would have said, at a time that was written down by the other: so that ages go on
 * whatever is done to that one. A time that is still to come counts as now. Only for ages: a clock that is set ahead
 * before this is asked makes it earlier.
 */
export function monotonicAt(wallMs: number, clock: Clock): number {
  return clock.monotonicMs() - Math.max(0, clock.nowMs() - wallMs);
}

/** The fine clock does not follow when the system's clock is set: past this difference it is set anew. */
const DRIFT_MS_MAX = 50;
let originMs = performance.timeOrigin;

export const systemClock: Clock = {
  nowNs() {
    if (Math.abs(originMs + performance.now() - Date.now()) > DRIFT_MS_MAX) originMs = Date.now() - performance.now();
    return BigInt(Math.round((originMs + performance.now()) * 1000)) * 1000n;
  },
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(ms, action) {
    const timer = setInterval(action, ms).unref();
    return { cancel: () => clearInterval(timer) };
  },
};

/** Resolves after `ms`; unlike a timer it keeps the process alive until then. For commands that wait. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Settles as `work` does, or rejects after `ms`. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = systemClock.after(ms, () => reject(new Error(`${ms} ms are over`)));
  });
  return Promise.race([work, over]).finally(() => timer?.cancel());
}

/** Stops this thread for `ms`, timers and all. For the end of a process, when nothing else is to be done. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** CPU time of all threads of this process so far, in milliseconds. */
export function processCpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (user + system) / 1000;
}
