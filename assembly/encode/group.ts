// The row group being encoded: its rows, and areas that every column chunk of it uses anew.
import { GROUP_ROWS_MAX } from './abi';
import { take } from './scratch';

/** u32 a row: index from 1 of its value, 0 for null. */
export let located: usize = 0;
/** 8 bytes a value, nulls left out. */
export let values: usize = 0;
/** u32 a value, nulls left out: its place in a dictionary. */
export let indices: usize = 0;

/** @param rows of the seal */
export function startGroups(rows: u32): void {
  const rowsMax = <usize>min(rows, GROUP_ROWS_MAX);
  located = take((rowsMax << 2) + 64);
  values = take((rowsMax << 3) + 64);
  indices = take((rowsMax << 2) + 64);
}
