/** SIGINT and SIGTERM in a command that has something to say before it ends. */
import { inWords } from './words.js';

const CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

/** The command was stopped by a signal. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: string;

  constructor(signal: string, message = `stopped by ${signal}`) {
    super(message);
    this.signal = signal;
  }

  /** As a shell gives it for a process that a signal ended. */
  get exitCode(): number {
    return CODES[this.signal] ?? 1;
  }
}

/**
 * Takes the signals of this process: the first one is told, a second one ends it at once.
 * @returns resolves with the name of the first; never when none comes
 */
export function firstSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of Object.keys(CODES) as NodeJS.Signals[]) {
      process.once(signal, () => {
        resolve(signal);
        process.on(signal, () => process.exit(CODES[signal]));
      });
    }
  });
}

/**
 * From now on a signal has this undone, beside all that still runs, and then ends the process as if nobody had taken it: a
 * way out by process.exit would wait for DuckDB's threads.
 */
export function undoOnSignal(undo: () => Promise<void>): void {
  for (const signal of Object.keys(CODES) as NodeJS.Signals[]) {
    process.once(signal, () => {
      undo().catch((error: Error) => process.stderr.write(`sluice: ${inWords(error.message)}\n`)).finally(() => {
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      });
    });
  }
}
