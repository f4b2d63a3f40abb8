/** What a start has done so far: undone, last first, when a later step of it fails. */
import { within } from './clock.js';

/** A step that takes longer is not waited for: the process ends, and with it whatever it held. */
const STEP_MS_MAX = 3000;

export class Undo {
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> | void }[] = [];

  /** @param what in words, for the sentence that says that it could not be undone */
  add(what: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ what, undo });
  }

  /** A step that cannot be undone, or not in time, keeps no other from being undone. @param report takes a sentence on it */
  async run(report: (sentence: string) => void): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await within(STEP_MS_MAX, Promise.resolve(undo()));
      } catch (error) {
        report(`${what} could not be undone after a failed start: ${(error as Error).message}`);
      }
    }
  }
}
