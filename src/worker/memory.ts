/** The memory of a worker: the instance of the module that it works with, and how that is kept small after flushes. */
import { collectGarbage } from './gc.js';
import { Slices } from './flush/slices.js';
import { Move } from './wasm/move.js';
import type { ParserLimits } from '../model/limits.js';
import { WasmParser } from './wasm/wasm.js';

/** Of a worker's share: what it may hold that no row needs. */
const SPARE_SHARE = 1 / 4;
/** Tables and columns that a fresh instance is told between two turns of others: a millisecond or two. */
const MOVED_ITEMS = 1024;
/** Rows that may be moved, since nothing else is done meanwhile: a millisecond a MiB. */
const MOVED_BYTES_MAX = 4 * 1024 * 1024;
/** And of its share: when a body found no room, bodies wait all the same. */
const MOVED_SHARE = 1 / 2;
/** Linear memory below this is not worth leaving: a few bodies need it. WASM memory never shrinks. */
export const MOVE_BYTES_MIN = 64 * 1024 * 1024;
/** The same when a body found no room. */
const CRAMPED_BYTES_MIN = 16 * 1024 * 1024;
/** What is spare is counted when there are at most so many tables to each flush since: counting looks at all of them. */
const TABLES_PER_FLUSH = 64;

interface MemoryParts {
  readonly module: WebAssembly.Module;
  readonly limits: ParserLimits;
  /** The worker's share of the memory for rows. */
  readonly bytesMax: number;
  /** Takes a sentence for the log. */
  readonly tell: (sentence: string) => void;
  /** Lets go of what is spare, in slices; when that is done `tidy` is called again. */
  readonly freeSpare: () => void;
  /** Is called whenever others get their turn. */
  readonly onSlice: () => void;
  /** A fresh instance knows all tables: `tidy` is to be called. */
  readonly onReady: () => void;
}

/** A fresh instance that is being told the tables. */
interface Moving {
  readonly parser: WasmParser;
  readonly move: Move;
  readonly bytesMax: number;
  isReady: boolean;
}

export class WorkerMemory {
  readonly #parts: MemoryParts;
  #parser: WasmParser;
  #flushesUncounted = 0;
  #isDue = false;
  #isCramped = false;
  #moving: Moving | null = null;
  readonly #slices: Slices;
  /** An instance was left and may still be in memory. */
  #hasLeft = false;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
    this.#slices = new Slices(0, parts.onSlice);
    this.#parser = this.#newParser();
  }

  /** The instance; another one after `tidy`. */
  get parser(): WasmParser {
    return this.#parser;
  }

  /** Of all instances. */
  get linearBytes(): number {
    return this.#parser.linearBytes() + (this.#moving?.parser.linearBytes() ?? 0);
  }

  /** A table is new, has new columns, was dropped, flushed, or set aside. */
  noteChanged(tableId: number): void {
    this.#moving?.move.noteChanged(tableId);
  }

  /** Gives up what is under way. */
  stop(): void {
    this.#moving = null;
  }

  /** Rows of a table went into files. */
  noteFlushed(): void {
    this.#flushesUncounted += 1;
    this.#isDue = true;
  }

  /** Somewhere a body found no room. */
  noteCramped(): void {
    this.#isDue = true;
    this.#isCramped = true;
  }

  /**
   * Makes memory smaller when rows went into files, or a body found no room, since the last time. Not while a flush is in
   * progress, which knows addresses and the numbers of series.
   */
  tidy(): void {
    if (this.#moving !== null) return this.#finish(this.#moving);
    if (!this.#isDue) return;
    if (this.#isSpareTooMuch()) return this.#parts.freeSpare();
    const { bytesMax } = this.#parts;
    const kept = this.#isCramped ? CRAMPED_BYTES_MIN : Math.max(bytesMax, MOVE_BYTES_MIN);
    const movedMax = Math.min(bytesMax * MOVED_SHARE, this.#isCramped ? Infinity : MOVED_BYTES_MAX);
    this.#isDue = false;
    this.#isCramped = false;
    this.#begin(kept, movedMax);
  }

  /** Frees the instance that was left, if one was: before a body is loaded, for both would be in memory then. */
  collectLeft(): void {
    if (!this.#hasLeft) return;
    this.#hasLeft = false;
    collectGarbage();
  }

  /** Whether what is kept for lines to come, and was not looked at since a flush, is too much. */
  #isSpareTooMuch(): boolean {
    const keptMax = this.#parts.bytesMax * SPARE_SHARE;
    if (this.#parser.rowBytes() <= keptMax || this.#flushesUncounted * TABLES_PER_FLUSH < this.#parser.exports.tableIdsEnd()) return false;
    this.#flushesUncounted = 0;
    return this.#parser.spareBytes() > keptMax;
  }

  /** Goes on in a fresh instance when memory is over what may be kept and over twice what is held. When it fails all stays as it was. */
  #begin(bytesKept: number, bytesMax: number): void {
    if (this.#parser.linearBytes() <= Math.max(bytesKept, 2 * this.#parser.memtableBytes()) || this.#parser.rowBytes() > bytesMax) return;
    this.#attempt(() => {
      const parser = this.#newParser();
      this.#moving = { parser, move: new Move(this.#parser, parser), bytesMax, isReady: false };
      this.#prepare(this.#moving);
    });
  }

  /** Tells it the tables: at once when they are few. */
  #prepare(moving: Moving): void {
    moving.isReady = moving.move.step(MOVED_ITEMS);
    if (moving.isReady) this.#finish(moving);
    else void this.#prepareInSlices(moving);
  }

  async #prepareInSlices(moving: Moving): Promise<void> {
    while (!moving.isReady) {
      await this.#slices.turn();
      if (this.#moving !== moving) return;
      this.#attempt(() => (moving.isReady = moving.move.step(MOVED_ITEMS)));
    }
    this.#parts.onReady();
  }

  /** Takes the rows along, if they are no more than may be moved by now; what changed much meanwhile is told in slices again. */
  #finish(moving: Moving): void {
    if (!moving.isReady) return;
    this.#attempt(() => {
      if (!moving.move.step(MOVED_ITEMS)) {
        moving.isReady = false;
        return void this.#prepareInSlices(moving);
      }
      this.#moving = null;
      if (this.#parser.rowBytes() > moving.bytesMax) return;
      const before = this.#parser.linearBytes();
      const held = this.#parser.memtableBytes();
      // An array that is being copied to be larger would not come along.
      this.#parser.exports.growEnd();
      this.#parser.freeSpare();
      moving.move.finish();
      this.#parser = moving.parser;
      this.#hasLeft = true;
      this.#collectSoon();
      this.#parts.tell(`${held} bytes moved into a fresh instance: of memory it had ${before} bytes, it has ${this.#parser.linearBytes()}`);
    });
  }

  /** Not from where the old instance is known, and nothing that knows it may be known to the timer. */
  #collectSoon(): void {
    setImmediate(() => this.collectLeft());
  }

  /** When there is no memory for both instances the old one stays, and the next flush tries again. */
  #attempt(action: () => unknown): void {
    const before = this.#parser.linearBytes();
    try {
      action();
    } catch (error) {
      this.#moving = null;
      this.#parts.tell(`${this.#parser.memtableBytes()} bytes could not be moved into a fresh instance, the old one of ${before} bytes stays: ${(error as Error).message}`);
    }
  }

  #newParser(): WasmParser {
    const parser = new WasmParser(this.#parts.module);
    parser.setLimits(this.#parts.limits);
    return parser;
  }
}
