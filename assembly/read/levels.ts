// Definition levels of an optional column in a data page V1: which rows of the page have values.
import { readVarint, varintEnd } from './varint';

/** Rows of the page that have values. */
export let present: u32 = 0;

/**
 * Reads the levels of `rows` rows at `at`: `present`, and the rows that have values, from 0, to `presentRows` (u32 each, room for
 * all), which means nothing when all have one. Returns the address after them, or 0 when they are damaged.
 */
export function readLevels(at: usize, end: usize, rows: u32, presentRows: usize): usize {
  present = 0;
  if (end - at < 4) return 0;
  const bytes = <usize>load<u32>(at);
  at += 4;
  if (bytes > end - at) return 0;
  const stop = at + bytes;
  let to = presentRows;
  for (let row: u32 = 0; row < rows; ) {
    const head = readVarint(at, stop);
    if (varintEnd == 0 || head < 2) return 0;
    at = varintEnd;
    const left = <u64>(rows - row);
    if (head & 1) {
      const groups = head >> 1;
      if (groups > left || groups > <u64>(stop - at)) return 0;
      const taken = <u32>min(groups << 3, left);
      to = listBits(at, row, taken, to);
      at += <usize>groups;
      row += taken;
    } else {
      const run = head >> 1;
      const value = load<u8>(at);
      if (run > left || at == stop || value > 1) return 0;
      if (value == 1 && run == rows) present = rows;
      else if (value == 1) for (let i: u32 = 0; i < <u32>run; i++) to = listRow(to, row + i);
      row += <u32>run;
      at += 1;
    }
  }
  if (present != rows) present = <u32>((to - presentRows) >> 2);
  return at == stop ? at : 0;
}

@inline
function listRow(to: usize, row: u32): usize {
  store<u32>(to, row);
  return to + 4;
}

/** Up to 7 bytes behind the bits are read. */
function listBits(at: usize, row: u32, count: u32, to: usize): usize {
  for (let i: u32 = 0; i < count; i += 64) {
    let bits = load<u64>(at + (i >> 3));
    if (count - i < 64) bits &= (<u64>1 << <u64>(count - i)) - 1;
    for (; bits != 0; bits &= bits - 1) to = listRow(to, row + i + <u32>ctz<u64>(bits));
  }
  return to;
}
