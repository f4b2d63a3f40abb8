// Column chunks of tags (a dictionary page and indices) and of strings (plain, a page per mebibyte).
import { COLUMN_ENTRIES } from '../abi';
import { CHUNK_ENCODING, ENCODING_PLAIN, PAGE_BYTES_MAX } from './abi';
import { copyValue } from './bytes';
import { codeOf, entryAt, entryBytes, stringAt, stringBytes } from './columns';
import { indices, located, values } from './group';
import { levelsBytesMax, writeLevels } from './levels';
import { encodeIndices } from './numbers';
import { endDataPage, endDictionaryPage, raw, takeRaw } from './page';
import { give, take } from './scratch';
import { endBytesRange, startBytesRange, widenBytesRange } from './statistics';

/** Bytes before a plain string: its length. */
const LENGTH_BYTES: usize = 4;

/** The chunk has its own dictionary, in the order of first appearance: of sorted rows, the first tag's is sorted. */
export function encodeTags(column: usize, rows: u32, chunk: usize): void {
  const used = indexCodes(column, rows);
  let bytes: usize = 0;
  for (let i: u32 = 0; i < used; i++) bytes += LENGTH_BYTES + entryBytes(column, usedCode(i));
  takeRaw(bytes);
  let out = raw;
  startBytesRange(entryAt(column, usedCode(0)), entryBytes(column, usedCode(0)));
  for (let i: u32 = 0; i < used; i++) {
    const at = entryAt(column, usedCode(i));
    const length = entryBytes(column, usedCode(i));
    widenBytesRange(at, length);
    out = writeString(out, at, length);
  }
  endBytesRange(chunk);
  endDictionaryPage(out - raw, used);
  encodeIndices(used);
}

/** Code of the i-th entry of the chunk's dictionary; the area of values holds them. */
@inline
function usedCode(i: u32): u32 {
  return load<u32>(values + (<usize>i << 2));
}

/** Writes the dictionary index of each value to `indices` and the codes in use to `values`; returns their number. */
function indexCodes(column: usize, rows: u32): u32 {
  const bytes = <usize>load<u32>(column, COLUMN_ENTRIES) << 2;
  const numbers = take(bytes);
  memory.fill(numbers, 0, bytes);
  let used: u32 = 0;
  let out = indices;
  for (let row: u32 = 0; row < rows; row++) {
    const value = load<u32>(located + (<usize>row << 2));
    if (value == 0) continue;
    const code = codeOf(column, value - 1);
    const slot = numbers + (<usize>code << 2);
    let number = load<u32>(slot);
    if (number == 0) {
      store<u32>(values + (<usize>used << 2), code);
      number = ++used;
      store<u32>(slot, number);
    }
    store<u32>(out, number - 1);
    out += 4;
  }
  give(numbers);
  return used;
}

export function encodeStrings(column: usize, rows: u32, chunk: usize): void {
  store<u32>(chunk, ENCODING_PLAIN, CHUNK_ENCODING);
  let first: u32 = 0;
  while (load<u32>(located + (<usize>first << 2)) == 0) first++;
  const value = load<u32>(located + (<usize>first << 2)) - 1;
  startBytesRange(stringAt(column, value), stringBytes(column, value));
  for (let row: u32 = 0; row < rows; row = encodeStringPage(column, row, rows));
  endBytesRange(chunk);
}

/** One page from row `from` on; returns the row after its last. */
function encodeStringPage(column: usize, from: u32, rows: u32): u32 {
  let bytes: usize = 0;
  let present: u32 = 0;
  let end = from;
  for (; end < rows; end++) {
    const value = load<u32>(located + (<usize>end << 2));
    if (value == 0) continue;
    const length = LENGTH_BYTES + stringBytes(column, value - 1);
    if (present > 0 && bytes + length > <usize>PAGE_BYTES_MAX) break;
    bytes += length;
    present++;
  }
  takeRaw(levelsBytesMax(end - from) + bytes);
  let out = writeLevels(located + (<usize>from << 2), end - from, present, raw);
  for (let row = from; row < end; row++) {
    const value = load<u32>(located + (<usize>row << 2));
    if (value == 0) continue;
    const at = stringAt(column, value - 1);
    const length = stringBytes(column, value - 1);
    widenBytesRange(at, length);
    out = writeString(out, at, length);
  }
  endDataPage(out - raw, end - from, ENCODING_PLAIN);
  return end;
}

@inline
function writeString(out: usize, at: usize, bytes: usize): usize {
  store<u32>(out, <u32>bytes);
  copyValue(out + LENGTH_BYTES, at, bytes);
  return out + LENGTH_BYTES + bytes;
}
