// Column chunks of texts (tags and strings): a dictionary page and indices where few texts repeat, else their lengths as
// differences and their bytes, a page per PAGE_BYTES_MAX. The texts are those `picked`.
import { COLUMN_HEAP } from '../../layout/column';
import { CHUNK_ENCODING, ENCODING_DELTA_LENGTH_BYTE_ARRAY, PAGE_BYTES_MAX } from '../../layout/flush';
import { copyValue } from './bytes';
import { textStart, textAt, textBytes, textEnds } from '../../memtable/read';
import { deltaBytesMax, writeDelta } from './delta';
import { indices, picked, valueRows, values } from '../rows/row-group';
import { levelsBytesMax, writeLevels } from './levels';
import { encodeIndices, indicesBytes } from './number-chunk';
import { endDataPage, endDictionaryPage, raw, reserveRaw } from './page';
import { FAR, spend } from '../slice-budget';
import { endTextRange, startTextRange, widenTextRange } from './text-range';
import { entryText, startTextDictionary, textDictionaryStep, textEntries, textEntryBytes, textPlainBytes, isRepeating } from './text-dictionary';

/** Bytes before a plain text: its length. */
const LENGTH_BYTES: usize = 4;
/** Texts of a page at most, and of a pass over them. */
const PAGE_TEXTS_MAX: u32 = 16384;
const BATCH: u32 = 128;

const STAGE_BUILD: u32 = 0;
const STAGE_INDICES: u32 = 1;
const STAGE_PAGES: u32 = 2;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next row and value of the pages. */
let row: u32 = 0;
let value: u32 = 0;

/** Starts a chunk with `present` texts, not 0. */
export function startStrings(column: usize, present: u32): void {
  row = value = 0;
  stage = STAGE_BUILD;
  startTextRange();
  startTextDictionary(column, present);
}

/**
 * One step of the chunk, which ends one page at most; false when it is complete.
 * @param rows of the row group, of which `present` have texts
 * @param chunk the struct CHUNK_*
 */
export function stringStep(column: usize, rows: u32, present: u32, chunk: usize): bool {
  switch (stage) {
    case STAGE_BUILD:
      if (textDictionaryStep(column, present)) break;
      stage = STAGE_PAGES;
      if (isRepeating && endDictionary(column, present)) stage = STAGE_INDICES;
      break;
    case STAGE_INDICES:
      encodeIndices(rows, present, false, chunk, textEntries);
      endTextRange(column, chunk);
      return false;
    default:
      encodePage(column, rows, present, chunk);
      if (row < rows) break;
      endTextRange(column, chunk);
      return false;
  }
  return true;
}

/** Writes the dictionary page, unless the texts themselves are no longer. */
function endDictionary(column: usize, present: u32): bool {
  if (<u64>textEntryBytes + indicesBytes(present, textEntries) >= textPlainBytes + present) return false;
  reserveRaw(textEntryBytes + <usize>textEntries * LENGTH_BYTES);
  let out = raw;
  for (let i: u32 = 0; i < textEntries; i++) {
    const text = entryText(i);
    const bytes = textBytes(column, text);
    widenTextRange(column, text, textAt(column, text), bytes);
    store<u32>(out, <u32>bytes);
    copyValue(out + LENGTH_BYTES, textAt(column, text), bytes);
    out += LENGTH_BYTES + bytes;
  }
  endDictionaryPage(out - raw, textEntries);
  return true;
}

/** A page of the texts from `value` on, as many as fit. */
function encodePage(column: usize, rows: u32, present: u32, chunk: usize): void {
  const from = value;
  const bytes = measure(column, present);
  const first = row;
  const count = value - from;
  row = value == present ? rows : present == rows ? value : load<u32>(valueRows + (<usize>value << 2));
  reserveRaw(levelsBytesMax(row - first) + deltaBytesMax(count) + bytes);
  let out = writeLevels(valueRows + (<usize>from << 2), count, first, row - first, raw);
  out = writeDelta(values, count, out);
  for (let i: u32 = 0; i < count; i += BATCH) out = writeTexts(column, from, i, min(i + BATCH, count), out);
  spend(count * FAR);
  store<u32>(chunk, ENCODING_DELTA_LENGTH_BYTE_ARRAY, CHUNK_ENCODING);
  endDataPage(out - raw, row - first, ENCODING_DELTA_LENGTH_BYTE_ARRAY);
}

/** Finds the texts of a page: moves `value` behind them, writes their lengths to `values` and where they start in the heap to `indices`. */
function measure(column: usize, present: u32): usize {
  const ends = textEnds(column);
  let bytes: usize = 0;
  let length = values;
  let start = indices;
  for (let at = picked + (<usize>value << 2); value < present && length < values + (<usize>PAGE_TEXTS_MAX << 3); at += 4) {
    const text = load<u32>(at);
    const startsAt = textStart(ends, text);
    const textLength = load<u32>(ends + (<usize>text << 2)) - startsAt;
    bytes += textLength;
    if (bytes > <usize>PAGE_BYTES_MAX && length > values) return bytes - textLength;
    store<u32>(start, startsAt);
    store<u64>(length, textLength);
    start += 4;
    length += 8;
    value++;
  }
  return bytes;
}

/** Writes the texts `i` … `end` of a page. */
function writeTexts(column: usize, from: u32, i: u32, end: u32, out: usize): usize {
  const heap = <usize>load<u32>(column, COLUMN_HEAP);
  // Texts lie anywhere in the heap: this pass waits for several of them at a time.
  for (let j = i; j < end; j++) {
    const bytes = <usize>load<u64>(values + (<usize>j << 3));
    widenTextRange(column, load<u32>(picked + (<usize>(from + j) << 2)), heap + load<u32>(indices + (<usize>j << 2)), bytes);
  }
  for (let j = i; j < end; j++) {
    const bytes = <usize>load<u64>(values + (<usize>j << 3));
    copyValue(out, heap + load<u32>(indices + (<usize>j << 2)), bytes);
    out += bytes;
  }
  return out;
}
