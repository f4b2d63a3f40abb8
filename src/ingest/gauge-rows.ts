/** Which slot has which row of the gauges. */
import { Gauge, makeGauges } from '../worker/gauges.js';

/** Rows for each thread: a thread that was told to end may write once more, so a row is used again as late as can be. */
const ROWS_PER_THREAD = 4;

export class GaugeRows {
  /** What workers map. */
  readonly memory: SharedArrayBuffer;
  readonly #rows: number;
  readonly #taken = new Set<number>();
  #next = 0;

  constructor(threads: number) {
    this.#rows = threads * ROWS_PER_THREAD;
    this.memory = makeGauges(this.#rows);
  }

  /** Takes a row, cleared. There are more of them than slots. */
  take(): { readonly row: number; readonly gauge: Gauge } {
    while (this.#taken.has(this.#next)) this.#next = (this.#next + 1) % this.#rows;
    const row = this.#next;
    this.#next = (row + 1) % this.#rows;
    this.#taken.add(row);
    const gauge = new Gauge(this.memory, row);
    gauge.begin();
    return { row, gauge };
  }

  /** Gives a row back: what it says counts no more. */
  give(row: number): void {
    new Gauge(this.memory, row).end();
    this.#taken.delete(row);
  }
}
