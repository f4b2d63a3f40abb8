/** The signals of a server, heard from its first moment on: what comes during the start waits for its end. */
import type { Clock } from './clock.js';

type StopSignal = 'SIGTERM' | 'SIGINT';

/** A stop that takes longer ends the process all the same; what was acknowledged is in the log. */
export const STOP_MS_MAX = 9500;

export class Signals {
  #stopAsked: StopSignal | null = null;
  #reloadAsked = false;
  #onStop: ((signal: StopSignal) => void) | null = null;
  #onReload: (() => void) | null = null;
  #onLate: () => void = () => undefined;

  /** Takes SIGTERM, SIGINT and SIGHUP over. A second one of the first two ends the process at once, with exit code 1. */
  constructor(clock: Clock) {
    const stop = (signal: NodeJS.Signals): void => {
      if (this.#stopAsked !== null) process.exit(1);
      this.#stopAsked = signal as StopSignal;
      clock.after(STOP_MS_MAX, () => {
        this.#onLate();
        process.exit(0);
      });
      this.#onStop?.(this.#stopAsked);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => {
      this.#reloadAsked = true;
      this.#onReload?.();
    });
  }

  /** The signal that asked to stop, or null. */
  get stopAsked(): StopSignal | null {
    return this.#stopAsked;
  }

  /** Calls `action` when a stop is asked for, at once if it was; and `late` before the process ends by itself, for it took too long. */
  onStop(action: (signal: StopSignal) => void, late: () => void): void {
    this.#onStop = action;
    this.#onLate = late;
    if (this.#stopAsked !== null) action(this.#stopAsked);
  }

  /** Calls `action` for every SIGHUP, and once at once if one came before. */
  onReload(action: () => void): void {
    this.#onReload = action;
    if (this.#reloadAsked) action();
  }
}
