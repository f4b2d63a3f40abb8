// Which columns the line at hand has named, and as what: so that a key that stands twice is found, and no value is put
// into a column that the line names itself.
import { COLUMN_LINE } from '../../layout/column';

/** How a line names a column: bits of COLUMN_LINE. */
export const AS_TAG: u64 = 1;
export const AS_FIELD: u64 = 2;
const BITS: u64 = 3;

/** Counts all lines judged, by four: a column that bears the number of the line at hand was named in it before. */
let serial: u64 = 0;

/** Begins a line. @returns a number for COLUMN_LINE that no line had, without bits */
@inline
export function nextSerial(): u64 {
  serial += BITS + 1;
  return serial;
}

/** How the line at hand has named the column so far: AS_* or 0. */
@inline
export function namedAs(column: usize): u64 {
  const line = load<u64>(column, COLUMN_LINE);
  return (line & ~BITS) == serial ? line & BITS : 0;
}

/** Notes that the line at hand names the column. */
@inline
export function nameColumn(column: usize, bits: u64): void {
  store<u64>(column, serial | bits, COLUMN_LINE);
}
