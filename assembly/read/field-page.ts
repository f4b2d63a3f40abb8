// Pages of a field: values behind those that the memtable's column has, with the numbers of their rows where rows have none.
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_U64 } from '../layout/codes';
import { COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES } from '../layout/column';
import {
  ENCODING_DELTA_BINARY_PACKED, ENCODING_PLAIN, ENCODING_RLE, ENCODING_RLE_DICTIONARY,
} from '../layout/flush';
import { READ_ENCODING, READ_LEVELS, READ_NO_ROOM, READ_OK, READ_RANGE, READ_VALUES } from '../layout/read';
import { reserveValues, valueShift } from '../memtable/column';
import { isOverRoom, roomFor } from '../memtable/memory';
import { startNumbers } from '../memtable/row-numbers';
import { readDelta } from './delta';
import { entries } from './dictionary';
import { emptyPage } from './empty-page';
import { readHybrid } from './hybrid';
import { readIndices } from './indices';
import { present, readLevels } from './levels';
import { indices, presentRows } from './page-areas';
import { readPlain } from './plain';
import { readStrings } from './string-page';

const DECIMAL_BYTES: usize = 9;
const NUMBER_BYTES: u64 = 4;
const LENGTH_BYTES: usize = 4;

/**
 * Reads the page of `rows` rows from the memtable's row `first` on, which will have `rowsAll`; it stands from `at` to `end`.
 * Returns READ_*.
 */
export function readField(column: usize, encoding: u32, first: u32, rows: u32, rowsAll: u32, at: usize, end: usize): u32 {
  const values = readLevels(at, end, rows, presentRows);
  if (values == 0) return READ_LEVELS;
  if (present == 0) return emptyPage(encoding, values, end);
  const kind = load<u32>(column, COLUMN_KIND);
  const count = load<u32>(column, COLUMN_COUNT);
  // A column that had a value in every row so far mostly goes on so: what doubles would be copied and stand there twice.
  const isDense = present == rows && count == first;
  if (!(isDense && makeRoom(column, kind, rowsAll)) && !makeRoom(column, kind, count + present)) return READ_NO_ROOM;
  const to = <usize>load<u32>(column, COLUMN_VALUES) + (<usize>count << valueShift(kind));
  let code: u32 = READ_OK;
  if (kind == KIND_STRING) code = readStrings(column, encoding, present, values, end);
  else if (kind == KIND_BOOL) code = readBooleans(encoding, values, end, to);
  else code = readNumbers(kind, encoding, values, end, to);
  if (code != READ_OK) return code;
  numberRows(column, count, first, rows);
  store<u32>(column, count + present, COLUMN_COUNT);
  return READ_OK;
}

/** Room for so many values in all; false when memtables would hold too much. */
function makeRoom(column: usize, kind: u32, count: u32): bool {
  if (count > load<u32>(column, COLUMN_CAPACITY) && isOverRoom(<u64>roomFor(count) * ((<u64>1 << <u64>valueShift(kind)) + NUMBER_BYTES))) return false;
  reserveValues(column, count);
  return true;
}

/** States the rows of the page's values, which stand behind `count` others. */
function numberRows(column: usize, count: u32, first: u32, rows: u32): void {
  if (load<u32>(column, COLUMN_ROWS) == 0) {
    if (present == rows && count == first) return;
    startNumbers(column, count);
  }
  const to = <usize>load<u32>(column, COLUMN_ROWS) + (<usize>count << 2);
  if (present == rows) for (let i: u32 = 0; i < rows; i++) store<u32>(to + (<usize>i << 2), first + i);
  else for (let i: usize = 0; i < <usize>present << 2; i += 4) store<u32>(to + i, first + load<u32>(presentRows + i));
}

/** Floats, integers and unsigned. */
function readNumbers(kind: u32, encoding: u32, at: usize, end: usize, to: usize): u32 {
  if (encoding == ENCODING_RLE_DICTIONARY) {
    const code = readIndices(at, end, present);
    if (code != READ_OK) return code;
    for (let i: usize = 0; i < <usize>present; i++) {
      store<u64>(to + (i << 3), load<u64>(entries + (<usize>load<u32>(indices + (i << 2)) << 3)));
    }
    return READ_OK;
  }
  if (kind == KIND_I64) {
    if (encoding != ENCODING_DELTA_BINARY_PACKED) return READ_ENCODING;
    return readDelta(at, end, present, to) == end ? READ_OK : READ_VALUES;
  }
  if (encoding != ENCODING_PLAIN || !(kind == KIND_F64 || kind == KIND_U64)) return READ_ENCODING;
  const width: usize = kind == KIND_U64 ? DECIMAL_BYTES : 8;
  if (<u64>present * <u64>width != <u64>(end - at)) return READ_VALUES;
  return readPlain(at, present, width, to) ? READ_OK : READ_RANGE;
}

/** A length, then the hybrid at width 1. */
function readBooleans(encoding: u32, at: usize, end: usize, to: usize): u32 {
  if (encoding != ENCODING_RLE) return READ_ENCODING;
  if (end - at < LENGTH_BYTES || <usize>load<u32>(at) != end - at - LENGTH_BYTES) return READ_VALUES;
  if (readHybrid(at + LENGTH_BYTES, end, 1, present, indices) != end) return READ_VALUES;
  for (let i: usize = 0; i < <usize>present; i++) store<u8>(to + i, <u8>load<u32>(indices + (i << 2)));
  return READ_OK;
}
