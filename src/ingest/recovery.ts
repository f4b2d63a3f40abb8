/** Which frames must come back into memtables, at start and after a worker's death, and how far that has got. */
import type { Catalog } from '../catalog/catalog.js';
import type { LoggedFrame } from '../log/log.js';
import type { AcceptedBody } from '../worker/protocol.js';
import type { Slot } from './pool.js';
import { Replay, type ReplayParts } from './replay.js';

/** What those who flush know, and want to know. */
interface RecoveryEvents {
  /** Memtables are over their budget and a flush can make room: wait for it. */
  readonly memoryFull: () => boolean;
  /** Rows of a frame are back in memtables. */
  readonly onBack: (rows: AcceptedBody['rows'], number: number) => void;
}

export class Recovery {
  readonly #parts: ReplayParts;
  readonly #catalog: Catalog;
  /** Numbers of this process are above it. */
  readonly #startNumber: number;
  readonly #running = new Set<Replay>();
  /** Frames brought back, by number: the slot that holds them. Others are in the slot that their header names. */
  readonly #broughtInto = new Map<number, number>();
  #allBack: Promise<unknown> = Promise.resolve();

  #events: RecoveryEvents = { memoryFull: () => false, onBack: () => undefined };

  constructor(parts: Omit<ReplayParts, keyof RecoveryEvents>, catalog: Catalog, startNumber: number) {
    this.#catalog = catalog;
    this.#startNumber = startNumber;
    this.#parts = {
      ...parts,
      memoryFull: () => this.#events.memoryFull(),
      onBack: (rows, number, slot) => {
        this.#broughtInto.set(number, slot);
        this.#events.onBack(rows, number);
      },
    };
  }

  /** Names who flushes; before anything is replayed. */
  connect(events: RecoveryEvents): void {
    this.#events = events;
  }

  /** R: no row at or above this number may be flushed; Infinity when all rows are in memtables. */
  get floor(): number {
    let floor = Infinity;
    for (const replay of this.#running) floor = Math.min(floor, replay.floor);
    return floor;
  }

  /** Replays what the log held at start. @param ready resolves when it is known up to which number the rows of each table are in files */
  start(ready: Promise<void> = Promise.resolve()): Promise<number> {
    return this.#replay(0, ready.then(() => this.#startNumber), () => true);
  }

  /**
   * The memtables of a slot are gone: their frames are read again.
   * @param fromNumber the smallest number that is in no file yet
   * @param settled resolves with the last number once all that was appended is synced or given up
   */
  onDeath(slot: Slot, fromNumber: number, settled: Promise<number>): Promise<number> {
    return this.#replay(fromNumber, settled, ({ number, header }) => {
      const holder = this.#broughtInto.get(number) ?? (number > this.#startNumber ? header.slot : undefined);
      return holder === slot.number;
    });
  }

  /** Resolves when nothing is being replayed. */
  async done(): Promise<void> {
    while (this.#running.size > 0) await this.#allBack;
  }

  /** Frames below this number are in files. */
  forgetBelow(number: number): void {
    for (const known of this.#broughtInto.keys()) {
      if (known >= number) return;
      this.#broughtInto.delete(known);
    }
  }

  #replay(fromNumber: number, toNumber: Promise<number>, isLost: (frame: LoggedFrame) => boolean): Promise<number> {
    const replay = new Replay(this.#parts, fromNumber);
    this.#running.add(replay);
    const run = toNumber
      .then((to) => replay.run(to, (frame) => isLost(frame) && this.#isUnflushed(frame)))
      .finally(() => this.#running.delete(replay));
    this.#allBack = Promise.allSettled([this.#allBack, run]);
    return run;
  }

  #isUnflushed({ number, header }: LoggedFrame): boolean {
    return header.tableIds.some((tableId) => (this.#catalog.table(tableId)?.flushedTo ?? Infinity) < number);
  }
}
