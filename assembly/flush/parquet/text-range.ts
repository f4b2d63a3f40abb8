// Least and greatest text of a chunk, into the chunk struct.
import { CHUNK_MAX, CHUNK_MIN } from '../../layout/flush';
import { compareBytes, prefixOf } from './bytes';
import { textAt, textBytes } from '../../memtable/read';

/** Texts of the least and the greatest, and their first bytes: texts are told by index, since their heap may move. */
let least: u32 = 0;
let leastPrefix: u64 = 0;
let most: u32 = 0;
let mostPrefix: u64 = 0;
let isAny: bool = false;

/** Starts the range of a chunk of texts. */
export function startTextRange(): void {
  isAny = false;
}

/** Takes a text of the column, which stands at `at`, into the range. */
@inline
export function widenTextRange(column: usize, index: u32, at: usize, bytes: usize): void {
  const prefix = prefixOf(at, bytes);
  if (!isAny) {
    least = most = index;
    leastPrefix = mostPrefix = prefix;
    isAny = true;
  } else if (prefix < leastPrefix || (prefix == leastPrefix && compareTexts(column, index, least) < 0)) {
    least = index;
    leastPrefix = prefix;
  } else if (prefix > mostPrefix || (prefix == mostPrefix && compareTexts(column, index, most) > 0)) {
    most = index;
    mostPrefix = prefix;
  }
}

function compareTexts(column: usize, a: u32, b: u32): i32 {
  return a == b ? 0 : compareBytes(textAt(column, a), textBytes(column, a), textAt(column, b), textBytes(column, b));
}

/** Writes the range, which has texts of the column, to CHUNK_MIN and CHUNK_MAX of the chunk struct. */
export function endTextRange(column: usize, chunk: usize): void {
  store<u32>(chunk, <u32>textAt(column, least), CHUNK_MIN);
  store<u32>(chunk, <u32>textBytes(column, least), CHUNK_MIN + 4);
  store<u32>(chunk, <u32>textAt(column, most), CHUNK_MAX);
  store<u32>(chunk, <u32>textBytes(column, most), CHUNK_MAX + 4);
}
