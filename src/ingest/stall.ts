/** A worker that shows no sign of life for too long, and what it was at then. */
import type { Clock, Timer } from '../clock.js';
import type { Gauge } from '../worker/gauges.js';

/** What a worker was at when it was ended. */
export type StalledAt =
  | { readonly at: 'body'; readonly place: number }
  | { readonly at: 'flush'; readonly tableId: number }
  | { readonly at: 'orders' };

/** Ends a task: its worker did not come back from a body, or from something else before it came to one. */
export class Stalled extends Error {
  override readonly name = 'Stalled';
  /** Place in the list of the body that it did not come back from; null: none is to blame. */
  readonly place: number | null;

  constructor(place: number | null, msMax: number) {
    super(`the worker did not come back within ${msMax} ms`);
    this.place = place;
  }
}

/** Looks each time so many of which make the limit, and within these bounds. */
const LOOKS = 8;
const LOOK_MS_MIN = 25;
const LOOK_MS_MAX = 1000;

interface Watched {
  readonly gauge: Gauge;
  /** Has the worker show a sign of life, as soon as it is free. */
  readonly ask: () => void;
  readonly onStall: (stalled: StalledAt) => void;
  beats: number | null;
  stillMs: number;
}

/**
 * Watches workers. A worker gives a sign of life with every body it begins and every slice of a flush, and when it is asked
 * for one while it has nothing to do.
 */
export class StallWatch {
  readonly #clock: Clock;
  readonly #stillMsMax: number;
  readonly #lookMs: number;
  readonly #watched = new Map<number, Watched>();
  readonly #timer: Timer;
  #lastLookMs: number;

  constructor(clock: Clock, stillMsMax: number) {
    this.#clock = clock;
    this.#stillMsMax = stillMsMax;
    this.#lookMs = Math.min(Math.max(stillMsMax / LOOKS, LOOK_MS_MIN), LOOK_MS_MAX);
    this.#lastLookMs = clock.monotonicMs();
    this.#timer = clock.every(this.#lookMs, () => this.#look());
  }

  /** Watches a worker until it is forgotten; `onStall` is called once. */
  watch(slot: number, watched: Pick<Watched, 'gauge' | 'ask' | 'onStall'>): void {
    this.#watched.set(slot, { ...watched, beats: null, stillMs: 0 });
  }

  forget(slot: number): void {
    this.#watched.delete(slot);
  }

  close(): void {
    this.#timer.cancel();
  }

  /** A look that comes late counts as two at most: when this process stood still, so did its workers. */
  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = Math.min(nowMs - this.#lastLookMs, 2 * this.#lookMs);
    this.#lastLookMs = nowMs;
    for (const [slot, watched] of this.#watched) {
      const { beats } = watched.gauge;
      if (beats !== watched.beats) {
        watched.beats = beats;
        watched.stillMs = 0;
        watched.ask();
        continue;
      }
      watched.stillMs += passedMs;
      if (watched.stillMs < this.#stillMsMax) continue;
      this.#watched.delete(slot);
      watched.onStall(stalledAt(watched.gauge));
    }
  }
}

/** What it was at, for a sentence. */
export function stallText(stalled: StalledAt): string {
  switch (stalled.at) {
    case 'body': return `body ${stalled.place + 1} of its list`;
    case 'flush': return `a flush of table ${stalled.tableId}`;
    case 'orders': return 'what it was told';
  }
}

function stalledAt({ body, flushing }: Gauge): StalledAt {
  if (body !== null) return { at: 'body', place: body };
  return flushing === null ? { at: 'orders' } : { at: 'flush', tableId: flushing };
}
