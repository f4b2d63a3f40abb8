// What stays after flushes for the lines to come, and no row needs, is spare: the series cache, and the series and
// dictionaries of tables that have more series than rows.
import {
  COLUMN_CAPACITY, COLUMN_DENSE, COLUMN_ENTRY_CAPACITY, COLUMN_HEAP, COLUMN_HEAP_CAPACITY, COLUMN_KIND, COLUMN_ROWS,
  COLUMN_SLOTS, COLUMN_SLOTS_MASK, COLUMN_VALUES,
} from '../layout/column';
import { TABLE_COLUMNS, TABLE_ROWS, TABLE_SERIES } from '../layout/table';
import { KIND_TAG } from '../layout/codes';
import { blockBytes } from '../base/arena';
import { tableAt, tableIdsEnd } from './tables';
import { dropSeries } from './compact-series';
import { keepSeries } from './keep-series';
import { cacheBytes, freeSeries } from './cache/series-cache';
import { columnAt } from './read';

/** Bytes that freeSpare would free, about. */
export function spareBytes(): usize {
  let bytes = cacheBytes();
  for (let id = spareTable(0); id < tableIdsEnd(); id = spareTable(id + 1)) {
    const table = tableAt(id);
    const columns = load<u32>(table, TABLE_COLUMNS);
    for (let i: u32 = 0; i < columns; i++) {
      const column = columnAt(table, i);
      if (load<u32>(column, COLUMN_KIND) == KIND_TAG) bytes += tagBytes(column);
    }
  }
  return bytes;
}

/** The first of the tables from an id on whose series are spare; tableIdsEnd() when there is none. spareStart (drop-rows.ts) takes them out. */
export function spareTable(fromId: u32): u32 {
  const end = tableIdsEnd();
  let id = fromId;
  for (; id < end; id++) {
    const table = tableAt(id);
    if (table != 0 && isSpare(table)) break;
  }
  return id;
}

/** Takes the series without rows out of such tables at once, and empties the cache; call it between bodies. */
export function freeSpare(): void {
  for (let id = spareTable(0); id < tableIdsEnd(); id = spareTable(id + 1)) {
    const table = tableAt(id);
    if (load<u32>(table, TABLE_ROWS) == 0) dropSeries(table);
    else keepSeries(table);
  }
  freeSeries();
}

@inline
function isSpare(table: usize): bool {
  return load<u32>(table, TABLE_SERIES) > load<u32>(table, TABLE_ROWS);
}

/** Bytes of the arrays of a tag column. */
function tagBytes(column: usize): usize {
  const values = load<u32>(column, COLUMN_CAPACITY) << 2;
  const entries = load<u32>(column, COLUMN_ENTRY_CAPACITY) << 2;
  let bytes: usize = 0;
  if (load<u32>(column, COLUMN_ROWS) != 0) bytes += blockBytes(values - (load<u32>(column, COLUMN_DENSE) << 2));
  if (load<u32>(column, COLUMN_VALUES) != 0) bytes += blockBytes(values);
  if (load<u32>(column, COLUMN_HEAP) != 0) bytes += load<u32>(column, COLUMN_HEAP_CAPACITY);
  if (load<u32>(column, COLUMN_SLOTS) != 0) bytes += (<usize>(load<u32>(column, COLUMN_SLOTS_MASK) + 1) << 3) + 2 * blockBytes(entries);
  return bytes;
}
