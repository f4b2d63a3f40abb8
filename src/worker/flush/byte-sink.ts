/** Gathers the bytes of a file into steps of 1 MiB, so that many small pieces cost few writes and a big one no stall. */
import type { StoreWriter } from '../../tables/table-store.js';
import type { WasmMemory } from '../wasm/chunk.js';

const STEP_BYTES = 1 << 20;
/** A small file does not pay for a whole step. */
const STEP_BYTES_FIRST = 1 << 14;

export class ByteSink {
  readonly #writer: StoreWriter;
  #step = Buffer.allocUnsafeSlow(STEP_BYTES_FIRST);
  #used = 0;
  #flushed = 0;

  constructor(writer: StoreWriter) {
    this.#writer = writer;
  }

  /** Bytes appended so far: where the next stands in the file. */
  get bytes(): number {
    return this.#flushed + this.#used;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) from += await this.#take(bytes.subarray(from, from + STEP_BYTES));
  }

  /** Appends bytes of WASM memory when they leave room in the step, so that nothing is to be waited for; false: they do not. */
  appendFitting(memory: WasmMemory, at: number, bytes: number): boolean {
    if (this.#used + bytes >= STEP_BYTES) return false;
    if (bytes > 0) this.#copy(new Uint8Array(memory.buffer, at, bytes));
    return true;
  }

  /** Appends bytes of WASM memory; its buffer is looked up again after each write, since it may grow meanwhile. */
  async appendFrom(memory: WasmMemory, at: number, bytes: number): Promise<void> {
    for (let from = 0; from < bytes;) {
      from += await this.#take(new Uint8Array(memory.buffer, at + from, Math.min(bytes - from, STEP_BYTES)));
    }
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    if (this.#used === 0) return;
    await this.#writer.write(this.#step.subarray(0, this.#used));
    this.#flushed += this.#used;
    this.#used = 0;
  }

  /** Copies as much as the step holds, and writes the step when it is full; returns how much it took. */
  async #take(bytes: Uint8Array): Promise<number> {
    const taken = Math.min(bytes.length, STEP_BYTES - this.#used);
    this.#copy(bytes.subarray(0, taken));
    if (this.#used === STEP_BYTES) await this.flush();
    return taken;
  }

  #copy(bytes: Uint8Array): void {
    this.#reserve(this.#used + bytes.length);
    this.#step.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#step.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(STEP_BYTES, Math.max(bytes, 4 * this.#step.length)));
    this.#step.copy(larger, 0, 0, this.#used);
    this.#step = larger;
  }
}
