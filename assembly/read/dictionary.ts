// The dictionary page of a chunk: numbers as 8 bytes each; strings as where they stand; tags as codes of the memtable's
// column, so that each text is looked up once a chunk and not once a row.
import { KIND_BOOL, KIND_STRING, KIND_TAG, KIND_U64 } from '../layout/codes';
import { COLUMN_KIND } from '../layout/column';
import { COLUMN_NS } from '../layout/flush';
import { READ_ENCODING, READ_NO_ROOM, READ_OK, READ_RANGE, READ_VALUES } from '../layout/read';
import { widen } from '../flush/scratch';
import { internText } from '../memtable/dictionary';
import { isOverRoom } from '../memtable/memory';
import { rawPage } from './page-areas';
import { readPlain } from './plain';

const LENGTH_BYTES: usize = 4;
const NANOS_MAX: u64 = 999;
const MARGIN_BYTES: usize = 64;

/** Entries of the chunk's dictionary; 0 while it has none. */
export let entryCount: u32 = 0;
/** 8 bytes an entry: a number; of a string its offset in `texts` (u32) and its length (u32); of a tag its code + 1 (u32). */
export let entries: usize = 0;
/** The page of strings. */
export let texts: usize = 0;

/** The next chunk has no dictionary yet. */
export function startDictionary(): void {
  entryCount = 0;
}

/** Begins to read files: blocks of an earlier reading are gone. */
export function resetDictionary(): void {
  entries = 0;
  texts = 0;
}

/** Takes up the unpacked page of a column (0: one of our own); returns READ_*. */
export function takeDictionary(column: usize, id: u32, count: u32, bytes: u32): u32 {
  const kind: u32 = column == 0 ? 0xFF : load<u32>(column, COLUMN_KIND);
  if (kind == KIND_BOOL || entryCount != 0) return READ_ENCODING;
  if (count == 0 || <u64>count * LENGTH_BYTES > <u64>bytes) return READ_VALUES;
  entries = widen(entries, 0, (<usize>count << 3) + MARGIN_BYTES);
  const end = rawPage + <usize>bytes;
  entryCount = count;
  if (kind == KIND_TAG || kind == KIND_STRING) return takeTexts(column, kind == KIND_TAG, bytes, end);
  const width: usize = id == COLUMN_NS ? 4 : kind == KIND_U64 ? 9 : 8;
  if (<u64>count * <u64>width != <u64>bytes) return READ_VALUES;
  if (!readPlain(rawPage, count, width, entries)) return READ_RANGE;
  if (id == COLUMN_NS) for (let i: u32 = 0; i < count; i++) if (load<u64>(entries + (<usize>i << 3)) > NANOS_MAX) return READ_RANGE;
  return READ_OK;
}

function takeTexts(column: usize, isTag: bool, bytes: u32, end: usize): u32 {
  if (isTag) {
    // Arrays that double stand there twice.
    if (isOverRoom(<u64>bytes << 3)) return READ_NO_ROOM;
  } else {
    texts = widen(texts, 0, <usize>bytes + MARGIN_BYTES);
    memory.copy(texts, rawPage, bytes);
  }
  let at = rawPage;
  for (let i: u32 = 0; i < entryCount; i++) {
    if (end - at < LENGTH_BYTES) return READ_VALUES;
    const textBytes = load<u32>(at);
    at += LENGTH_BYTES;
    if (<usize>textBytes > end - at) return READ_VALUES;
    const entry = entries + (<usize>i << 3);
    if (isTag) store<u32>(entry, internText(column, at, textBytes, 0) + 1);
    else {
      store<u32>(entry, <u32>(at - rawPage));
      store<u32>(entry, textBytes, 4);
    }
    at += textBytes;
  }
  return at == end ? READ_OK : READ_VALUES;
}
