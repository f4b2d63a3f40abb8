// Parquet's RLE / bit-packed hybrid: runs of one value, and groups of eight values packed at a fixed width.
import { writeVarint } from './varint';
import { isRun8 } from './simd-words';

/** A run shorter than this stays in the packed groups: its header would cost more. */
const RUN_VALUES_MIN: u32 = 16;

/** Bits that hold 0 … `max`. */
export function bitWidth(max: u32): u32 {
  return 32 - clz<u32>(max);
}

/** Bytes that `writeHybrid` may write for `count` values, slack included. */
export function hybridBytesMax(count: u32, width: u32): usize {
  return <usize>((<u64>count * width) >> 3) + <usize>(count >> 2) + <usize>width + 64;
}

/**
 * Writes `count` values (u32 each, below 2^width) at `out`; returns the address after them. 32 bytes after the values
 * must be writable: the last group is filled up with zeros.
 */
export function writeHybrid(values: usize, count: u32, width: u32, out: usize): usize {
  const padding = values + (<usize>count << 2);
  memory.fill(padding, 0, 32);
  let at: u32 = 0;
  while (at < count) {
    const packedFrom = at;
    let run: u32 = 0;
    while (at < count) {
      run = runLength(values, at, count);
      if (run >= RUN_VALUES_MIN) break;
      at += 8;
    }
    const packedEnd = min(at, count);
    if (packedEnd > packedFrom) out = writePacked(values + (<usize>packedFrom << 2), (packedEnd - packedFrom + 7) >> 3, width, out);
    if (at < count) {
      out = writeRun(load<u32>(values + (<usize>at << 2)), run, width, out);
      at += run;
    }
  }
  return out;
}

/** One run of a value; 4 bytes are written for it. */
@inline
export function writeRun(value: u32, count: u32, width: u32, out: usize): usize {
  out = writeVarint(out, <u64>count << 1);
  store<u32>(out, value);
  return out + ((width + 7) >> 3);
}

/** Values from `at` on that equal the one there; looks on only when a whole group is equal. */
@inline
function runLength(values: usize, at: u32, count: u32): u32 {
  const from = values + (<usize>at << 2);
  const value = load<u32>(from);
  if (!isRun8(from, value)) return 1;
  let end = at + 8;
  while (end + 8 <= count && isRun8(values + (<usize>end << 2), value)) end += 8;
  while (end < count && load<u32>(values + (<usize>end << 2)) == value) end++;
  return min(end, count) - at;
}

/** One packed run of `groups` × 8 values. */
function writePacked(values: usize, groups: u32, width: u32, out: usize): usize {
  out = writeVarint(out, (<u64>groups << 1) | 1);
  const end = values + (<usize>groups << 5);
  let word: u64 = 0;
  let bits: u32 = 0;
  const packedEnd = out + <usize>groups * width;
  for (; values < end; values += 4) {
    word |= <u64>load<u32>(values) << bits;
    bits += width;
    if (bits >= 32) {
      store<u32>(out, <u32>word);
      out += 4;
      word >>= 32;
      bits -= 32;
    }
  }
  store<u32>(out, <u32>word);
  return packedEnd;
}
