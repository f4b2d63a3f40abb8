// The dump of PARSE_DUMP: each accepted line in full, as the grammar read it, for tests and the linter. An entry:
// line u32, whether it has a time u32, time i64 (0 without one), number of tags and fields u32, measurement (length u32,
// bytes); then for each tag and field: kind u32, key (length u32, bytes), value (of tags and strings length u32 and
// bytes, else 8 bytes). Nothing is aligned.
import { KIND_STRING, KIND_TAG } from '../layout/codes';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../base/list';
import {
  CELL_BITS, CELL_BYTES, CELL_KEY_AT, CELL_KEY_BYTES, CELL_KIND, CELL_TEXT_AT, CELL_TEXT_BYTES, cellCount, cellsAt,
  hasTime, nameAt, nameBytes, time,
} from './grammar/cells';

const dump: usize = memory.data(LIST_BYTES, 8);

/** Address and bytes of the dump of the last body. */
export function dumpAt(): usize {
  return listAt(dump);
}

/** Bytes of the dump of the last body. */
export function dumpBytes(): u32 {
  return listUsed(dump);
}

/** Begins a body. */
export function beginDump(): void {
  cutList(dump, 0);
}

/** Adds the line at hand. @param line the physical line, from 1, that it begins in */
export function dumpLine(line: u32): void {
  putWord(line);
  putWord(<u32>hasTime);
  store<i64>(extendList(dump, 8), hasTime ? time : 0);
  putWord(cellCount);
  putBytes(nameAt, nameBytes);
  const end = cellsAt + cellCount * CELL_BYTES;
  for (let cell = cellsAt; cell < end; cell += CELL_BYTES) {
    const kind = load<u32>(cell, CELL_KIND);
    putWord(kind);
    putBytes(load<u32>(cell, CELL_KEY_AT), load<u32>(cell, CELL_KEY_BYTES));
    if (kind == KIND_TAG || kind == KIND_STRING) putBytes(load<u32>(cell, CELL_TEXT_AT), load<u32>(cell, CELL_TEXT_BYTES));
    else store<u64>(extendList(dump, 8), load<u64>(cell, CELL_BITS));
  }
}

function putWord(word: u32): void {
  store<u32>(extendList(dump, 4), word);
}

function putBytes(at: usize, bytes: u32): void {
  putWord(bytes);
  memory.copy(extendList(dump, bytes), at, bytes);
}
