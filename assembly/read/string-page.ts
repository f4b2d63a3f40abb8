// Pages of a string field: the texts go into the column's heap, one after another, and where each ends into its values.
import { COLUMN_COUNT, COLUMN_HEAP, COLUMN_HEAP_CAPACITY, COLUMN_VALUES } from '../layout/column';
import { ENCODING_DELTA_LENGTH_BYTE_ARRAY, ENCODING_RLE_DICTIONARY } from '../layout/flush';
import { READ_ENCODING, READ_NO_ROOM, READ_OK, READ_VALUES } from '../layout/read';
import { blockBytes } from '../base/arena';
import { copyValue } from '../flush/parquet/bytes';
import { heapUsed } from '../memtable/column';
import { reserveHeap } from '../memtable/column-heap';
import { isOverRoom } from '../memtable/memory';
import { readDelta } from './delta';
import { entries, texts } from './dictionary';
import { readIndices } from './indices';
import { indices, numbers } from './page-areas';

/** Copies in steps of 16 bytes write up to here behind a text. */
const MARGIN_BYTES: u64 = 16;
/** Bytes of the heap of a column at most. */
const HEAP_BYTES_MAX: u64 = 1 << 31;

/** Reads `count` texts, whose room among the values stands, from `at` to `end`. Returns READ_*. */
export function readStrings(column: usize, encoding: u32, count: u32, at: usize, end: usize): u32 {
  if (encoding == ENCODING_RLE_DICTIONARY) return readIndexed(column, count, at, end);
  if (encoding != ENCODING_DELTA_LENGTH_BYTE_ARRAY) return READ_ENCODING;
  const from = readDelta(at, end, count, numbers);
  if (from == 0) return READ_VALUES;
  const bytes = <u64>(end - from);
  if (!makeHeapRoom(column, bytes)) return READ_NO_ROOM;
  const used = heapUsed(column);
  const ends = endsOf(column);
  let sum: u64 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const length = load<u64>(numbers + (i << 3));
    if (length > bytes - sum) return READ_VALUES;
    sum += length;
    store<u32>(ends + (i << 2), used + <u32>sum);
  }
  if (sum != bytes) return READ_VALUES;
  memory.copy(<usize>load<u32>(column, COLUMN_HEAP) + used, from, <usize>bytes);
  return READ_OK;
}

function readIndexed(column: usize, count: u32, at: usize, end: usize): u32 {
  const code = readIndices(at, end, count);
  if (code != READ_OK) return code;
  let bytes: u64 = 0;
  for (let i: usize = 0; i < <usize>count << 2; i += 4) bytes += <u64>load<u32>(entryAt(i), 4);
  if (!makeHeapRoom(column, bytes)) return READ_NO_ROOM;
  let used = heapUsed(column);
  const ends = endsOf(column);
  const heap = <usize>load<u32>(column, COLUMN_HEAP);
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const entry = entryAt(i);
    const length = load<u32>(entry, 4);
    copyValue(heap + used, texts + load<u32>(entry), length);
    used += length;
    store<u32>(ends + i, used);
  }
  return READ_OK;
}

@inline
function entryAt(offset: usize): usize {
  return entries + (<usize>load<u32>(indices + offset) << 3);
}

/** Where the ends of the texts to come stand. */
@inline
function endsOf(column: usize): usize {
  return <usize>load<u32>(column, COLUMN_VALUES) + (<usize>load<u32>(column, COLUMN_COUNT) << 2);
}

function makeHeapRoom(column: usize, bytes: u64): bool {
  const used = heapUsed(column);
  const needed = <u64>used + bytes + MARGIN_BYTES;
  if (needed > HEAP_BYTES_MAX) return false;
  if (needed > <u64>load<u32>(column, COLUMN_HEAP_CAPACITY) && isOverRoom(<u64>blockBytes(<usize>needed))) return false;
  reserveHeap(column, used, <u32>needed);
  return true;
}
