/** What was found damaged since the start: the log says it once, /health as long as the server runs, within bounds. */
import type { Logger } from '../logging.js';
import { RecentMap } from '../recent-map.js';

/** Sentences that /health says; all of them stand in the log. */
const SENTENCES_MAX = 100;

export class Damage {
  readonly #logger: Pick<Logger, 'warn'>;
  #forgotten = 0;
  readonly #sentences = new RecentMap<string, true>({
    max: SENTENCES_MAX, dispose: (_value, _sentence, why) => (this.#forgotten += why === 'evict' ? 1 : 0),
  });

  constructor(logger: Pick<Logger, 'warn'>) {
    this.#logger = logger;
  }

  /** Says what is damaged and what was done about it; for /health, a sentence that was said before counts once. */
  report(sentence: string): void {
    this.#logger.warn(sentence);
    this.#sentences.set(sentence, true);
  }

  /** The last sentences, oldest first, behind one that says how many are left out. */
  problems(): string[] {
    const last = [...this.#sentences.keys()].reverse();
    return this.#forgotten === 0 ? last : [`${this.#forgotten} older reports of damage stand in the log of the server alone`, ...last];
  }
}
