// The series of the lines of a body: found in the cache by what the line says before its first space, or made anew.
import { COLUMN_ID, COLUMN_KEY_HASH } from '../layout/column';
import { TABLE_NAME_HASH, TABLE_SET_ASIDE } from '../layout/table';
import { KIND_TAG } from '../layout/codes';
import { appendCode } from '../memtable/column';
import { internText } from '../memtable/dictionary';
import {
  addSeries, findSeries, forgotten, isGood, spoilSeries, newSeries, NO_SERIES, SERIES_CHECKSUM, SERIES_NEXT, SERIES_NUMBER, seriesHash, setSeries,
} from '../memtable/cache/series-cache';
import { cellSeed, hashBytes } from '../base/hash';
import { cutList, extendList, LIST_BYTES, listAt, listUsed } from '../base/list';
import { bodySerial, seriesScope } from './body-settings';
import { addCell, beginRow, endTags, tagsChecksum } from './checksum';
import { lineNewlines } from './grammar/lines';
import { targetOf } from './schema/split-column';
import {
  CELL_BYTES, CELL_COLUMN, CELL_RAW_AT, CELL_RAW_BYTES, CELL_TEXT_AT, CELL_TEXT_BYTES, cellsAt, rawNameAt, rawNameBytes, tagsEnd,
} from './grammar/cells';

/** Entries that this body's series got, u32 each, while the cache does not forget. */
const made: usize = memory.data(LIST_BYTES, 8);
/** Scope of the lines of the body before. */
let lastScope: u32 = 0;
/** The cache's count of being forgotten when `made` was begun. */
let forgottenBefore: u32 = 0;

/** The entry of the line before; NO_SERIES when it has none. */
export let lastSeries: usize = NO_SERIES;

/** Begins a body. */
export function beginSeries(): void {
  // What came after the last line of another scope is no guess for this one's.
  if (seriesScope != lastScope) store<u32>(NO_SERIES, <u32>NO_SERIES, SERIES_NEXT);
  lastScope = seriesScope;
  lastSeries = NO_SERIES;
  forgottenBefore = forgotten;
  cutList(made, 0);
}

/** Goes on behind a line of that entry. */
@inline
export function setLastSeries(entry: usize): void {
  lastSeries = entry;
}

@inline
function follow(entry: usize): void {
  store<u32>(lastSeries, <u32>entry, SERIES_NEXT);
  lastSeries = entry;
}

/** The number of the judged line's series; begins the line's checksum and adds its tags. */
export function seriesOfLine(table: usize): u32 {
  const tags = tagsEnd();
  // A newline in the name or a tag would have to be counted each time.
  if (lineNewlines != 0 || !areKnown(tags)) return makeSeries(table, tags);
  const bytes = unescapedBytes(tags);
  const hash = seriesHash(seriesScope, rawNameAt, bytes);
  const entry = findSeries(seriesScope, rawNameAt, bytes, hash);
  if (entry != NO_SERIES && isGood(entry)) {
    follow(entry);
    beginRow(load<u64>(entry, SERIES_CHECKSUM));
    return load<u32>(entry, SERIES_NUMBER);
  }
  const number = makeSeries(table, tags);
  cacheSeries(entry, rawNameAt, bytes, hash, table, number, <u32>(tags - cellsAt) / CELL_BYTES);
  return number;
}

/**
 * Caches, when it is worth it, that the text [at, at + bytes) with that hash is a series of the table, with the tags of the row at hand (checksum.ts).
 * @param entry what findSeries gave, when it is not good
 */
export function cacheSeries(entry: usize, at: usize, bytes: u32, hash: u64, table: usize, number: u32, tags: u32): void {
  // Lines of cached series are not judged; replay brings some while their table is set aside.
  if (load<u32>(table, TABLE_SET_ASIDE) != 0) return;
  if (entry == NO_SERIES) entry = addSeries(seriesScope, at, bytes, hash);
  if (forgotten != forgottenBefore) {
    forgottenBefore = forgotten;
    lastSeries = NO_SERIES;
    cutList(made, 0);
  }
  if (entry == NO_SERIES) return;
  store<u32>(extendList(made, 4), <u32>entry);
  setSeries(entry, table, number, tagsChecksum(), tags);
  follow(entry);
}

/** Bytes from the measurement to the first space, which is counted in. */
@inline
function unescapedBytes(tags: usize): u32 {
  if (tags == cellsAt) return rawNameBytes + 1;
  const last = tags - CELL_BYTES;
  return load<u32>(last, CELL_RAW_AT) + load<u32>(last, CELL_RAW_BYTES) + 1 - <u32>rawNameAt;
}

/** Replay alone meets columns that are unknown, and tags that have no place. */
function areKnown(tags: usize): bool {
  for (let cell = cellsAt; cell < tags; cell += CELL_BYTES) {
    if (!isKnown(targetOf(cell))) return false;
  }
  return true;
}

@inline
function isKnown(column: usize): bool {
  return column != 0 && load<u32>(column, COLUMN_ID) != 0;
}

function makeSeries(table: usize, tags: usize): u32 {
  const number = newSeries(table);
  beginRow(load<u64>(table, TABLE_NAME_HASH));
  for (let cell = cellsAt; cell < tags; cell += CELL_BYTES) {
    const column = <usize>load<u32>(cell, CELL_COLUMN);
    const at = <usize>load<u32>(cell, CELL_TEXT_AT);
    const bytes = load<u32>(cell, CELL_TEXT_BYTES);
    const hash = hashBytes(at, bytes);
    addCell(cellSeed(load<u64>(column, COLUMN_KEY_HASH), KIND_TAG), hash);
    const target = targetOf(cell);
    if (isKnown(target)) appendCode(target, number, internText(target, at, bytes, bodySerial));
  }
  endTags();
  return number;
}

/** Spoils what the body's series left in the cache. */
export function undoSeries(): void {
  for (let i: u32 = 0; i < listUsed(made); i += 4) spoilSeries(load<u32>(listAt(made) + i));
  cutList(made, 0);
}
