// The row in the file of each flushed memtable row; lines of one point share it. Built when the first column needs it.
import { entryOf, MERGED } from '../sort/row-order';
import { takeScratch } from '../scratch';
import { rowEnd, rowFirst, rows } from '../spans';
import { NEAR, stepEnd } from '../slice-budget';

/** Of rows of the range that lie between the spans. */
export const NO_POSITION: u32 = 0xffffffff;
/** u32 a row of the range. */
let positions: usize = 0;
/** Next entry, and its row in the file. */
let at: u32 = 0;
let fileRow: u32 = 0;

/** Begins a flush. */
export function startPositions(): void {
  positions = 0;
  at = fileRow = 0;
}

/** One step; false when all stand. */
export function positionStep(): bool {
  if (positions == 0) {
    const bytes = <usize>(rowEnd - rowFirst) << 2;
    positions = takeScratch(bytes);
    if (rows < rowEnd - rowFirst) memory.fill(positions, 0xff, bytes);
  }
  const stop = stepEnd(at, rows, NEAR);
  for (; at < stop; at++) {
    const entry = entryOf(at);
    store<u32>(positions + (<usize>((entry & ~MERGED) - rowFirst) << 2), fileRow);
    if (!(entry & MERGED)) fileRow++;
  }
  return at < rows;
}

/** The row in the file of a memtable row of the range, once positionStep is done; NO_POSITION between spans. */
@inline
export function positionOf(row: u32): u32 {
  return load<u32>(positions + (<usize>(row - rowFirst) << 2));
}
