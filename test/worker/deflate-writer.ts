/** Writes deflate streams (RFC 1951) such as no compressor would: random codes of up to 15 bits, any kind of block. */
import type { Random } from '../fuzz/random.js';

const CODE_BITS_MAX = 15;
const END_OF_BLOCK = 256;
const LENGTH_EXTRAS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_BASES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

export class BitWriter {
  readonly bytes: number[] = [];
  #byte = 0;
  #count = 0;

  /** Lowest bit first. */
  bits(value: number, count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#byte |= ((value >>> i) & 1) << this.#count;
      this.#count += 1;
      if (this.#count === 8) this.align();
    }
  }

  /** Highest bit first, as codes are. */
  code(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i -= 1) this.bits((value >>> i) & 1, 1);
  }

  align(): void {
    if (this.#count > 0) this.bytes.push(this.#byte);
    this.#byte = 0;
    this.#count = 0;
  }
}

/** Code lengths by symbol; 0: it has none. */
export type Lengths = readonly number[];

/** A stream of one to four blocks. `isSloppy`: now and then something that is not allowed. */
export function randomDeflate(random: Random, isSloppy: boolean): Buffer {
  const writer = new BitWriter();
  let produced = 0;
  const blocks = 1 + random.below(4);
  for (let block = 0; block < blocks; block += 1) {
    writer.bits(block === blocks - 1 ? 1 : 0, 1);
    const kind = random.below(isSloppy && random.chance(0.05) ? 4 : 3);
    writer.bits(kind, 2);
    if (kind === 0) produced += writeStored(writer, random);
    else produced += kind === 1 ? writeSymbols(writer, random, FIXED_LITERALS, FIXED_DISTANCES, produced, isSloppy) : writeDescribed(writer, random, produced, isSloppy);
  }
  writer.align();
  return Buffer.from(writer.bytes);
}

function writeStored(writer: BitWriter, random: Random): number {
  const bytes = random.pick([0, 1, 5, 300, 5000]);
  writer.align();
  writer.bits(bytes, 16);
  writer.bits(bytes ^ 0xffff, 16);
  for (let i = 0; i < bytes; i += 1) writer.bits(random.below(256), 8);
  return bytes;
}

export const FIXED_LITERALS: Lengths = Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8));
const FIXED_DISTANCES: Lengths = Array.from({ length: 32 }, () => 5);

function writeDescribed(writer: BitWriter, random: Random, produced: number, isSloppy: boolean): number {
  const isTooMany = isSloppy && random.chance(0.1);
  const literals = randomLengths(random, isTooMany && random.chance(0.5) ? 288 : 286, random.pick([1, 2, 20, 100, 286]), END_OF_BLOCK);
  const distances = random.chance(0.1) ? [0] : randomLengths(random, isTooMany ? 32 : 30, random.pick([1, 2, 10, 30]));
  const wrong = isSloppy && random.chance(0.1) ? random.pick([literals, distances]) : undefined;
  if (wrong !== undefined) wrong[random.below(wrong.length)] = 1 + random.below(CODE_BITS_MAX);
  const all = [...literals, ...distances];
  // Every code length can be said in five bits; runs are written now and then.
  const plain = Array.from({ length: 19 }, (_, symbol) => (symbol < 13 ? 4 : 5));
  writer.bits(literals.length - 257, 5);
  writer.bits(distances.length - 1, 5);
  writer.bits(LENGTH_ORDER.length - 4, 4);
  for (const symbol of LENGTH_ORDER) writer.bits(plain[symbol]!, 3);
  const codes = codesOf(plain);
  const write = (symbol: number): void => writer.code(codes[symbol]!, plain[symbol]!);
  // A run may go on behind the last length.
  const tooLong = isSloppy && random.chance(0.1) ? 1 : 0;
  // Or one may repeat a length before the first.
  const repeatsNone = isSloppy && runAt(all, 0) >= 3 && all[0] === 0 && random.chance(0.05);
  if (repeatsNone) {
    write(16);
    writer.bits(0, 2);
  }
  for (let at = repeatsNone ? 3 : 0; at < all.length;) {
    const run = runAt(all, at) + (at + runAt(all, at) === all.length ? tooLong : 0);
    if (all[at] === 0 && run >= 11) {
      const taken = Math.min(run, 138);
      write(18);
      writer.bits(taken - 11, 7);
      at += taken;
    } else if (all[at] === 0 && run >= 3) {
      write(17);
      writer.bits(run - 3, 3);
      at += run;
    } else {
      write(all[at]!);
      const repeated = Math.min(run - 1, 6);
      at += 1;
      if (repeated < 3 || at >= all.length) continue;
      write(16);
      writer.bits(repeated - 3, 2);
      at += repeated;
    }
  }
  return writeSymbols(writer, random, literals, distances, produced, isSloppy);
}

