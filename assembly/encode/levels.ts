// Definition levels of an optional column in a data page V1: u32 length, then the hybrid at width 1. All present or all
// null is one run; anything else is one packed run, which Snappy shrinks where it repeats.
import { writeVarint } from './varint';

/** Bytes that `writeLevels` may write for `rows`. */
export function levelsBytesMax(rows: u32): usize {
  return <usize>(rows >> 3) + 32;
}

/** Writes the levels of `rows` rows from their located values (u32 each, 0 = null); returns the address after them. */
export function writeLevels(located: usize, rows: u32, present: u32, out: usize): usize {
  let at = out + 4;
  if (present == rows || present == 0) {
    at = writeVarint(at, <u64>rows << 1);
    store<u8>(at++, present == 0 ? 0 : 1);
  } else {
    const groups = (rows + 7) >> 3;
    at = writeVarint(at, (<u64>groups << 1) | 1);
    for (let row: u32 = 0; row < rows; row += 8) {
      let bits: u32 = 0;
      const end = min(rows - row, 8);
      for (let i: u32 = 0; i < end; i++) bits |= <u32>(load<u32>(located + (<usize>(row + i) << 2)) != 0) << i;
      store<u8>(at++, <u8>bits);
    }
  }
  store<u32>(out, <u32>(at - out - 4));
  return at;
}
