// DELTA_BINARY_PACKED: blocks of 128 deltas in 4 miniblocks, each with a width of its own.
// https://github.com/apache/parquet-format/blob/master/Encodings.md
import { writeVarint, writeZigzag } from './varint';
import { bitsOf32 } from './simd-words';

const BLOCK_VALUES: u32 = 128;
const MINIBLOCK_VALUES: u32 = 32;
/** Deltas of one block, u64 each, then a guard that wide loads may read. */
const deltas = memory.data(128 * 8 + 16);

/** Bytes that `writeDelta` may write for `count` values, slack included. */
export function deltaBytesMax(count: u32): usize {
  return (<usize>count + BLOCK_VALUES) * 8 + (<usize>count / BLOCK_VALUES + 2) * 16 + 64;
}

/**
 * Writes `count` i64 values at `out`; returns the address after them. Differences wrap around at 64 bits, as readers'
 * sums do.
 */
export function writeDelta(values: usize, count: u32, out: usize): usize {
  out = writeVarint(out, BLOCK_VALUES);
  out = writeVarint(out, BLOCK_VALUES / MINIBLOCK_VALUES);
  out = writeVarint(out, count);
  if (count == 0) return writeZigzag(out, 0);
  out = writeZigzag(out, load<i64>(values));
  let left = count - 1;
  while (left > 0) {
    const inBlock = min(left, BLOCK_VALUES);
    out = writeBlock(values, inBlock, out);
    values += <usize>inBlock << 3;
    left -= inBlock;
  }
  return out;
}

/** Writes the `count` deltas that follow the value at `values`. */
function writeBlock(values: usize, count: u32, out: usize): usize {
  let least: i64 = i64.MAX_VALUE;
  let last = load<i64>(values);
  for (let i: u32 = 0; i < count; i++) {
    const value = load<i64>(values + (<usize>i << 3), 8);
    const delta = value - last;
    last = value;
    store<i64>(deltas + (<usize>i << 3), delta);
    if (delta < least) least = delta;
  }
  for (let i: u32 = 0; i < count; i++) {
    const at = deltas + (<usize>i << 3);
    store<i64>(at, load<i64>(at) - least);
  }
  memory.fill(deltas + (<usize>count << 3), 0, <usize>(BLOCK_VALUES - count) << 3);
  out = writeZigzag(out, least);
  const widths = out;
  store<u32>(widths, 0);
  out += 4;
  for (let i: u32 = 0; i < count; i += MINIBLOCK_VALUES) {
    const miniblock = deltas + (<usize>i << 3);
    const width = 64 - <u32>clz<u64>(bitsOf32(miniblock));
    store<u8>(widths + i / MINIBLOCK_VALUES, <u8>width);
    out = width <= 32 ? packNarrow(miniblock, width, out) : packWide(miniblock, width, out);
  }
  return out;
}

/** Packs 32 values of at most 32 bits: 4 × width bytes. */
@inline
function packNarrow(values: usize, width: u32, out: usize): usize {
  let word: u64 = 0;
  let bits: u32 = 0;
  const end = values + MINIBLOCK_VALUES * 8;
  for (; values < end; values += 8) {
    word |= load<u64>(values) << bits;
    bits += width;
    if (bits >= 32) {
      store<u32>(out, <u32>word);
      out += 4;
      word >>= 32;
      bits -= 32;
    }
  }
  return out;
}

/** Packs 32 values of 33 to 64 bits. */
function packWide(values: usize, width: u32, out: usize): usize {
  const bytes = <usize>width << 2;
  memory.fill(out, 0, bytes + 16);
  for (let i: u32 = 0; i < MINIBLOCK_VALUES; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    const bit = i * width;
    const at = out + (bit >> 3);
    const shift: u64 = bit & 7;
    store<u64>(at, load<u64>(at) | (value << shift));
    if (shift + width > 64) store<u8>(at, <u8>(value >> (64 - shift)), 8);
  }
  return out + bytes;
}
