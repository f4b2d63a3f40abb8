// Column chunks of numbers and booleans: one page, after a dictionary page where values repeat.
import {
  CHUNK_ENCODING, CHUNK_MAX, CHUNK_MIN, ENCODING_DELTA_BINARY_PACKED, ENCODING_PLAIN, ENCODING_RLE, ENCODING_RLE_DICTIONARY,
} from '../../layout/flush';
import { deltaBytesMax, writeDelta } from './delta';
import { buildDictionary, buildIntegerDictionary, entries, entryCount } from './number-dictionary';
import { indices, places, values } from '../rows/row-group';
import { bitWidth, hybridBytesMax, writeHybrid } from './hybrid';
import { levelsBytesMax, writeLevels } from './levels';
import { endDataPage, endDictionaryPage, raw, takeRaw } from './page';
import { writePlain } from './plain';

/** A chunk of `rows` rows with `present` values in `values`; required columns have no levels. */
let rows: u32 = 0;
let present: u32 = 0;
let required: bool = false;
let chunk: usize = 0;
/** Entries of the dictionary whose page was ended; its indices follow. */
let entryTotal: u32 = 0;

export function startNumbers(rowCount: u32, presentCount: u32, isRequired: bool, chunkStruct: usize): void {
  rows = rowCount;
  present = presentCount;
  required = isRequired;
  chunk = chunkStruct;
}

/** Signed integers: differences, or a dictionary where that is smaller. Whether the page of indices follows. */
export function encodeSigned(): bool {
  const from = startPage(deltaBytesMax(present));
  const end = writeDelta(values, present, from);
  const bytes = end - from;
  // Under 4 bits a value there is little to win.
  const isWorth = bytes << 1 > <usize>present
    && buildIntegerDictionary(values, present, indices, load<i64>(chunk, CHUNK_MIN), load<i64>(chunk, CHUNK_MAX))
    && dictionaryBytes(8) < bytes;
  if (isWorth) return endDictionary(8);
  endPage(end, ENCODING_DELTA_BINARY_PACKED);
  return false;
}

/** Values of `width` bytes that differences do not suit: a dictionary where that is smaller, else plain. */
export function encodeFixed(width: usize): bool {
  const plainBytes = <usize>present * width;
  if (buildDictionary(values, present, indices) && dictionaryBytes(width) < plainBytes) return endDictionary(width);
  endPage(writePlain(values, present, width, startPage(plainBytes)), ENCODING_PLAIN);
  return false;
}

/** Integers of 4 bytes out of a thousand: always a dictionary. */
export function encodeFew(): bool {
  buildIntegerDictionary(values, present, indices, load<i64>(chunk, CHUNK_MIN), load<i64>(chunk, CHUNK_MAX));
  return endDictionary(4);
}

/** Booleans, which stand in `indices`: the length of their runs and bits, then these. */
export function encodeBooleans(): bool {
  const at = startPage(hybridBytesMax(present, 1) + 4);
  const end = writeHybrid(indices, present, 1, at + 4);
  store<u32>(at, <u32>(end - at - 4));
  endPage(end, ENCODING_RLE);
  return false;
}

/** A page without a value. */
export function encodeNulls(): bool {
  endPage(startPage(0), ENCODING_PLAIN);
  return false;
}

/** Tells that the page of a dictionary of so many entries was ended. */
export function startIndices(entryCount: u32): void {
  entryTotal = entryCount;
}

/** The page of indices into the dictionary. */
export function encodeIndices(): void {
  const width = max(bitWidth(entryTotal - 1), 1);
  const at = startPage(hybridBytesMax(present, width));
  store<u8>(at, <u8>width);
  endPage(writeHybrid(indices, present, width, at + 1), ENCODING_RLE_DICTIONARY);
}

function endDictionary(width: usize): bool {
  takeRaw(<usize>entryCount * width);
  endDictionaryPage(writePlain(entries, entryCount, width, raw) - raw, entryCount);
  startIndices(entryCount);
  return true;
}

/** Bytes of the dictionary and its indices at most. */
function dictionaryBytes(width: usize): usize {
  return <usize>entryCount * width + indicesBytes(present, entryCount);
}

/** Bytes of `count` indices into a dictionary at most. */
export function indicesBytes(count: u32, entryCount: u32): usize {
  return <usize>((<u64>count * bitWidth(entryCount - 1)) >> 3);
}

/** Starts the page with its levels; returns the address where up to `bytes` of values go. */
function startPage(bytes: usize): usize {
  takeRaw(levelsBytesMax(rows) + bytes);
  return required ? raw : writeLevels(places, present, 0, rows, raw);
}

function endPage(end: usize, encoding: i32): void {
  store<u32>(chunk, encoding, CHUNK_ENCODING);
  endDataPage(end - raw, rows, encoding);
}
