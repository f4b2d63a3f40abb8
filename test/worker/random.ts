/** Reproducible random numbers (xorshift64*, S. Vigna 2014), so that a failure can be run again by its seed. */
export class Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed) * 0x9e3779b97f4a7c15n | 1n;
  }

  /** 64 random bits. */
  bits(): bigint {
    let x = this.#state;
    x ^= x >> 12n;
    x = BigInt.asUintN(64, x ^ (x << 25n));
    x ^= x >> 27n;
    this.#state = x;
    return BigInt.asUintN(64, x * 0x2545f4914f6cdd1dn);
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Number((this.bits() >> 11n) % BigInt(count));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
