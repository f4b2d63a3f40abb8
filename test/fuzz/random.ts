/** A seeded source of chance: the same seed gives the same test. */

/** xoshiro128** (Blackman and Vigna, 2018), its state filled from the seed by splitmix32. */
export class Random {
  readonly seed: number;
  readonly #state: [number, number, number, number];

  /** Any number; its lower 32 bits count. */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    let mix = this.seed;
    const next = (): number => {
      mix = (mix + 0x9e3779b9) | 0;
      let word = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      return (word ^ (word >>> 15)) >>> 0;
    };
    this.#state = [next(), next(), next(), next()];
  }

  /** 0 … 2^32 - 1. */
  u32(): number {
    const state = this.#state;
    const result = Math.imul(rotated(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotated(state[3], 11);
    return result;
  }

  /** 0 … limit - 1; the limit is above 0 and at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.u32() / 2 ** 32) * limit);
  }

  /** true with this probability. */
  chance(probability: number): boolean {
    return this.u32() < probability * 2 ** 32;
  }

  /** One of the list, which is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The environment's SEED, or a new one for each run; tests print it. */
export function seedOfRun(): number {
  const given = process.env['SEED'];
  if (given === undefined) return (Math.random() * 2 ** 32) >>> 0;
  const seed = Number(given);
  if (!Number.isInteger(seed)) throw new Error(`SEED is not an integer: ${given}`);
  return seed >>> 0;
}

/** `npm run test:full`, or a run with FUZZ_TIMES: lists of which `npm test` tries every few are tried whole. */
export const isLongRun = Number(process.env['FUZZ_TIMES'] ?? 1) > 1;

/** All of a list in a long run, else one of `each`, from the first on. */
export function sampled<T>(list: readonly T[], each: number): T[] {
  return list.filter((_, at) => isLongRun || at % each === 0);
}

/** How many random cases a test tries: `count`, or FUZZ_TIMES as many. No clock decides, so that a run is the same on every machine. */
export function fuzzCount(count: number): number {
  return Math.ceil(count * Number(process.env['FUZZ_TIMES'] ?? 1));
}
