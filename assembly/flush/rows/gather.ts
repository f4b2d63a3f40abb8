// Brings the picked values of a column into the order of the file, 8 bytes each, with their range on the way.
import { COLUMN_VALUES } from '../../layout/column';
import { TABLE_TIMES } from '../../layout/table';
import { KIND_F64, KIND_I64 } from '../../layout/codes';
import { CHUNK_MAX, CHUNK_MIN, CHUNK_NAN, COLUMN_NS, COLUMN_SEQ } from '../../layout/flush';
import { groupFrom } from './row-groups';
import { indices, picked, values } from './row-group';
import { entryOf, MERGED } from '../sort/row-order';
import { seqOf } from '../spans';

const NANOS_PER_MICRO: i64 = 1000;

/** Values gathered of the chunk; of our own columns also the next entry of the order. */
export let gathered: u32 = 0;
let entry: u32 = 0;

/** Starts a chunk of values of a kind: of our own columns, KIND_I64. */
export function startGather(chunk: usize, kind: u32): void {
  gathered = 0;
  entry = groupFrom;
  if (kind == KIND_F64) {
    store<f64>(chunk, f64.POSITIVE_INFINITY, CHUNK_MIN);
    store<f64>(chunk, f64.NEGATIVE_INFINITY, CHUNK_MAX);
  } else {
    store<i64>(chunk, kind == KIND_I64 ? i64.MAX_VALUE : -1, CHUNK_MIN);
    store<i64>(chunk, kind == KIND_I64 ? i64.MIN_VALUE : 0, CHUNK_MAX);
  }
}

/** i64 values, up to the value `stop`. */
export function gatherSigned(column: usize, stop: u32, chunk: usize): void {
  let least = load<i64>(chunk, CHUNK_MIN);
  let most = load<i64>(chunk, CHUNK_MAX);
  const source = <usize>load<u32>(column, COLUMN_VALUES);
  let from = picked + (<usize>gathered << 2);
  const end = values + (<usize>stop << 3);
  for (let to = values + (<usize>gathered << 3); to < end; to += 8) {
    const value = load<i64>(source + (<usize>load<u32>(from) << 3));
    from += 4;
    store<i64>(to, value);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  gathered = stop;
  store<i64>(chunk, least, CHUNK_MIN);
  store<i64>(chunk, most, CHUNK_MAX);
}

/** u64 values. */
export function gatherUnsigned(column: usize, stop: u32, chunk: usize): void {
  let least = load<u64>(chunk, CHUNK_MIN);
  let most = load<u64>(chunk, CHUNK_MAX);
  const source = <usize>load<u32>(column, COLUMN_VALUES);
  let from = picked + (<usize>gathered << 2);
  const end = values + (<usize>stop << 3);
  for (let to = values + (<usize>gathered << 3); to < end; to += 8) {
    const value = load<u64>(source + (<usize>load<u32>(from) << 3));
    from += 4;
    store<u64>(to, value);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  gathered = stop;
  store<u64>(chunk, least, CHUNK_MIN);
  store<u64>(chunk, most, CHUNK_MAX);
}

/** f64 values; a NaN is told apart, and then the range means nothing. */
export function gatherFloats(column: usize, stop: u32, chunk: usize): void {
  let least = load<f64>(chunk, CHUNK_MIN);
  let most = load<f64>(chunk, CHUNK_MAX);
  let nan: u32 = load<u32>(chunk, CHUNK_NAN);
  const source = <usize>load<u32>(column, COLUMN_VALUES);
  let from = picked + (<usize>gathered << 2);
  const end = values + (<usize>stop << 3);
  for (let to = values + (<usize>gathered << 3); to < end; to += 8) {
    const value = load<f64>(source + (<usize>load<u32>(from) << 3));
    from += 4;
    store<f64>(to, value);
    least = value < least ? value : least;
    most = value > most ? value : most;
    nan |= <u32>(value != value);
  }
  gathered = stop;
  store<f64>(chunk, least, CHUNK_MIN);
  store<f64>(chunk, most, CHUNK_MAX);
  store<u32>(chunk, nan, CHUNK_NAN);
}

/** Booleans, as indices into a dictionary of false and true. */
export function gatherBooleans(column: usize, stop: u32, chunk: usize): void {
  let least = load<u64>(chunk, CHUNK_MIN);
  let most = load<u64>(chunk, CHUNK_MAX);
  const source = <usize>load<u32>(column, COLUMN_VALUES);
  let from = picked + (<usize>gathered << 2);
  const end = indices + (<usize>stop << 2);
  for (let to = indices + (<usize>gathered << 2); to < end; to += 4) {
    const value = <u64>load<u8>(source + load<u32>(from));
    from += 4;
    store<u32>(to, <u32>value);
    least = min(least, value);
    most = max(most, value);
  }
  gathered = stop;
  store<u64>(chunk, least, CHUNK_MIN);
  store<u64>(chunk, most, CHUNK_MAX);
}

/** Our own columns, a value in every row: whole microseconds, the nanoseconds beyond, or seqs. */
export function gatherOwn(table: usize, id: u32, stop: u32, chunk: usize): void {
  let least = load<i64>(chunk, CHUNK_MIN);
  let most = load<i64>(chunk, CHUNK_MAX);
  const times = <usize>load<u32>(table, TABLE_TIMES);
  const end = values + (<usize>stop << 3);
  let next = entry;
  for (let to = values + (<usize>gathered << 3); to < end; next++) {
    const row = entryOf(next);
    if (row & MERGED) continue;
    const value = id == COLUMN_SEQ ? seqOf(row) : partOf(load<i64>(times + (<usize>row << 3)), id);
    store<i64>(to, value);
    least = value < least ? value : least;
    most = value > most ? value : most;
    to += 8;
  }
  entry = next;
  gathered = stop;
  store<i64>(chunk, least, CHUNK_MIN);
  store<i64>(chunk, most, CHUNK_MAX);
}

/** Microseconds rounded down, or what is beyond them. */
@inline
function partOf(nanos: i64, id: u32): i64 {
  let micros = nanos / NANOS_PER_MICRO;
  let rest = nanos - micros * NANOS_PER_MICRO;
  if (rest < 0) {
    micros--;
    rest += NANOS_PER_MICRO;
  }
  return id == COLUMN_NS ? rest : micros;
}
