/** Log numbers, eight bytes each: there may be millions. Mostly they ascend. */

/** A chunk goes when all its numbers are done with. */
const CHUNK_NUMBERS = 4096;

interface Chunk {
  readonly numbers: Float64Array;
  count: number;
  max: number;
}

export class NumberList {
  readonly #chunks: Chunk[] = [];

  get bytes(): number {
    return this.#chunks.length * CHUNK_NUMBERS * Float64Array.BYTES_PER_ELEMENT;
  }

  add(number: number): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || chunk.count === CHUNK_NUMBERS) this.#chunks.push((chunk = { numbers: new Float64Array(CHUNK_NUMBERS), count: 0, max: 0 }));
    chunk.numbers[chunk.count] = number;
    chunk.count += 1;
    chunk.max = Math.max(chunk.max, number);
  }

  /** Lets go of chunks whose numbers are all below this one. */
  forgetBelow(number: number): void {
    for (let at = this.#chunks.length - 1; at >= 0; at -= 1) if (this.#chunks[at]!.max < number) this.#chunks.splice(at, 1);
  }

  /** All that are left, ascending, to be asked by `hasNumber`. */
  sorted(): Float64Array {
    const all = new Float64Array(this.#chunks.reduce((sum, { count }) => sum + count, 0));
    let at = 0;
    for (const { count, numbers } of this.#chunks) {
      all.set(numbers.subarray(0, count), at);
      at += count;
    }
    return all.sort();
  }
}

/** Whether a number is among ascending ones. */
export function hasNumber(sorted: Float64Array, number: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === number;
}
