/** Says on stderr how far an import is: in place on a terminal, else a line every few seconds. */
import { systemClock as clock, type Timer } from '../../clock.js';
import { counted, inWords } from '../words.js';
import type { Reached } from './resume.js';

const TERMINAL_MS = 200;
const LINES_MS = 5000;
const MiB = 1024 * 1024;
const ERASE_LINE = '\r\u001b[2K';

export class Progress {
  readonly #file: string;
  /** Share of the file that was read, 0 to 1, or null when it has no end yet. */
  readonly #share: () => number | null;
  readonly #startMs = clock.monotonicMs();
  readonly #startBytes: number;
  readonly #isTerminal = process.stderr.isTTY;
  readonly #timer: Timer;
  #reached: Reached;
  #waitsFor: string | null = null;

  constructor(file: string, reached: Reached, share: () => number | null) {
    this.#file = file;
    this.#share = share;
    this.#reached = reached;
    this.#startBytes = reached.bytes;
    this.#timer = clock.every(this.#isTerminal ? TERMINAL_MS : LINES_MS, () => this.#show());
  }

  /** All up to here was acknowledged. */
  reach(reached: Reached): void {
    this.#reached = reached;
    this.#waitsFor = null;
  }

  /** The server takes nothing now. @param sentence why */
  waitFor(sentence: string): void {
    this.#waitsFor = sentence;
  }

  end(): void {
    this.#timer.cancel();
    if (this.#isTerminal) process.stderr.write(ERASE_LINE);
  }

  #show(): void {
    const { bytes, lines, rejected } = this.#reached;
    const seconds = (clock.monotonicMs() - this.#startMs) / 1000;
    const share = this.#share();
    const parts = [
      ...(share === null ? [] : [`${Math.floor(share * 100)} %`]),
      `${(bytes / MiB).toFixed(1)} MiB`, counted(lines, 'line'), `${rejected} rejected`,
      `${((bytes - this.#startBytes) / MiB / seconds).toFixed(1)} MiB/s`,
      ...(this.#waitsFor === null ? [] : [`waiting: ${inWords(this.#waitsFor)}`]),
    ];
    const text = `${this.#file}: ${parts.join(', ')}`;
    process.stderr.write(this.#isTerminal ? `${ERASE_LINE}${text.slice(0, (process.stderr.columns || 80) - 1)}` : `${text}\n`);
  }
}
