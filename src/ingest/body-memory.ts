/** Body memory: one shared buffer in blocks, so that a body crosses to a worker as a list of numbers. */
import type { Body } from './request.js';

interface BodyMemoryOptions {
  /** Size of the whole memory; rounded down to whole blocks. */
  readonly queueBytesMax: number;
  /** Size of a block. */
  readonly blockBytes: number;
}

/** Defaults of the flags. */
export const BODY_MEMORY_DEFAULTS: BodyMemoryOptions = { queueBytesMax: 64 * 1024 * 1024, blockBytes: 4096 };

/** Written and freed by main alone; workers only read the blocks of the bodies they are given. */
export class BodyMemory {
  /** What workers map. */
  readonly buffer: SharedArrayBuffer;
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly #bytes: Uint8Array;
  /** Free blocks as a stack: the last freed is taken first, while it is warm in the cache. */
  readonly #free: Int32Array;
  #freeCount: number;
  readonly #isTaken: Uint8Array;
  #afterFree: () => void = () => {};

  /** @throws RangeError when not even one block fits */
  constructor(options: BodyMemoryOptions) {
    this.blockBytes = options.blockBytes;
    this.blockCount = Math.floor(options.queueBytesMax / options.blockBytes);
    if (!(this.blockCount >= 1)) {
      throw new RangeError(`body memory of ${options.queueBytesMax} bytes holds no block of ${options.blockBytes} bytes`);
    }
    this.buffer = new SharedArrayBuffer(this.blockCount * this.blockBytes);
    this.#bytes = new Uint8Array(this.buffer);
    this.#free = Int32Array.from({ length: this.blockCount }, (_, i) => this.blockCount - 1 - i);
    this.#freeCount = this.blockCount;
    this.#isTaken = new Uint8Array(this.blockCount);
  }

  get freeBlocks(): number {
    return this.#freeCount;
  }

  /** Calls `action` after every `free`; one listener, the last one set. */
  onFree(action: () => void): void {
    this.#afterFree = action;
  }

  /** Takes a block; returns its index, or -1 when none is free. */
  take(): number {
    if (this.#freeCount === 0) return -1;
    const block = this.#free[--this.#freeCount]!;
    this.#isTaken[block] = 1;
    return block;
  }

  /**
   * Gives blocks back.
   * @throws Error when a block is not taken: it was freed twice and may belong to another body by now
   */
  free(blocks: readonly number[]): void {
    for (const block of blocks) {
      if (this.#isTaken[block] !== 1) throw new Error(`block ${block} of body memory is freed but was not taken`);
      this.#isTaken[block] = 0;
      this.#free[this.#freeCount++] = block;
    }
    this.#afterFree();
  }

  /** Copies `chunk` to the end of `body`; returns false, with nothing changed, when too few blocks are free. */
  append(body: Body, chunk: Uint8Array): boolean {
    const room = body.blocks.length * this.blockBytes - body.bytes;
    if (Math.ceil((chunk.length - room) / this.blockBytes) > this.#freeCount) return false;
    let done = 0;
    while (done < chunk.length) {
      const within = body.bytes % this.blockBytes;
      if (within === 0) body.blocks.push(this.take());
      const at = body.blocks.at(-1)! * this.blockBytes + within;
      const count = Math.min(chunk.length - done, this.blockBytes - within);
      this.#bytes.set(count === chunk.length ? chunk : chunk.subarray(done, done + count), at);
      body.bytes += count;
      done += count;
    }
    return true;
  }

  /** Copies the whole body to the start of `target`, which has at least `body.bytes` bytes. */
  copyTo(body: Body, target: Uint8Array): void {
    body.blocks.forEach((block, i) => {
      const from = block * this.blockBytes;
      const count = Math.min(this.blockBytes, body.bytes - i * this.blockBytes);
      target.set(this.#bytes.subarray(from, from + count), i * this.blockBytes);
    });
  }
}
