/** Slows reading down while body memory is short: who must wait, for how long, and who goes on. */
import type { Clock, Timer } from '../../clock.js';
import type { BodyMemory } from '../../ingest/body-memory.js';

/** A body being received. */
export interface Reader {
  pause(): void;
  resume(): void;
  /** It has waited long enough: it must free its blocks and be refused. */
  giveUp(): void;
}

interface ThrottleLimits {
  /** Under so many free blocks readers wait. What is left takes up what had been read when they were paused. */
  readonly freeBlocksLow: number;
  /** The longest wait of a reader. */
  readonly waitMsMax: number;
}

/**
 * While fewer than `freeBlocksLow` blocks are free every reader but one waits, the longest waiting first in line. The
 * one goes on with the rest of the memory, so that bodies that together are too much never wait for each other alone.
 */
export class Throttle {
  readonly #memory: BodyMemory;
  readonly #limits: ThrottleLimits;
  readonly #clock: Clock;
  #favoured: Reader | null = null;
  /** In the order of their coming. */
  readonly #waiting = new Map<Reader, Timer>();

  /** Becomes the listener of `memory.onFree`. */
  constructor(memory: BodyMemory, limits: ThrottleLimits, clock: Clock) {
    this.#memory = memory;
    this.#limits = limits;
    this.#clock = clock;
    memory.onFree(() => this.#wake());
  }

  /** To be called after each chunk but the last: pauses the reader when it has to wait. */
  check(reader: Reader): void {
    if (this.#memory.freeBlocks >= this.#limits.freeBlocksLow || reader === this.#favoured || this.#waiting.has(reader)) return;
    if (this.#favoured === null) {
      this.#favoured = reader;
      return;
    }
    reader.pause();
    this.#waiting.set(reader, this.#clock.after(this.#limits.waitMsMax, () => {
      this.done(reader);
      reader.giveUp();
    }));
  }

  /** To be called when a reader has ended, in whatever way. */
  done(reader: Reader): void {
    this.#release(reader);
    if (reader !== this.#favoured) return;
    this.#favoured = null;
    this.#wake();
  }

  #wake(): void {
    for (const reader of this.#waiting.keys()) {
      if (this.#memory.freeBlocks < this.#limits.freeBlocksLow) {
        if (this.#favoured !== null) return;
        this.#favoured = reader;
      }
      this.#release(reader);
    }
  }

  #release(reader: Reader): void {
    const timer = this.#waiting.get(reader);
    if (timer === undefined) return;
    timer.cancel();
    this.#waiting.delete(reader);
    reader.resume();
  }
}
