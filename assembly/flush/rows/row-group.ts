// The row group being encoded: areas that every column chunk of it uses anew.
import { GROUP_ROWS_MAX } from '../../layout/flush';
import { takeScratch } from '../scratch';
import { rows } from '../spans';

/** u32 a value, nulls left out: its index in the column, of a tag the code. */
export let picked: usize = 0;
/** u32 a value: its row in the row group; ascending; not written when all rows have one. */
export let valueRows: usize = 0;
/** 8 bytes a value. */
export let values: usize = 0;
/** u32 a value: its index in a dictionary. */
export let indices: usize = 0;

/** Begins a flush: makes room for the largest row group it can have. */
export function startGroups(): void {
  const rowsMax = <usize>min(rows, GROUP_ROWS_MAX);
  picked = takeScratch((rowsMax << 2) + 64);
  valueRows = takeScratch((rowsMax << 2) + 64);
  values = takeScratch((rowsMax << 3) + 64);
  indices = takeScratch((rowsMax << 2) + 64);
}
