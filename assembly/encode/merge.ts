// Equal points of one body (same tags, time, body) stand next to each other after the sort, in line order. All but the
// last of them get MERGED: the file has one row for them, and the last non-null value wins, field by field.
import { TABLE_TIMES } from '../abi';
import { entryOf, MERGED, setEntry } from './order';
import { loadCodes, sameCode } from './tags';
import { rows, spanOf } from './spans';

/** Entries that have MERGED. */
export let merged: u32 = 0;

/** Marks each entry whose next has the same time and body. */
export function markCandidates(table: usize): void {
  merged = 0;
  const times = <usize>load<u32>(table, TABLE_TIMES);
  let row = entryOf(0);
  for (let i: u32 = 1; i < rows; i++) {
    const next = entryOf(i);
    const same = load<i64>(times + (<usize>row << 3)) == load<i64>(times + (<usize>next << 3)) && spanOf(row) == spanOf(next);
    if (same) {
      setEntry(i - 1, row | MERGED);
      merged++;
    }
    row = next;
  }
}

/** Takes the mark from entries that differ from their next in this tag. */
export function unmarkDifferent(column: usize): void {
  loadCodes(column);
  for (let i: u32 = 0; i + 1 < rows; i++) {
    const entry = entryOf(i);
    if (entry & MERGED && !sameCode(entry & ~MERGED, entryOf(i + 1) & ~MERGED)) {
      setEntry(i, entry & ~MERGED);
      merged--;
    }
  }
}
