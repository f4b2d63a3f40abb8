/** Seqs, eight bytes each: there may be millions. Mostly they ascend. */

/** A chunk goes when all its seqs are done with. */
const CHUNK_SEQS = 4096;

interface Chunk {
  readonly seqs: Float64Array;
  count: number;
  max: number;
}

export class SeqList {
  readonly #chunks: Chunk[] = [];

  get bytes(): number {
    return this.#chunks.length * CHUNK_SEQS * Float64Array.BYTES_PER_ELEMENT;
  }

  add(seq: number): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.count === CHUNK_SEQS) this.#chunks.push((chunk = { seqs: new Float64Array(CHUNK_SEQS), count: 0, max: 0 }));
    chunk.seqs[chunk.count] = seq;
    chunk.count += 1;
    chunk.max = Math.max(chunk.max, seq);
  }

  /** Lets go of chunks whose numbers are all below this one. */
  forgetBelow(seq: number): void {
    for (let at = this.#chunks.length - 1; at >= 0; at -= 1) if (this.#chunks[at]!.max < seq) this.#chunks.splice(at, 1);
  }

  /** All that are left, ascending, to be asked by `hasSeq`. */
  sorted(): Float64Array {
    const all = new Float64Array(this.#chunks.reduce((sum, { count }) => sum + count, 0));
    let at = 0;
    for (const { count, seqs } of this.#chunks) {
      all.set(seqs.subarray(0, count), at);
      at += count;
    }
    return all.sort();
  }
}

/** Whether a number is among ascending ones. */
export function hasSeq(sorted: Float64Array, seq: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < seq) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === seq;
}
