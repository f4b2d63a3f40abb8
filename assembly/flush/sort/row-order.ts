// The flushed rows as a list that the passes of the sort bring into order, and the two passes that every radix sort has.
import { rows } from '../spans';
import { giveScratch, takeScratch } from '../scratch';

/** u32 a row: memtable rows in order. The top bit is `MERGED`. */
export let order: usize = 0;
let spare: usize = 0;
/** Set on an entry whose point goes on in the next entry (merge-points.ts). */
export const MERGED: u32 = 0x80000000;

/** Begins a flush: makes room for its rows. */
export function startOrder(): void {
  order = takeScratch(<usize>rows << 2);
  spare = takeScratch(<usize>rows << 2);
}

/** No more passes follow. */
export function endOrder(): void {
  giveScratch(spare);
  spare = 0;
}

/** An entry of the order, by its index below `rows`: a memtable row, with MERGED. */
@inline
export function entryOf(index: u32): u32 {
  return load<u32>(order + (<usize>index << 2));
}

/** Writes an entry of the order. */
@inline
export function setEntry(index: u32, entry: u32): void {
  store<u32>(order + (<usize>index << 2), entry);
}

/** Counts one more row of a digit. */
@inline
export function countDigit(counts: usize, digit: u32): void {
  const slot = counts + (<usize>digit << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

/** Makes counts of `digits` digits (u32 each) the places where their rows start; returns the sum of the counts. */
export function startsOf(counts: usize, digits: u32): u32 {
  let sum: u32 = 0;
  const end = counts + (<usize>digits << 2);
  for (let at = counts; at < end; at += 4) {
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
  return sum;
}

/** The next place of a digit. */
@inline
export function nextPlace(starts: usize, digit: u32): u32 {
  const slot = starts + (<usize>digit << 2);
  const to = load<u32>(slot);
  store<u32>(slot, to + 1);
  return to;
}

/** Moves a row to the next place of its digit. */
@inline
export function place(starts: usize, digit: u32, row: u32): void {
  store<u32>(spare + (<usize>nextPlace(starts, digit) << 2), row);
}

/** What `place` filled becomes the order. */
export function swapOrder(): void {
  const swap = order;
  order = spare;
  spare = swap;
}
