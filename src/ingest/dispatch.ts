/** Hands bodies to workers as lists: what arrives while all are busy goes out together. */
import type { Pool, Slot } from './pool.js';
import { Stalled } from './stall.js';
import type { BodyOutcome, BodyTask } from '../worker/protocol.js';

/** A list ends at either. */
const LIST_BODIES_MAX = 256;
const LIST_BYTES_MAX = 1024 * 1024;

/** What became of a body, and in which slot its rows wait. */
export interface SlotOutcome {
  readonly slot: Slot;
  readonly outcome: BodyOutcome;
}

interface Waiting {
  readonly task: BodyTask;
  /** Nobody waits for it any more. */
  readonly isOver: () => boolean;
  readonly resolve: (parsed: SlotOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class Dispatcher {
  readonly #pool: Pool;
  #live: Waiting[] = [];
  #replayed: Waiting[] = [];
  /** Bodies that must be the only one of their task: they may kill a worker. */
  #alone: Waiting[] = [];

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Has one body parsed. Promises of one slot settle in the order of its ordinals.
   * Replayed bodies wait for live ones, but never for more than one list of them.
   * @param alone no other body shares its task
   * @param isOver nobody waits for it any more: it is not parsed when it has not been by then
   * @throws Stalled when the worker did not come back from it, another Error when the worker dies with it: nothing of the
   * body is stored
   */
  parse(task: BodyTask, alone = false, isOver = (): boolean => false): Promise<SlotOutcome> {
    return new Promise((resolve, reject) => {
      const queue = alone ? this.#alone : task.replay ? this.#replayed : this.#live;
      queue.push({ task, isOver, resolve, reject });
      this.dispatch();
    });
  }

  /** Gives waiting bodies to idle workers; also called when a slot is added. */
  dispatch(): void {
    while (this.#live.length + this.#replayed.length + this.#alone.length > 0) {
      const slot = this.#pool.idleSlot();
      if (slot === undefined) return;
      const list = this.#takeList();
      if (list.length > 0) void this.#run(slot, list);
    }
  }

  /** Live bodies first; beside them one replayed body, so that replay goes on under load, or a list of those alone. */
  #takeList(): Waiting[] {
    if (this.#alone.length > 0) return takeUpTo(this.#alone, 1);
    const live = takeUpTo(this.#live, LIST_BODIES_MAX);
    return [...live, ...takeUpTo(this.#replayed, live.length > 0 ? 1 : LIST_BODIES_MAX)];
  }

  async #run(slot: Slot, list: readonly Waiting[]): Promise<void> {
    try {
      const { outcomes } = await this.#pool.parse(slot, list.map(({ task }) => task));
      list.forEach(({ resolve }, i) => resolve({ slot, outcome: outcomes[i]! }));
    } catch (error) {
      this.#failed(list, error as Error);
    }
    this.dispatch();
  }

  /** Of a list whose worker did not come back from one of its bodies the others wait again, before all that came later. */
  #failed(list: readonly Waiting[], error: Error): void {
    const blamed = error instanceof Stalled && error.place !== null ? list[error.place] : undefined;
    const again = blamed === undefined ? [] : list.filter((waiting) => waiting !== blamed);
    this.#live.unshift(...again.filter(({ task }) => task.replay === undefined));
    this.#replayed.unshift(...again.filter(({ task }) => task.replay !== undefined));
    for (const { reject } of blamed === undefined ? list : [blamed]) reject(error);
  }
}

/** Takes bodies off the front of a queue, up to a number or LIST_BYTES_MAX; those that nobody waits for any more fail. */
function takeUpTo(queue: Waiting[], bodiesMax: number): Waiting[] {
  const list: Waiting[] = [];
  let passed = 0;
  for (let bytes = 0; passed < queue.length && list.length < bodiesMax && bytes < LIST_BYTES_MAX; passed += 1) {
    const waiting = queue[passed]!;
    if (waiting.isOver()) {
      waiting.reject(new Error('its time was over before it was parsed'));
    } else {
      list.push(waiting);
      bytes += waiting.task.bytes;
    }
  }
  queue.splice(0, passed);
  return list;
}
