// The row group being encoded: areas that every column chunk of it uses anew.
import { GROUP_ROWS_MAX } from '../../layout/flush';
import { take } from '../scratch';
import { rows } from '../spans';

/** u32 a value, nulls left out: its index in the column, of a tag the code. */
export let picked: usize = 0;
/** u32 a value: its row in the row group; not written when all rows have one. */
export let places: usize = 0;
/** 8 bytes a value. */
export let values: usize = 0;
/** u32 a value: its place in a dictionary. */
export let indices: usize = 0;

export function startGroups(): void {
  const rowsMax = <usize>min(rows, GROUP_ROWS_MAX);
  picked = take((rowsMax << 2) + 64);
  places = take((rowsMax << 2) + 64);
  values = take((rowsMax << 3) + 64);
  indices = take((rowsMax << 2) + 64);
}
