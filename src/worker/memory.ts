/** The memory of a worker: the instance of the module that it works with, and how that is kept small after flushes. */
import { collectGarbage } from './gc.js';
import { moveMemtables } from './wasm/move.js';
import type { ParserLimits } from '../model/limits.js';
import { WasmParser } from './wasm/wasm.js';

/** Of a worker's share: what it may hold that no row needs. */
const SPARE_SHARE = 1 / 4;
/** What it may hold to be moved, since it does nothing else meanwhile: a millisecond a MiB. */
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
}

export class WorkerMemory {
  readonly #parts: MemoryParts;
  #parser: WasmParser;
  #flushesUncounted = 0;
  #isDue = false;
  #isCramped = false;
  /** An instance was left and may still be in memory. */
  #hasLeft = false;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
    this.#parser = this.#newParser();
  }

  /** The instance; another one after `tidy`. */
  get parser(): WasmParser {
    return this.#parser;
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
    if (!this.#isDue) return;
    const { bytesMax } = this.#parts;
    const kept = this.#isCramped ? CRAMPED_BYTES_MIN : Math.max(bytesMax, MOVE_BYTES_MIN);
    const movedMax = Math.min(bytesMax * MOVED_SHARE, this.#isCramped ? Infinity : MOVED_BYTES_MAX);
    this.#isDue = false;
    this.#isCramped = false;
    this.#freeSpare();
    this.#move(kept, movedMax);
  }

  /** Frees the instance that was left, if one was: before a body is loaded, for both would be in memory then. */
  collectLeft(): void {
    if (!this.#hasLeft) return;
    this.#hasLeft = false;
    collectGarbage();
  }

  /** Lets go of what is kept for lines to come, when it is too much. */
  #freeSpare(): void {
    const keptMax = this.#parts.bytesMax * SPARE_SHARE;
    if (this.#parser.rowBytes() <= keptMax || this.#flushesUncounted * TABLES_PER_FLUSH < this.#parser.exports.tableIdsEnd()) return;
    this.#flushesUncounted = 0;
    if (this.#parser.spareBytes() > keptMax) this.#parser.freeSpare();
  }

  /** Goes on in a fresh instance when memory is over what may be kept and over twice what is held. When it fails all stays as it was. */
  #move(bytesKept: number, bytesMovedMax: number): void {
    // An array that is being copied to be larger would not come along.
    this.#parser.exports.growEnd();
    const before = this.#parser.linearBytes();
    const held = this.#parser.memtableBytes();
    if (before <= Math.max(bytesKept, 2 * held) || this.#parser.rowBytes() > bytesMovedMax) return;
    this.#parser.freeSpare();
    try {
      const parser = this.#newParser();
      moveMemtables(this.#parser, parser);
      this.#parser = parser;
      // Not from here: this call still knows the old one.
      this.#hasLeft = true;
      setImmediate(() => this.collectLeft());
      this.#parts.tell(`${held} bytes moved into a fresh instance: of memory it had ${before} bytes, it has ${parser.linearBytes()}`);
    } catch (error) {
      this.#parts.tell(`${held} bytes could not be moved into a fresh instance, the old one of ${before} bytes stays: ${(error as Error).message}`);
    }
  }

  #newParser(): WasmParser {
    const parser = new WasmParser(this.#parts.module);
    parser.setLimits(this.#parts.limits);
    return parser;
  }
}
