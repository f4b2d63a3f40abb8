// The heap of a column: the bytes of its strings, or of the entries of its dictionary, one after another.
import { blockBytes } from '../base/arena';
import { COLUMN_HEAP, COLUMN_HEAP_CAPACITY } from '../layout/column';
import { regrow } from './memory';

/** Makes room for `bytes` bytes in all in the heap, of which `used` are kept. */
export function reserveHeap(column: usize, used: u32, bytes: u32): void {
  const before = load<u32>(column, COLUMN_HEAP_CAPACITY);
  if (bytes <= before) return;
  const capacity = <u32>blockBytes(bytes);
  store<u32>(column, <u32>regrow(load<u32>(column, COLUMN_HEAP), before, used, capacity), COLUMN_HEAP);
  store<u32>(column, capacity, COLUMN_HEAP_CAPACITY);
}
