// Pages of our own three columns: times, the nanoseconds beyond them, and seqs. Each row has a value and there are no levels.
import { COLUMN_NS, COLUMN_TIME, ENCODING_DELTA_BINARY_PACKED, ENCODING_RLE_DICTIONARY } from '../layout/flush';
import { READ_ENCODING, READ_OK, READ_RANGE, READ_VALUES } from '../layout/read';
import { TABLE_SEQS, TABLE_TIMES } from '../layout/table';
import { readDelta } from './delta';
import { entries, entryCount } from './dictionary';
import { readIndices } from './indices';
import { indices, numbers } from './page-areas';

const NANOS_PER_MICRO: i64 = 1000;
/** Microseconds of the earliest and the latest time that 64 bits of nanoseconds hold. */
const MICROS_MIN: i64 = -9223372036854776;
const MICROS_MAX: i64 = 9223372036854775;
/** Nanoseconds that the latest of them has at most, and the earliest at least. */
const LAST_NANOS: i64 = 807;
const FIRST_NANOS: i64 = 192;
const SEQ_END: i64 = 1 << 53;

/** The highest seq of all rows read. */
let highest: i64 = 0;

/** Begins to read files. */
export function startOwn(): void {
  highest = 0;
}

/** The highest seq of the rows read; 0 for none. */
export function readSeqMax(): f64 {
  return <f64>highest;
}

/** Reads the page of `rows` rows from `first` on, which stands from `at` to `end`; times before nanoseconds. Returns READ_*. */
export function readOwn(table: usize, id: u32, encoding: u32, first: u32, rows: u32, at: usize, end: usize): u32 {
  const isNanos = id == COLUMN_NS;
  if (encoding != ENCODING_RLE_DICTIONARY && (isNanos || encoding != ENCODING_DELTA_BINARY_PACKED)) return READ_ENCODING;
  if (encoding == ENCODING_DELTA_BINARY_PACKED) {
    if (readDelta(at, end, rows, numbers) != end) return READ_VALUES;
  } else {
    const code = readIndices(at, end, rows);
    if (code != READ_OK) return code;
    // No file has nanoseconds in a table of microseconds.
    if (isNanos && entryCount == 1 && load<i64>(entries) == 0) return checkNanos(table, first, rows);
    for (let i: usize = 0; i < <usize>rows; i++) {
      store<i64>(numbers + (i << 3), load<i64>(entries + (<usize>load<u32>(indices + (i << 2)) << 3)));
    }
  }
  if (isNanos) return addNanos(table, first, rows);
  return id == COLUMN_TIME ? setTimes(table, first, rows) : setSeqs(table, first, rows);
}

function setTimes(table: usize, first: u32, rows: u32): u32 {
  const times = <usize>load<u32>(table, TABLE_TIMES) + (<usize>first << 3);
  let least = i64.MAX_VALUE;
  let most = i64.MIN_VALUE;
  for (let i: usize = 0; i < <usize>rows << 3; i += 8) {
    const micros = load<i64>(numbers + i);
    least = min(least, micros);
    most = max(most, micros);
    store<i64>(times + i, micros * NANOS_PER_MICRO);
  }
  return rows == 0 || (least >= MICROS_MIN && most <= MICROS_MAX) ? READ_OK : READ_RANGE;
}

function addNanos(table: usize, first: u32, rows: u32): u32 {
  const times = <usize>load<u32>(table, TABLE_TIMES) + (<usize>first << 3);
  for (let i: usize = 0; i < <usize>rows << 3; i += 8) {
    store<i64>(times + i, load<i64>(times + i) + load<i64>(numbers + i));
  }
  return checkNanosOf(times, rows, numbers);
}

function checkNanos(table: usize, first: u32, rows: u32): u32 {
  return checkNanosOf(<usize>load<u32>(table, TABLE_TIMES) + (<usize>first << 3), rows, 0);
}

/** At both ends of the range a sum wraps around that is none of these nanoseconds. @param nanos 8 bytes a row; 0: none has any */
function checkNanosOf(times: usize, rows: u32, nanos: usize): u32 {
  for (let i: usize = 0; i < <usize>rows << 3; i += 8) {
    const time = load<i64>(times + i);
    const rest = nanos == 0 ? 0 : load<i64>(nanos + i);
    const micros = time - rest;
    if (micros == MICROS_MAX * NANOS_PER_MICRO && rest > LAST_NANOS) return READ_RANGE;
    if (micros == MICROS_MIN * NANOS_PER_MICRO && rest < FIRST_NANOS) return READ_RANGE;
  }
  return READ_OK;
}

function setSeqs(table: usize, first: u32, rows: u32): u32 {
  const seqs = <usize>load<u32>(table, TABLE_SEQS) + (<usize>first << 3);
  let least = i64.MAX_VALUE;
  let most = i64.MIN_VALUE;
  for (let i: usize = 0; i < <usize>rows << 3; i += 8) {
    const seq = load<i64>(numbers + i);
    least = min(least, seq);
    most = max(most, seq);
    store<i64>(seqs + i, seq);
  }
  highest = max(highest, most);
  return rows == 0 || (least >= 0 && most < SEQ_END) ? READ_OK : READ_RANGE;
}
