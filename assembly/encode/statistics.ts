// Least and greatest value of a chunk, into the chunk struct.
import { CHUNK_MAX, CHUNK_MIN, CHUNK_NAN } from './abi';
import { compareBytes, prefixOf } from './bytes';

/** Of i64 values. */
export function rangeOfSigned(values: usize, count: u32, chunk: usize): void {
  let least = i64.MAX_VALUE;
  let most = i64.MIN_VALUE;
  for (let at = values; at < values + (<usize>count << 3); at += 8) {
    const value = load<i64>(at);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  store<i64>(chunk, least, CHUNK_MIN);
  store<i64>(chunk, most, CHUNK_MAX);
}

/** Of u64 values. */
export function rangeOfUnsigned(values: usize, count: u32, chunk: usize): void {
  let least = u64.MAX_VALUE;
  let most: u64 = 0;
  for (let at = values; at < values + (<usize>count << 3); at += 8) {
    const value = load<u64>(at);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  store<u64>(chunk, least, CHUNK_MIN);
  store<u64>(chunk, most, CHUNK_MAX);
}

/** Of f64 values; a NaN is told apart, and then the range means nothing. */
export function rangeOfFloats(values: usize, count: u32, chunk: usize): void {
  let least = f64.POSITIVE_INFINITY;
  let most = f64.NEGATIVE_INFINITY;
  let nan: u32 = 0;
  for (let at = values; at < values + (<usize>count << 3); at += 8) {
    const value = load<f64>(at);
    least = value < least ? value : least;
    most = value > most ? value : most;
    nan |= <u32>(value != value);
  }
  store<f64>(chunk, least, CHUNK_MIN);
  store<f64>(chunk, most, CHUNK_MAX);
  store<u32>(chunk, nan, CHUNK_NAN);
}

let leastAt: usize = 0;
let leastBytes: usize = 0;
let leastPrefix: u64 = 0;
let mostAt: usize = 0;
let mostBytes: usize = 0;
let mostPrefix: u64 = 0;

/** Starts the range of byte strings with one of them. */
export function startBytesRange(at: usize, bytes: usize): void {
  leastAt = mostAt = at;
  leastBytes = mostBytes = bytes;
  leastPrefix = mostPrefix = prefixOf(at, bytes);
}

/** Takes one more byte string into the range. */
export function widenBytesRange(at: usize, bytes: usize): void {
  const prefix = prefixOf(at, bytes);
  if (prefix < leastPrefix || (prefix == leastPrefix && compareBytes(at, bytes, leastAt, leastBytes) < 0)) {
    leastAt = at;
    leastBytes = bytes;
    leastPrefix = prefix;
  } else if (prefix > mostPrefix || (prefix == mostPrefix && compareBytes(at, bytes, mostAt, mostBytes) > 0)) {
    mostAt = at;
    mostBytes = bytes;
    mostPrefix = prefix;
  }
}

export function endBytesRange(chunk: usize): void {
  store<u32>(chunk, <u32>leastAt, CHUNK_MIN);
  store<u32>(chunk, <u32>leastBytes, CHUNK_MIN + 4);
  store<u32>(chunk, <u32>mostAt, CHUNK_MAX);
  store<u32>(chunk, <u32>mostBytes, CHUNK_MAX + 4);
}
