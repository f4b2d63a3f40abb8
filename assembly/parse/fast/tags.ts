// New series on the fast path: lines of a known table whose tags have the keys, in the order, of the line of that table
// judged last, and values without escapes and bytes over 7F. What the tags are is noted first and stored once the whole line
// is known to be good.
import { COLUMN_ID, COLUMN_KIND, COLUMN_LINE, COLUMN_SEED, COLUMN_SPELLED_BYTES } from '../../layout/column';
import { TABLE_ID, TABLE_NAME_HASH, TABLE_SET_ASIDE } from '../../layout/table';
import { KIND_TAG } from '../../layout/codes';
import { findTable, isNamed } from '../../memtable/tables';
import { appendCode } from '../../memtable/column';
import { internText } from '../../memtable/dictionary';
import { guessCell } from '../../memtable/cache/line-guess';
import { newSeries } from '../../memtable/cache/series-cache';
import { hashBytes } from '../../base/hash';
import { maskOfHigh, maskOfNameEnds } from '../../base/simd-bytes';
import { bodySerial, database } from '../body-settings';
import { addCell, beginRow, endTags } from '../checksum';
import { COMMA, HASH, SPACE } from '../grammar/characters';
import { isSpelled } from './fields';
import { nextSerial } from '../schema/line-keys';

const NAME_BYTES_MAX: usize = 65536;
const TAGS_MAX: u32 = 64;
/** A tag noted: its column, where its value stands and its bytes, u32 each. */
const TAG_AT: usize = 4;
const TAG_VALUE_BYTES: usize = 8;
const TAG_BYTES: usize = 12;
const tags: usize = memory.data(768, 8);

/** The table of the line whose name was read last; 0 for none. */
let table: usize = 0;
/** Number of tags of the line that readTags read. */
export let tagCount: u32 = 0;

/** Begins a body. */
export function beginTags(): void {
  table = 0;
}

/** The table of the line whose name or tags were read last. */
@inline
export function namedTable(): usize {
  return table;
}

/** Reads the measurement of the line at `at`, which has tags; returns where it ends, or 0 when it is none for this path. */
export function readName(at: usize): usize {
  const nameEnd = plainEnd(at);
  if (nameEnd == at || <u32>load<u8>(nameEnd) != COMMA || <u32>load<u8>(at) == HASH) return 0;
  const nameBytes = <u32>(nameEnd - at);
  if (table == 0 || !isNamed(table, database, at, nameBytes)) {
    table = findTable(database, at, nameBytes, hashBytes(at, nameBytes));
    if (table == 0 || load<u32>(table, TABLE_ID) == 0 || load<u32>(table, TABLE_SET_ASIDE) != 0) {
      table = 0;
      return 0;
    }
  }
  return nameEnd;
}

/** Reads the measurement and tags of the line at `at`, and begins its checksum with them; returns where its fields begin, or 0 when it is none for this path. */
export function readTags(at: usize): usize {
  at = readName(at);
  if (at == 0) return 0;
  beginRow(load<u64>(table, TABLE_NAME_HASH));
  tagCount = 0;
  const serial = nextSerial();
  while (<u32>load<u8>(at) == COMMA) {
    at = readTag(at + 1, serial);
    if (at == 0) return 0;
  }
  endTags();
  return <u32>load<u8>(at) == SPACE ? at + 1 : 0;
}

/** Notes the tag whose key is at `at`; returns where its value ends, or 0. */
@inline
function readTag(at: usize, serial: u64): usize {
  const column = guessCell(table, tagCount);
  if (column == 0 || tagCount == TAGS_MAX || load<u32>(column, COLUMN_KIND) != KIND_TAG || load<u32>(column, COLUMN_ID) == 0) return 0;
  const keyBytes = <usize>load<u16>(column, COLUMN_SPELLED_BYTES);
  // The same column may be guessed twice.
  if (keyBytes == 0 || !isSpelled(at, column, keyBytes) || load<u64>(column, COLUMN_LINE) == serial) return 0;
  store<u64>(column, serial, COLUMN_LINE);
  const value = at + keyBytes;
  const end = plainEnd(value);
  const bytes = end - value;
  if (bytes == 0 || bytes > NAME_BYTES_MAX) return 0;
  const tag = tags + <usize>tagCount * TAG_BYTES;
  tagCount++;
  store<u32>(tag, <u32>column);
  store<u32>(tag, <u32>value, TAG_AT);
  store<u32>(tag, <u32>bytes, TAG_VALUE_BYTES);
  addCell(load<u64>(column, COLUMN_SEED), hashBytes(value, bytes));
  return end;
}

/** The first byte from `at` on that may end a name, hide another byte, or is over 7F; `at` itself for the last. */
@inline
function plainEnd(at: usize): usize {
  let to = at;
  let hits = maskOfNameEnds(to, COMMA);
  let high = maskOfHigh(to);
  while (hits == 0) {
    if (high != 0) return at;
    to += 16;
    hits = maskOfNameEnds(to, COMMA);
    high = maskOfHigh(to);
  }
  return (high & ((hits & (0 - hits)) - 1)) != 0 ? at : to + <usize>ctz(hits);
}

/** Makes the series of the line that readTags read; returns its number. */
export function storeTags(): u32 {
  const number = newSeries(table);
  const end = tags + <usize>tagCount * TAG_BYTES;
  for (let tag = tags; tag < end; tag += TAG_BYTES) {
    const column = <usize>load<u32>(tag);
    appendCode(column, number, internText(column, load<u32>(tag, TAG_AT), load<u32>(tag, TAG_VALUE_BYTES), bodySerial));
  }
  return number;
}
