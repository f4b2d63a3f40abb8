// Column chunks of numbers and booleans: one page each, after a dictionary where values repeat.
import {
  CHUNK_ENCODING, ENCODING_DELTA_BINARY_PACKED, ENCODING_PLAIN, ENCODING_RLE_DICTIONARY,
} from './abi';
import { deltaBytesMax, writeDelta } from './delta';
import { buildDictionary, entries, entryCount } from './dictionary';
import { indices, located, values } from './group';
import { bitWidth, hybridBytesMax, writeHybrid } from './hybrid';
import { levelsBytesMax, writeLevels } from './levels';
import { endDataPage, endDictionaryPage, raw, takeRaw } from './page';
import { writeBits, writePlain } from './plain';

/** A chunk of `rows` rows with `present` values in `values`; required columns have no levels. */
let rows: u32 = 0;
let present: u32 = 0;
let required: bool = false;
let chunk: usize = 0;

export function startNumbers(rowCount: u32, presentCount: u32, isRequired: bool, chunkStruct: usize): void {
  rows = rowCount;
  present = presentCount;
  required = isRequired;
  chunk = chunkStruct;
}

/** Signed integers: differences, or a dictionary where that is smaller. */
export function encodeSigned(): void {
  const from = startPage(deltaBytesMax(present));
  const end = writeDelta(values, present, from);
  const bytes = end - from;
  // Under 4 bits a value there is little to win.
  const worth = bytes << 1 > <usize>present;
  if (worth && buildDictionary(values, present, indices) && dictionaryBytes(8) < bytes) encodeDictionary(8);
  else endPage(end, ENCODING_DELTA_BINARY_PACKED);
}

/** Values of `width` bytes that differences do not suit: a dictionary where that is smaller, else plain. */
export function encodeFixed(width: usize): void {
  const plainBytes = <usize>present * width;
  if (buildDictionary(values, present, indices) && dictionaryBytes(width) < plainBytes) encodeDictionary(width);
  else endPage(writePlain(values, present, width, startPage(plainBytes)), ENCODING_PLAIN);
}

/** Values of 4 bytes out of a few: always a dictionary. */
export function encodeFew(): void {
  buildDictionary(values, present, indices);
  encodeDictionary(4);
}

export function encodeBooleans(): void {
  endPage(writeBits(values, present, startPage((<usize>present >> 3) + 8)), ENCODING_PLAIN);
}

/** Indices into a dictionary of `entryTotal`, after its page was ended. */
export function encodeIndices(entryTotal: u32): void {
  const width = max(bitWidth(entryTotal - 1), 1);
  const at = startPage(hybridBytesMax(present, width));
  store<u8>(at, <u8>width);
  endPage(writeHybrid(indices, present, width, at + 1), ENCODING_RLE_DICTIONARY);
}

/** A page without a value. */
export function encodeNulls(): void {
  endPage(startPage(0), ENCODING_PLAIN);
}

function encodeDictionary(width: usize): void {
  takeRaw(<usize>entryCount * width);
  endDictionaryPage(writePlain(entries, entryCount, width, raw) - raw, entryCount);
  encodeIndices(entryCount);
}

/** Bytes of the dictionary and its indices at most. */
function dictionaryBytes(width: usize): usize {
  return <usize>entryCount * width + <usize>((<u64>present * bitWidth(entryCount - 1)) >> 3);
}

/** Starts the page with its levels; returns the address where up to `bytes` of values go. */
function startPage(bytes: usize): usize {
  takeRaw(levelsBytesMax(rows) + bytes);
  return required ? raw : writeLevels(located, rows, present, raw);
}

function endPage(end: usize, encoding: i32): void {
  store<u32>(chunk, encoding, CHUNK_ENCODING);
  endDataPage(end - raw, rows, encoding);
}
