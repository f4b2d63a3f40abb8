/** Rows that leave at once. */
import type { PendingRows } from '../../src/worker/pending-rows.js';
import type { RowRange } from '../../src/worker/wasm/parsed.js';

/** Takes rows of a table up to a seq out; returns where they are in the memtable. */
export function takenOut(pending: PendingRows, tableId: number, seq: number): RowRange[] {
  const ranges: RowRange[] = [];
  for (const _ of pending.takeOut(tableId, seq, (rowFirst, rowEnd) => ranges.push({ rowFirst, rowEnd }))) continue;
  return ranges;
}