function runAt(values: readonly number[], at: number): number {
  let end = at;
  while (end < values.length && values[end] === values[at]) end += 1;
  return end - at;
}

/** A complete code of `used` random symbols out of `symbols`, and of `wanted`; a lone symbol gets one bit. */
function randomLengths(random: Random, symbols: number, used: number, wanted = random.below(symbols)): number[] {
  const leaves = used === 1 ? [1] : [1, 1];
  while (leaves.length < used) {
    const place = random.below(leaves.length);
    const length = leaves[place]!;
    if (length === CODE_BITS_MAX) continue;
    leaves[place] = length + 1;
    leaves.push(length + 1);
  }
  const chosen = new Set([wanted]);
  while (chosen.size < used) chosen.add(random.below(symbols));
  const lengths = Array.from({ length: symbols }, () => 0);
  for (const symbol of chosen) lengths[symbol] = leaves.pop()!;
  return lengths;
}

/** Canonical codes (section 3.2.2). */
export function codesOf(lengths: Lengths): number[] {
  const codes: number[] = [];
  let next = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    lengths.forEach((of, symbol) => {
      if (of === length) codes[symbol] = next++;
    });
    next <<= 1;
  }
  return codes;
}

function writeSymbols(writer: BitWriter, random: Random, literals: Lengths, distances: Lengths, before: number, isSloppy: boolean): number {
  const codes = codesOf(literals), distanceCodes = codesOf(distances);
  const symbols = literals.flatMap((length, symbol) => (length > 0 && symbol < 286 && symbol !== END_OF_BLOCK ? [symbol] : []));
  const farthest = distances.flatMap((length, symbol) => (length > 0 && symbol < 30 ? [symbol] : []));
  let produced = before;
  const count = symbols.length === 0 ? 0 : random.pick([0, 1, 50, 2000]);
  for (let i = 0; i < count; i += 1) {
    const symbol = random.pick(symbols);
    if (symbol < END_OF_BLOCK) {
      writer.code(codes[symbol]!, literals[symbol]!);
      produced += 1;
      continue;
    }
    if (isSloppy && (distances[31] ?? 0) > 0 && random.chance(0.002)) {
      writeUnused(writer, random.chance(0.5) ? [literals[symbol]!, codes[symbol]!, distances[31]!, distanceCodes[31]!] : [literals[286]!, codes[286]!, distances[0]!, distanceCodes[0]!]);
      continue;
    }
    const reachable = farthest.filter((distance) => distanceBase(distance) <= produced || (isSloppy && random.chance(0.001)));
    if (reachable.length === 0) continue;
    const place = symbol - END_OF_BLOCK - 1;
    const extra = random.below(2 ** LENGTH_EXTRAS[place]!);
    writer.code(codes[symbol]!, literals[symbol]!);
    writer.bits(extra, LENGTH_EXTRAS[place]!);
    const distance = random.pick(reachable);
    writer.code(distanceCodes[distance]!, distances[distance]!);
    const most = 2 ** distanceExtra(distance) - 1;
    const farthestExtra = Math.max(0, produced - distanceBase(distance));
    const isTooFar = isSloppy && farthestExtra < most && random.chance(0.002);
    writer.bits(isTooFar ? farthestExtra + 1 : Math.min(most, random.below(most + 1), farthestExtra), distanceExtra(distance));
    produced += LENGTH_BASES[place]! + extra;
  }
  writer.code(codes[END_OF_BLOCK]!, literals[END_OF_BLOCK]!);
  return produced - before;
}

/** A match of a symbol that exists in the fixed codes alone, and means nothing. */
function writeUnused(writer: BitWriter, [length, code, distanceLength, distanceCode]: readonly [number, number, number, number]): void {
  writer.code(code, length);
  writer.code(distanceCode, distanceLength);
}

function distanceExtra(symbol: number): number {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

function distanceBase(symbol: number): number {
  return symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << distanceExtra(symbol)) + 1;
}
