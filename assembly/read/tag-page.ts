// Pages of a tag: the code of each row of the row group, which read/series.ts makes series of.
import { ENCODING_DELTA_LENGTH_BYTE_ARRAY, ENCODING_RLE_DICTIONARY } from '../layout/flush';
import { READ_ENCODING, READ_LEVELS, READ_OK, READ_VALUES } from '../layout/read';
import { isRun8 } from '../flush/parquet/simd-words';
import { equalBytes } from '../base/hash';
import { internText } from '../memtable/dictionary';
import { readDelta } from './delta';
import { emptyPage } from './empty-page';
import { entries } from './dictionary';
import { readIndices } from './indices';
import { present, readLevels } from './levels';
import { indices, numbers, presentRows } from './page-areas';
import { tagCodesOf } from './series';

/** Reads the page of `rows` rows from `row` of the row group on; it stands from `at` to `end`. Returns READ_*. */
export function readTag(column: usize, encoding: u32, row: u32, rows: u32, at: usize, end: usize): u32 {
  const values = readLevels(at, end, rows, presentRows);
  if (values == 0) return READ_LEVELS;
  if (present == 0) return emptyPage(encoding, values, end);
  let code: u32 = READ_OK;
  if (encoding == ENCODING_RLE_DICTIONARY) code = mapIndices(values, end);
  else if (encoding == ENCODING_DELTA_LENGTH_BYTE_ARRAY) code = internTexts(column, values, end);
  else code = READ_ENCODING;
  if (code != READ_OK) return code;
  const codes = tagCodesOf(column) + (<usize>row << 2);
  if (present == rows) memory.copy(codes, indices, <usize>rows << 2);
  else for (let i: usize = 0; i < <usize>present << 2; i += 4) store<u32>(codes + (<usize>load<u32>(presentRows + i) << 2), load<u32>(indices + i));
  return READ_OK;
}

/** Makes each index the code of its entry, + 1. */
function mapIndices(at: usize, end: usize): u32 {
  const code = readIndices(at, end, present);
  if (code != READ_OK) return code;
  for (let i: u32 = 0; i < present; ) {
    const from = indices + (<usize>i << 2);
    const index = load<u32>(from);
    let run: u32 = 1;
    while (i + run + 8 <= present && isRun8(from + (<usize>run << 2), index)) run += 8;
    const mapped = load<u32>(entries + (<usize>index << 3));
    for (let j: u32 = 0; j < run; j++) store<u32>(from + (<usize>j << 2), mapped);
    i += run;
  }
  return READ_OK;
}

/** Finds the code, + 1, of each text; one that is the text before is not looked up. */
function internTexts(column: usize, at: usize, end: usize): u32 {
  let text = readDelta(at, end, present, numbers);
  if (text == 0) return READ_VALUES;
  let last: usize = 0;
  let lastBytes: u32 = 0;
  let lastCode: u32 = 0;
  for (let i: u32 = 0; i < present; i++) {
    const length = load<u64>(numbers + (<usize>i << 3));
    if (length > <u64>(end - text)) return READ_VALUES;
    const bytes = <u32>length;
    if (lastCode == 0 || bytes != lastBytes || !equalBytes(text, last, bytes)) lastCode = internText(column, text, bytes, 0) + 1;
    store<u32>(indices + (<usize>i << 2), lastCode);
    last = text;
    lastBytes = bytes;
    text += bytes;
  }
  return text == end ? READ_OK : READ_VALUES;
}
