/** The memory of a worker: the instance of the module that it works with, and how that is kept small after seals. */
import type { ParserLimits } from './protocol.js';
import { moveBuilders } from './move.js';
import { WasmParser } from './wasm.js';

/** Of a worker's share: what it may hold that no row needs. */
const SPARE_SHARE = 1 / 4;
/** Of its share: what it may hold to be moved, since it does nothing else meanwhile. */
const MOVED_SHARE = 1 / 2;
/** Linear memory below this is not worth moving: it holds a few bodies. */
const MOVE_BYTES_MIN = 64 * 1024 * 1024;
/** After a seal what is spare is counted when so many tables at most came to each seal since. */
const TABLES_PER_SEAL = 64;

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
  #sealsUncounted = 0;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
    this.#parser = this.#newParser();
  }

  /** The instance; another one after `shrink`. */
  get parser(): WasmParser {
    return this.#parser;
  }

  /** Rows of a table went into files: lets go of what is kept for lines to come, when it is too much. */
  afterSeal(): void {
    this.#sealsUncounted += 1;
    if (this.#parser.builderBytes() <= this.#parts.bytesMax * SPARE_SHARE) return;
    if (this.#sealsUncounted * TABLES_PER_SEAL < this.#parser.exports.tableIdsEnd()) return;
    this.#sealsUncounted = 0;
    if (this.#parser.spareBytes() > this.#parts.bytesMax * SPARE_SHARE) this.#parser.freeSpare();
  }

  /**
   * Goes on in a fresh instance when memory is over the share and over twice what is held, for WASM memory never shrinks.
   * Not while a seal is in progress: it knows addresses. When it fails all stays as it was.
   */
  shrink(): void {
    const before = this.#parser.memory.buffer.byteLength;
    const held = this.#parser.builderBytes();
    if (before <= Math.max(this.#parts.bytesMax, MOVE_BYTES_MIN, 2 * held) || held > this.#parts.bytesMax * MOVED_SHARE) return;
    this.#parser.freeSpare();
    try {
      const parser = this.#newParser();
      moveBuilders(this.#parser, parser);
      this.#parser = parser;
      this.#parts.tell(`${held} bytes moved into a fresh instance: of memory it had ${before} bytes, it has ${parser.memory.buffer.byteLength}`);
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
