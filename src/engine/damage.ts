/** What was found damaged since the start, in sentences, for /health. */
import type { Logger } from '../logging.js';

/** The first of them say what is wrong; of more than that the rest is in the log. */
const SENTENCES_MAX = 100;

export class Damage {
  readonly #logger: Logger;
  readonly #sentences: string[] = [];
  #more = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Says what is damaged and what was done, in the log and from now on in /health. */
  report(sentence: string): void {
    this.#logger.warn(sentence);
    if (this.#sentences.length < SENTENCES_MAX) this.#sentences.push(sentence);
    else this.#more += 1;
  }

  problems(): string[] {
    return this.#more === 0 ? [...this.#sentences] : [...this.#sentences, `and ${this.#more} more of the kind: the server's log says them`];
  }
}
