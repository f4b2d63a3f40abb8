/** Whose turn it is: so many at once, some more wait for a while. */
import type { Clock } from '../clock.js';
import { SluiceError } from '../errors.js';

interface TurnLimits {
  readonly atOnceMax: number;
  readonly waitingMax: number;
  readonly waitMsMax: number;
}

export class QueryTurns {
  readonly #limits: TurnLimits;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limits: TurnLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /**
   * Takes a turn, which `leave` gives back.
   * @param gone is aborted when nobody wants it any more
   * @throws SluiceError queries-full when none came in time; the reason of `gone`
   */
  async take(gone: AbortSignal): Promise<void> {
    const { atOnceMax, waitMsMax, waitingMax } = this.#limits;
    gone.throwIfAborted();
    if (this.#taken < atOnceMax) {
      this.#taken += 1;
      return;
    }
    if (this.#waiting.length >= waitingMax) throw new SluiceError('queries-full', `${atOnceMax} run and ${waitingMax} wait`);
    await new Promise<void>((resolve, reject) => {
      const over = (settle: () => void): void => {
        timer.cancel();
        gone.removeEventListener('abort', leave);
        const at = this.#waiting.indexOf(turn);
        if (at >= 0) this.#waiting.splice(at, 1);
        settle();
      };
      const turn = (): void => over(resolve);
      const leave = (): void => over(() => reject(gone.reason as Error));
      const timer = this.#clock.after(waitMsMax, () => over(() => reject(new SluiceError('queries-full', `none of ${atOnceMax} ended within ${waitMsMax} ms`))));
      gone.addEventListener('abort', leave);
      this.#waiting.push(turn);
    });
  }

  /** The turn goes to who waits longest. */
  leave(): void {
    const next = this.#waiting[0];
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
