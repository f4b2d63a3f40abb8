/** Which frames must come back into memtables, at start and after a worker's death, and how far that has got. */
import type { Catalog } from '../catalog/catalog.js';
import type { LoggedFrame } from '../log/log.js';
import type { AcceptedBody } from '../worker/protocol.js';
import { hasNumber, NumberList } from './number-list.js';
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
  /** By slot, the frames that were brought back into it. Others are in the slot that their header names. */
  readonly #broughtInto = new Map<number, NumberList>();
  /** What the log held at the start; it counts as under way before it begins. */
  readonly #first: Replay;
  readonly #framesTotal: number;
  #begin: (run: Promise<unknown>) => void = () => undefined;
  #hasBegun = false;
  #allBack: Promise<unknown>;

  #events: RecoveryEvents = { memoryFull: () => false, onBack: () => undefined };

  constructor(parts: Omit<ReplayParts, keyof RecoveryEvents>, catalog: Catalog, start: { readonly startNumber: number; readonly framesCount: number }) {
    this.#catalog = catalog;
    this.#startNumber = start.startNumber;
    this.#framesTotal = start.framesCount;
    this.#parts = {
      ...parts,
      memoryFull: () => this.#events.memoryFull(),
      onBack: (rows, number, slot) => {
        this.#noteBrought(slot, number);
        this.#events.onBack(rows, number);
      },
    };
    this.#first = new Replay(this.#parts, 0);
    this.#running.add(this.#first);
    this.#allBack = new Promise((resolve) => (this.#begin = resolve));
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

  /** What is remembered of frames that were brought back, until they are in files. */
  get bytes(): number {
    let bytes = 0;
    for (const numbers of this.#broughtInto.values()) bytes += numbers.bytes;
    return bytes;
  }

  /**
   * Replays what the log held at start. Until all of it is back R is at most its first frame.
   * @param ready resolves when the catalog knows which of its rows are in files
   */
  start(ready: Promise<void>): Promise<number> {
    this.#hasBegun = true;
    const run = this.#run(this.#first, ready.then(() => this.#startNumber), () => true);
    this.#begin(Promise.allSettled([run]));
    return run;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** How far `start` is, in a sentence; null before its first frame and after its last. */
  get progress(): string | null {
    const { passed } = this.#first;
    if (passed === 0 || !this.#running.has(this.#first)) return null;
    return `the log is read back: ${passed} of ${this.#framesTotal} frames are`;
  }

  /**
   * The memtables of a slot are gone: their frames are read again.
   * @param fromNumber the smallest number that is in no file yet
   * @param settled resolves with the last number once all that was appended is synced or given up
   */
  onDeath(slot: Slot, fromNumber: number, settled: Promise<number>): Promise<number> {
    const brought = this.#broughtInto.get(slot.number)?.sorted() ?? new Float64Array();
    this.#broughtInto.delete(slot.number);
    // A frame is brought elsewhere only after the death of the slot that its header names, and a slot dies once.
    return this.#replay(fromNumber, settled, ({ number, header }) => (number > this.#startNumber && header.slot === slot.number) || hasNumber(brought, number));
  }

  /** Resolves when nothing is being replayed. */
  async done(): Promise<void> {
    while (this.#running.size > 0) await this.#allBack;
  }

  /** Frames below this number are in files. */
  forgetBelow(number: number): void {
    for (const [slot, numbers] of this.#broughtInto) {
      numbers.forgetBelow(number);
      if (numbers.bytes === 0) this.#broughtInto.delete(slot);
    }
  }

  #noteBrought(slot: number, number: number): void {
    let numbers = this.#broughtInto.get(slot);
    if (numbers === undefined) this.#broughtInto.set(slot, (numbers = new NumberList()));
    numbers.add(number);
  }

  #replay(fromNumber: number, toNumber: Promise<number>, isLost: (frame: LoggedFrame) => boolean): Promise<number> {
    const replay = new Replay(this.#parts, fromNumber);
    this.#running.add(replay);
    const run = this.#run(replay, toNumber, isLost);
    this.#allBack = Promise.allSettled([this.#allBack, run]);
    return run;
  }

  #run(replay: Replay, toNumber: Promise<number>, isLost: (frame: LoggedFrame) => boolean): Promise<number> {
    return toNumber
      .then((to) => replay.run(to, (frame) => isLost(frame) && this.#isUnflushed(frame)))
      .finally(() => this.#running.delete(replay));
  }

  #isUnflushed({ number, header }: LoggedFrame): boolean {
    return header.tableIds.some((tableId) => (this.#catalog.table(tableId)?.flushedTo ?? Infinity) < number);
  }
}
