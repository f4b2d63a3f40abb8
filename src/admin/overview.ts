/** What a server is at, at one moment: for `sluice status`. */
import type { Clock } from '../clock.js';
import type { Metric } from '../metrics.js';
import { VERSION } from '../version.js';

/** A worker thread. */
interface WorkerState {
  readonly number: number;
  readonly busy: boolean;
  /** What its rows hold. */
  readonly memtableBytes: number;
}

/** All of it, as JSON can say it. */
export interface OverviewNow {
  readonly version: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Milliseconds since the engine was opened. */
  readonly upMs: number;
  /** Milliseconds of a clock that never goes back: rates are of what two of these differ by. */
  readonly atMs: number;
  /** Addresses that clients reach it by; empty for a command that holds the folder, and until the server listens. */
  readonly listeners: readonly string[];
  /** Why no write is taken now, or null. */
  readonly refusal: string | null;
  /** Sentences on what is wrong, tables set aside and maintenance that fails among them. */
  readonly problems: readonly string[];
  readonly databases: number;
  readonly tables: number;
  /** Age of the oldest row that is in the log alone; null when none is. */
  readonly oldestRowMs: number | null;
  readonly workers: readonly WorkerState[];
  readonly memory: {
    /** For rows, in all workers. */
    readonly rowsBytesMax: number;
    /** Of the process: all of it, and what JavaScript's objects take of that. */
    readonly residentBytes: number;
    readonly heapBytes: number;
  };
  /** What is counted, as /metrics has it, the front end's too. */
  readonly metrics: readonly Metric[];
}

interface OverviewParts {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly memoryBytesMax: number;
  readonly problems: () => readonly string[];
  readonly refusal: () => string | null;
  readonly metrics: () => readonly Metric[];
  readonly counts: () => { readonly databases: number; readonly tables: number };
  readonly workers: () => readonly WorkerState[];
  /** The smallest number (microseconds since 1970) of a row that is in the log alone; Infinity for none. */
  readonly firstUnflushed: () => number;
}

/** The front end, once there is one. */
interface FrontEndParts {
  readonly listeners: readonly string[];
  readonly metrics: () => readonly Metric[];
}

export class Overview {
  readonly #parts: OverviewParts;
  readonly #beganMs: number;
  #frontEnd: FrontEndParts | null = null;

  constructor(parts: OverviewParts) {
    this.#parts = parts;
    this.#beganMs = parts.clock.monotonicMs();
  }

  /** The server listens. */
  attach(frontEnd: FrontEndParts): void {
    this.#frontEnd = frontEnd;
  }

  now(): OverviewNow {
    const { clock, counts, dataDir, firstUnflushed, memoryBytesMax, metrics, problems, refusal, workers } = this.#parts;
    const atMs = clock.monotonicMs();
    const first = firstUnflushed();
    const { heapUsed, rss } = process.memoryUsage();
    return {
      version: VERSION, pid: process.pid, dataDir, atMs, upMs: atMs - this.#beganMs,
      listeners: this.#frontEnd?.listeners ?? [],
      refusal: refusal(), problems: problems(), ...counts(),
      oldestRowMs: Number.isFinite(first) ? Math.max(0, clock.nowMs() - Math.floor(first / 1000)) : null,
      workers: workers().map(({ busy, memtableBytes, number }) => ({ number, busy, memtableBytes })).toSorted((a, b) => a.number - b.number),
      memory: { rowsBytesMax: memoryBytesMax, residentBytes: rss, heapBytes: heapUsed },
      metrics: [...metrics(), ...(this.#frontEnd?.metrics() ?? [])],
    };
  }
}
