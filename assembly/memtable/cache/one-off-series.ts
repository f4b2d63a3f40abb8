// Tables whose series hardly ever return: of those a line is taken for one of a new series without a look into the cache,
// all but one of eight, by which it shows when they do return.
import { TABLE_LOOKS, TABLE_SERIES } from '../../layout/table';
import { nextRandom } from '../../base/random';

const FOUND: u32 = 1 << 12;
const FOUND_SHIFT: u32 = 12;
const COUNT_MASK: u32 = FOUND - 1;
const RARE: u32 = 1 << 31;
const WINDOW: u32 = 1024;
/** Fewer found in a window: they hardly ever return. */
const FOUND_MIN: u32 = WINDOW / 16;
/** Series that a table has before it is thought of: a fleet must have time to come round again. */
const SERIES_MIN: u32 = 1 << 17;

/** Tables that are rare now: while there are none nobody needs to know the table of a line before it is looked up. */
export let rareTables: u32 = 0;

@inline
function isRare(table: usize): bool {
  return (load<u32>(table, TABLE_LOOKS) & RARE) != 0;
}

/** Whether a line of the table is to be looked up. */
export function isLookedUp(table: usize): bool {
  return !isRare(table) || nextRandom() >> 29 == 0;
}

/** Counts a line that was looked up. */
export function countLook(table: usize, isFound: bool): void {
  const looks = load<u32>(table, TABLE_LOOKS) + (isFound ? FOUND + 1 : 1);
  if ((looks & COUNT_MASK) < WINDOW) {
    store<u32>(table, looks, TABLE_LOOKS);
    return;
  }
  const wasRare = isRare(table);
  forgetRare(table);
  if (((looks >> FOUND_SHIFT) & COUNT_MASK) >= FOUND_MIN || !(wasRare || load<u32>(table, TABLE_SERIES) > SERIES_MIN)) return;
  store<u32>(table, RARE, TABLE_LOOKS);
  rareTables++;
}

/** Begins anew; also before a table is freed. */
export function forgetRare(table: usize): void {
  if (isRare(table)) rareTables--;
  store<u32>(table, 0, TABLE_LOOKS);
}
