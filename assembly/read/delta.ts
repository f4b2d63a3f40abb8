// DELTA_BINARY_PACKED as our own encoder writes it (flush/parquet/delta.ts), read.
import { readVarint, readZigzag, varintEnd } from './varint';

const BLOCK_VALUES: u64 = 128;
const MINIBLOCKS: u64 = 4;
const MINIBLOCK_VALUES: u32 = 32;
/** A load of eight bytes at any bit holds so many. */
const WIDTH_IN_LOAD: u32 = 57;

/** Reads `count` i64 values to `out`; returns the address after them, or 0 when they are damaged or not so many. */
export function readDelta(at: usize, end: usize, count: u32, out: usize): usize {
  if (readVarint(at, end) != BLOCK_VALUES || varintEnd == 0) return 0;
  if (readVarint(varintEnd, end) != MINIBLOCKS || varintEnd == 0) return 0;
  if (readVarint(varintEnd, end) != <u64>count || varintEnd == 0) return 0;
  let value = readZigzag(varintEnd, end);
  if (varintEnd == 0) return 0;
  at = varintEnd;
  if (count == 0) return at;
  store<i64>(out, value);
  out += 8;
  for (let left = count - 1; left > 0; ) {
    const least = readZigzag(at, end);
    if (varintEnd == 0 || end - varintEnd < <usize>MINIBLOCKS) return 0;
    const widths = varintEnd;
    at = widths + <usize>MINIBLOCKS;
    for (let i: usize = 0; i < <usize>MINIBLOCKS && left > 0; i++) {
      const width = <u32>load<u8>(widths + i);
      const bytes = <usize>width << 2;
      if (width > 64 || bytes > end - at) return 0;
      const values = min(left, MINIBLOCK_VALUES);
      value = addMiniblock(at, width, least, values, value, out);
      out += <usize>values << 3;
      at += bytes;
      left -= values;
    }
  }
  return at;
}

/** Writes the values behind `value`; returns the last. Up to 8 bytes behind the miniblock are read. */
@inline
function addMiniblock(at: usize, width: u32, least: i64, count: u32, value: i64, out: usize): i64 {
  const end = out + (<usize>count << 3);
  if (width == 0) {
    for (; out < end; out += 8) {
      value += least;
      store<i64>(out, value);
    }
  } else if (width <= WIDTH_IN_LOAD) {
    const mask = (<u64>1 << <u64>width) - 1;
    let bit: u32 = 0;
    for (; out < end; out += 8) {
      value += least + <i64>((load<u64>(at + (bit >> 3)) >> <u64>(bit & 7)) & mask);
      store<i64>(out, value);
      bit += width;
    }
  } else {
    const mask = ~(<u64>0) >> <u64>(64 - width);
    let bit: u32 = 0;
    for (; out < end; out += 8) {
      const from = at + (bit >> 3);
      const shift = <u64>(bit & 7);
      let word = load<u64>(from) >> shift;
      if (shift > 0) word |= <u64>load<u8>(from, 8) << (64 - shift);
      value += least + <i64>(word & mask);
      store<i64>(out, value);
      bit += width;
    }
  }
  return value;
}
