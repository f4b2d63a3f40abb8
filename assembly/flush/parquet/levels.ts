// Definition levels of an optional column in a data page V1: u32 length, then the hybrid at width 1. Where values and
// nulls alternate seldom they are runs; else one packed run, which Snappy shrinks where it repeats.
import { writeRun } from './hybrid';
import { writeVarint } from './varint';

/** Rows for each stretch of values from which on runs are no longer than bits. */
const ROWS_PER_STRETCH: u32 = 64;

/** Bytes that `writeLevels` may write for `rows`. */
export function levelsBytesMax(rows: u32): usize {
  return <usize>(rows >> 3) + 64;
}

/**
 * Writes the levels of `rows` rows, of which `present` have values: the rows at `valueRows` (u32 each,
 * ascending), from which `first` is taken off. Returns the address after them.
 */
export function writeLevels(valueRows: usize, present: u32, first: u32, rows: u32, out: usize): usize {
  const at = out + 4;
  let end = at;
  if (present == rows || present == 0) end = writeRun(<u32>(present > 0), rows, 1, at);
  else if (isSeldom(valueRows, present, rows)) end = writeStretches(valueRows, present, first, rows, at);
  else end = writeBits(valueRows, present, first, rows, at);
  store<u32>(out, <u32>(end - at));
  return end;
}

@inline
function rowAt(valueRows: usize, index: u32): u32 {
  return load<u32>(valueRows + (<usize>index << 2));
}

/** Whether there are few stretches of neighbouring rows that have values. */
function isSeldom(valueRows: usize, present: u32, rows: u32): bool {
  const stretchesMax = rows / ROWS_PER_STRETCH;
  if (present <= stretchesMax) return true;
  let stretches: u32 = 1;
  for (let i: u32 = 1; i < present; i++) stretches += <u32>(rowAt(valueRows, i) != rowAt(valueRows, i - 1) + 1);
  return stretches <= stretchesMax;
}

function writeStretches(valueRows: usize, present: u32, first: u32, rows: u32, out: usize): usize {
  let row: u32 = 0;
  for (let i: u32 = 0; i < present; ) {
    const from = rowAt(valueRows, i) - first;
    let end = from + 1;
    for (i++; i < present && rowAt(valueRows, i) - first == end; i++) end++;
    if (from > row) out = writeRun(0, from - row, 1, out);
    out = writeRun(1, end - from, 1, out);
    row = end;
  }
  return row < rows ? writeRun(0, rows - row, 1, out) : out;
}

function writeBits(valueRows: usize, present: u32, first: u32, rows: u32, out: usize): usize {
  const groups = (rows + 7) >> 3;
  out = writeVarint(out, (<u64>groups << 1) | 1);
  memory.fill(out, 0, groups);
  for (let i: u32 = 0; i < present; i++) {
    const row = rowAt(valueRows, i) - first;
    const at = out + (row >> 3);
    store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(row & 7)));
  }
  return out + groups;
}
