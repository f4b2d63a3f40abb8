// Column chunks of numbers and booleans: one page, after a dictionary page where values repeat. Each is one of `rows` rows of
// which `present` have values, in `values` (or `indices`); a chunk that is required has a value in each and no levels. `chunk`
// is the struct CHUNK_* that gets the encoding.
import {
  CHUNK_ENCODING, CHUNK_MAX, CHUNK_MIN, ENCODING_DELTA_BINARY_PACKED, ENCODING_PLAIN, ENCODING_RLE, ENCODING_RLE_DICTIONARY,
} from '../../layout/flush';
import { deltaBytesMax, writeDelta } from './delta';
import { buildDictionary, buildIntegerDictionary, entries, entryCount } from './number-dictionary';
import { indices, valueRows, values } from '../rows/row-group';
import { bitWidth, hybridBytesMax, writeHybrid } from './hybrid';
import { levelsBytesMax, writeLevels } from './levels';
import { endDataPage, endDictionaryPage, raw, reserveRaw } from './page';
import { writePlain } from './plain';

/** Signed integers: differences, or a dictionary where that is smaller. Whether the page of indices follows. */
export function encodeSigned(rows: u32, present: u32, isRequired: bool, chunk: usize): bool {
  const from = startPage(rows, present, isRequired, deltaBytesMax(present));
  const end = writeDelta(values, present, from);
  const bytes = end - from;
  // Under 4 bits a value there is little to win.
  const isWorth = bytes << 1 > <usize>present
    && buildIntegerDictionary(values, present, indices, load<i64>(chunk, CHUNK_MIN), load<i64>(chunk, CHUNK_MAX))
    && dictionaryBytes(present, 8) < bytes;
  if (isWorth) return endDictionary(8);
  endPage(rows, chunk, end, ENCODING_DELTA_BINARY_PACKED);
  return false;
}

/** Values of `width` bytes that differences do not suit: a dictionary where that is smaller, else plain. */
export function encodeFixed(rows: u32, present: u32, isRequired: bool, chunk: usize, width: usize): bool {
  const plainBytes = <usize>present * width;
  if (buildDictionary(values, present, indices) && dictionaryBytes(present, width) < plainBytes) return endDictionary(width);
  endPage(rows, chunk, writePlain(values, present, width, startPage(rows, present, isRequired, plainBytes)), ENCODING_PLAIN);
  return false;
}

/** Integers of 4 bytes out of a thousand: always a dictionary. */
export function encodeFew(rows: u32, present: u32, isRequired: bool, chunk: usize): bool {
  buildIntegerDictionary(values, present, indices, load<i64>(chunk, CHUNK_MIN), load<i64>(chunk, CHUNK_MAX));
  return endDictionary(4);
}

/** Booleans, which stand in `indices`: the length of their runs and bits, then these. */
export function encodeBooleans(rows: u32, present: u32, isRequired: bool, chunk: usize): bool {
  const at = startPage(rows, present, isRequired, hybridBytesMax(present, 1) + 4);
  const end = writeHybrid(indices, present, 1, at + 4);
  store<u32>(at, <u32>(end - at - 4));
  endPage(rows, chunk, end, ENCODING_RLE);
  return false;
}

/** A page without a value. */
export function encodeNulls(rows: u32, present: u32, isRequired: bool, chunk: usize): bool {
  endPage(rows, chunk, startPage(rows, present, isRequired, 0), ENCODING_PLAIN);
  return false;
}

/** The page of the `indices` into a dictionary of so many entries, whose page was ended before. */
export function encodeIndices(rows: u32, present: u32, isRequired: bool, chunk: usize, dictionaryEntries: u32): void {
  const width = max(bitWidth(dictionaryEntries - 1), 1);
  const at = startPage(rows, present, isRequired, hybridBytesMax(present, width));
  store<u8>(at, <u8>width);
  endPage(rows, chunk, writeHybrid(indices, present, width, at + 1), ENCODING_RLE_DICTIONARY);
}

function endDictionary(width: usize): bool {
  reserveRaw(<usize>entryCount * width);
  endDictionaryPage(writePlain(entries, entryCount, width, raw) - raw, entryCount);
  return true;
}

/** Bytes of the dictionary and its indices at most. */
function dictionaryBytes(present: u32, width: usize): usize {
  return <usize>entryCount * width + indicesBytes(present, entryCount);
}

/** Bytes of `count` indices into a dictionary at most. */
export function indicesBytes(count: u32, entryCount: u32): usize {
  return <usize>((<u64>count * bitWidth(entryCount - 1)) >> 3);
}

/** Starts the page with its levels; returns the address where up to `bytes` of values go. */
function startPage(rows: u32, present: u32, isRequired: bool, bytes: usize): usize {
  reserveRaw(levelsBytesMax(rows) + bytes);
  return isRequired ? raw : writeLevels(valueRows, present, 0, rows, raw);
}

function endPage(rows: u32, chunk: usize, end: usize, encoding: i32): void {
  store<u32>(chunk, encoding, CHUNK_ENCODING);
  endDataPage(end - raw, rows, encoding);
}
