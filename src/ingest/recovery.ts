/** Which frames must come back into memtables, at start and after a worker's death, and how far that has got. */
import type { Catalog } from '../catalog/catalog.js';
import type { Timer } from '../clock.js';
import type { LoggedFrame } from '../log/log.js';
import type { AcceptedBody } from '../worker/protocol.js';
import { hasSeq, SeqList } from './seq-list.js';
import type { Slot } from './pool.js';
import { Replay, type ReplayParts } from './replay.js';

/** Who waits for rows to come back, none of which does for so long, is told. */
const STUCK_MS = 60_000;

/** What those who flush know, and want to know. */
interface RecoveryEvents {
  /** Memtables are over their budget and a flush can make room: wait for it. */
  readonly memoryFull: () => boolean;
  /** Rows of a frame are back in memtables. */
  readonly onBack: (rows: AcceptedBody['rows'], seq: number) => void;
}

export class Recovery {
  readonly #parts: ReplayParts;
  readonly #catalog: Catalog;
  /** Seqs of this process are above it. */
  readonly #startSeq: number;
  readonly #running = new Set<Replay>();
  /** By slot, the frames that were brought back into it. Others are in the slot that their header names. */
  readonly #broughtInto = new Map<number, SeqList>();
  /** What the log held at the start; it counts as under way before it begins. */
  readonly #first: Replay;
  readonly #framesTotal: number;
  #begin: (run: Promise<unknown>) => void = () => undefined;
  #hasBegun = false;
  /** The catalog knows which rows are in files. */
  #isReady = false;
  #allBack: Promise<unknown>;

  #events: RecoveryEvents = { memoryFull: () => false, onBack: () => undefined };

  constructor(parts: Omit<ReplayParts, keyof RecoveryEvents>, catalog: Catalog, start: { readonly startSeq: number; readonly framesCount: number }) {
    this.#catalog = catalog;
    this.#startSeq = start.startSeq;
    this.#framesTotal = start.framesCount;
    this.#parts = {
      ...parts,
      memoryFull: () => this.#events.memoryFull(),
      onBack: (rows, seq, slot) => {
        this.#noteBrought(slot, seq);
        this.#events.onBack(rows, seq);
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

  /** R: no row at or above this seq may be flushed; Infinity when all rows are in memtables. */
  get floor(): number {
    let floor = Infinity;
    for (const replay of this.#running) floor = Math.min(floor, replay.floor);
    return floor;
  }

  /** What is remembered of frames that were brought back, until they are in files. */
  get bytes(): number {
    let bytes = 0;
    for (const seqs of this.#broughtInto.values()) bytes += seqs.bytes;
    return bytes;
  }

  /**
   * Replays what the log held at start. Until all of it is back R is at most its first frame.
   * @param ready resolves when the catalog knows which of its rows are in files
   */
  start(ready: Promise<void>): Promise<number> {
    this.#hasBegun = true;
    const run = this.#run(this.#first, ready.then(() => {
      this.#isReady = true;
      return this.#startSeq;
    }), () => true);
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
   * @param fromSeq the smallest seq that is in no file yet
   * @param settled resolves with the last seq once all that was appended is synced or given up
   */
  onDeath(slot: Slot, fromSeq: number, settled: Promise<number>): Promise<number> {
    const brought = this.#broughtInto.get(slot.number)?.sorted() ?? new Float64Array();
    this.#broughtInto.delete(slot.number);
    // A frame is brought elsewhere only after the death of the slot that its header names, and a slot dies once.
    return this.#replay(fromSeq, settled, ({ seq, header }) => (seq > this.#startSeq && header.slot === slot.number) || hasSeq(brought, seq));
  }

  /** Sentences on what keeps rows from coming back. */
  problems(): string[] {
    return [...this.#running].flatMap((replay) => replay.problems());
  }

  /** Resolves when nothing is being replayed. @throws Error with a sentence when no row came back for a minute */
  async done(): Promise<void> {
    const { clock } = this.#parts;
    while (this.#running.size > 0) {
      const passed = this.#passed;
      let timer: Timer | undefined;
      const isOver = await Promise.race([
        this.#allBack.then(() => false),
        new Promise<boolean>((resolve) => (timer = clock.after(STUCK_MS, () => resolve(true)))),
      ]);
      timer?.cancel();
      if (!isOver || !this.#isReady || passed !== this.#passed) continue;
      throw new Error(`rows are being read back from the log, and for ${STUCK_MS / 1000} s none came: ${this.problems()[0] ?? 'the log of the server may say why'}`);
    }
  }

  /** Changes with each frame that is back. */
  get #passed(): string {
    return [...this.#running].map(({ passed }) => passed).join();
  }

  /** Frames below this seq are in files. */
  forgetBelow(seq: number): void {
    for (const [slot, seqs] of this.#broughtInto) {
      seqs.forgetBelow(seq);
      if (seqs.bytes === 0) this.#broughtInto.delete(slot);
    }
  }

  #noteBrought(slot: number, seq: number): void {
    let seqs = this.#broughtInto.get(slot);
    if (seqs === undefined) this.#broughtInto.set(slot, (seqs = new SeqList()));
    seqs.add(seq);
  }

  #replay(fromSeq: number, toSeq: Promise<number>, isLost: (frame: LoggedFrame) => boolean): Promise<number> {
    const replay = new Replay(this.#parts, fromSeq);
    this.#running.add(replay);
    const run = this.#run(replay, toSeq, isLost);
    this.#allBack = Promise.allSettled([this.#allBack, run]);
    return run;
  }

  #run(replay: Replay, toSeq: Promise<number>, isLost: (frame: LoggedFrame) => boolean): Promise<number> {
    return toSeq
      .then((to) => replay.run(to, (frame) => isLost(frame) && this.#isUnflushed(frame)))
      .finally(() => this.#running.delete(replay));
  }

  #isUnflushed({ seq, header }: LoggedFrame): boolean {
    return header.tableIds.some((tableId) => (this.#catalog.table(tableId)?.flushedTo ?? Infinity) < seq);
  }
}
