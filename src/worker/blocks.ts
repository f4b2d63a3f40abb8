/** Reads bodies out of body memory, which main owns and fills. */
export class BlockReader {
  readonly #memory: Uint8Array;
  readonly #blockBytes: number;
  #gathered = new Uint8Array(256 * 1024);

  constructor(memory: SharedArrayBuffer, blockBytes: number) {
    this.#memory = new Uint8Array(memory);
    this.#blockBytes = blockBytes;
  }

  /** Copies the first `bytes` of a list of blocks into `target`. */
  copy(blocks: readonly number[], bytes: number, target: Uint8Array): void {
    for (let at = 0, i = 0; at < bytes; at += this.#blockBytes, i += 1) {
      const from = blocks[i]! * this.#blockBytes;
      target.set(this.#memory.subarray(from, from + Math.min(this.#blockBytes, bytes - at)), at);
    }
  }

  /** The body in one piece; valid until the next call. */
  gather(blocks: readonly number[], bytes: number): Uint8Array {
    if (this.#gathered.length < bytes) this.#gathered = new Uint8Array(bytes * 2);
    const body = this.#gathered.subarray(0, bytes);
    this.copy(blocks, bytes, body);
    return body;
  }
}
