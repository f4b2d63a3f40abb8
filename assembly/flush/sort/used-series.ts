// The series that the flushed rows have, and their ranks by tags: in the order of the columns, nulls first, by unsigned
// bytes. Series of equal tags have equal ranks.
import { TABLE_SERIES, TABLE_SERIES_AT } from '../../layout/table';
import { giveScratch, takeScratch } from '../scratch';
import { spend, stepEnd } from '../slice-budget';

/** Series the table had at the start; later ones have no flushed rows. */
export let seriesCount: u32 = 0;
/** u32 a series with rows: its number, ascending. */
export let usedSeries: usize = 0;
export let usedCount: u32 = 0;
/** u32 a series of the table: its rank from 0, of those with rows. */
let ranks: usize = 0;
/** A bit a series: whether it has rows. */
let marks: usize = 0;
let markWords: u32 = 0;
/** Words listed in a step. */
const STEP_WORDS: u32 = 1024;
/** Next word to list. */
let word: u32 = 0;

/** Begins a flush: no series of the table is marked. */
export function startSeries(table: usize): void {
  seriesCount = load<u32>(table, TABLE_SERIES);
  markWords = (seriesCount + 63) >> 6;
  marks = takeScratch(<usize>markWords << 3);
  memory.fill(marks, 0, <usize>markWords << 3);
  usedCount = 0;
  word = 0;
}

/** The series of a memtable row. */
@inline
export function seriesOf(table: usize, row: u32): u32 {
  return load<u32>(<usize>load<u32>(table, TABLE_SERIES_AT) + (<usize>row << 2));
}

/** Marks a series, below seriesCount, as one that flushed rows have. */
@inline
export function markSeries(series: u32): void {
  const at = marks + (<usize>(series >> 6) << 3);
  store<u64>(at, load<u64>(at) | (<u64>1 << (series & 63)));
}

/** Makes room for the list of the marked. */
export function startList(): void {
  let count: u32 = 0;
  for (let i: u32 = 0; i < markWords; i++) count += <u32>popcnt<u64>(load<u64>(marks + (<usize>i << 3)));
  usedSeries = takeScratch(<usize>count << 2);
  ranks = takeScratch(<usize>seriesCount << 2);
}

/** One step of the list; false when it is complete. */
export function listStep(): bool {
  const before = usedCount;
  const stop = stepEnd(word, min(markWords, word + STEP_WORDS));
  for (; word < stop; word++) {
    let bits = load<u64>(marks + (<usize>word << 3));
    for (; bits != 0; bits &= bits - 1) {
      store<u32>(usedSeries + (<usize>usedCount << 2), (word << 6) + <u32>ctz<u64>(bits));
      usedCount++;
    }
  }
  spend(usedCount - before);
  if (word < markWords) return true;
  giveScratch(marks);
  return false;
}

/** A series in use, by its index below usedCount. */
@inline
export function usedAt(index: u32): u32 {
  return load<u32>(usedSeries + (<usize>index << 2));
}

/** States the rank of a series in use. */
@inline
export function setRank(series: u32, rank: u32): void {
  store<u32>(ranks + (<usize>series << 2), rank);
}

/** The rank of a series in use. */
@inline
export function rankOf(series: u32): u32 {
  return load<u32>(ranks + (<usize>series << 2));
}
