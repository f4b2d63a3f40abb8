// One column chunk: the values of a column in the rows of a row group, gathered in order, encoded, with statistics.
import {
  COLUMN_KIND, COLUMN_VALUES, KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64, TABLE_TIMES,
} from '../abi';
import {
  CHUNK_AT, CHUNK_BYTES, CHUNK_DATA_AT, CHUNK_NAN, CHUNK_NULLS, CHUNK_RAW_BYTES, COLUMN_NS, COLUMN_SEQ, COLUMN_TIME,
} from './abi';
import { columnAt, indexOfColumn } from './columns';
import { located, values } from './group';
import {
  encodeBooleans, encodeFew, encodeFixed, encodeNulls, encodeSigned, startNumbers,
} from './numbers';
import { entryOf, MERGED } from './order';
import { clearPages, dictionaryPageBytes, pages, pagesBytes, pagesRawBytes } from './page';
import { DECIMAL_BYTES } from './plain';
import { locateValues } from './presence';
import { numberOf } from './spans';
import { rangeOfFloats, rangeOfSigned, rangeOfUnsigned } from './statistics';
import { encodeStrings, encodeTags } from './strings';

const NANOS_PER_MICRO: i64 = 1000;
/** The chunk struct, CHUNK_*. */
const chunk = memory.data(48, 8);

/** Encodes column `id` for the entries `from` … `to` of the order, which make `rows` rows; returns the chunk struct. */
export function encodeChunk(table: usize, id: u32, from: u32, to: u32, rows: u32): usize {
  clearPages();
  store<u32>(chunk, 0, CHUNK_NULLS);
  store<u32>(chunk, 0, CHUNK_NAN);
  if (id >= COLUMN_TIME) encodeOwn(table, id, from, to, rows);
  else encodeColumn(table, indexOfColumn(table, id), from, to, rows);
  store<u32>(chunk, <u32>pages, CHUNK_AT);
  store<u32>(chunk, <u32>pagesBytes, CHUNK_BYTES);
  store<u32>(chunk, <u32>pagesRawBytes, CHUNK_RAW_BYTES);
  store<u32>(chunk, <u32>dictionaryPageBytes, CHUNK_DATA_AT);
  return chunk;
}

/** time, sluice_ns and sluice_seq: a value in every row. */
function encodeOwn(table: usize, id: u32, from: u32, to: u32, rows: u32): void {
  const times = <usize>load<u32>(table, TABLE_TIMES);
  let out = values;
  for (let i = from; i < to; i++) {
    const row = entryOf(i);
    if (row & MERGED) continue;
    store<i64>(out, id == COLUMN_SEQ ? numberOf(row) : partOf(load<i64>(times + (<usize>row << 3)), id));
    out += 8;
  }
  rangeOfSigned(values, rows, chunk);
  startNumbers(rows, rows, true, chunk);
  if (id == COLUMN_NS) encodeFew();
  else encodeSigned();
}

/** Whole microseconds, rounded down, or the nanoseconds beyond. */
@inline
function partOf(nanos: i64, id: u32): i64 {
  let micros = nanos / NANOS_PER_MICRO;
  let rest = nanos - micros * NANOS_PER_MICRO;
  if (rest < 0) {
    micros--;
    rest += NANOS_PER_MICRO;
  }
  return id == COLUMN_TIME ? micros : rest;
}

function encodeColumn(table: usize, index: i32, from: u32, to: u32, rows: u32): void {
  const present = locateValues(table, index, from, to, located);
  store<u32>(chunk, rows - present, CHUNK_NULLS);
  startNumbers(rows, present, false, chunk);
  if (present == 0) {
    encodeNulls();
    return;
  }
  const column = columnAt(table, index);
  const kind = load<u32>(column, COLUMN_KIND);
  if (kind == KIND_TAG) {
    encodeTags(column, rows, chunk);
  } else if (kind == KIND_STRING) {
    encodeStrings(column, rows, chunk);
  } else {
    gather(<usize>load<u32>(column, COLUMN_VALUES), rows, kind == KIND_BOOL);
    if (kind == KIND_I64) {
      rangeOfSigned(values, present, chunk);
      encodeSigned();
    } else if (kind == KIND_F64) {
      rangeOfFloats(values, present, chunk);
      encodeFixed(8);
    } else {
      rangeOfUnsigned(values, present, chunk);
      if (kind == KIND_U64) encodeFixed(DECIMAL_BYTES);
      else encodeBooleans();
    }
  }
}

/** Writes the located values to `values`, 8 bytes each. */
function gather(source: usize, rows: u32, narrow: bool): void {
  let out = values;
  for (let at = located; at < located + (<usize>rows << 2); at += 4) {
    const value = load<u32>(at);
    if (value == 0) continue;
    store<u64>(out, narrow ? <u64>load<u8>(source + value - 1) : load<u64>(source + (<usize>(value - 1) << 3)));
    out += 8;
  }
}
