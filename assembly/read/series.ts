// The series of rows that are read: of their tags' codes, row by row. Files are sorted by tags, so a series is looked up once a
// run of rows with the same codes, by all of them.
import { COLUMN_KIND } from '../layout/column';
import { KIND_TAG } from '../layout/codes';
import { READ_NO_ROOM, READ_OK } from '../layout/read';
import { TABLE_COLUMNS, TABLE_SERIES, TABLE_SERIES_AT } from '../layout/table';
import { equalBytes } from '../base/hash';
import { secretHash } from '../base/secret-hash';
import { addChanges } from './simd-changes';
import { giveScratch, takeScratch, widen } from '../flush/scratch';
import { appendCode } from '../memtable/column';
import { isOverRoom } from '../memtable/memory';
import { columnAt } from '../memtable/read';

const MARGIN_VALUES: usize = 16;
const SLOTS_MIN: u32 = 1024;
/** Bytes that a series may take more, when arrays double and in the flush to come: for each of its tags, and besides. */
const TAG_BYTES: u64 = 16;
const SERIES_BYTES: u64 = 64;

let table: usize = 0;
let tags: u32 = 0;
/** u32 a tag: its column. */
let columns: usize = 0;
/** u32 a row of the group, 0: null, else the code + 1; a stretch of `stride` bytes a tag. */
let codes: usize = 0;
let stride: usize = 0;
/** u32 a row of the group: not 0 when a tag is another than in the row before. */
let changes: usize = 0;
/** The codes (u32 a tag, as above) of each series, and of one that is looked up behind them. */
let tuples: usize = 0;
let tupleBytes: usize = 0;
/** u64 a slot: hash above, series + 1 below; 0 is free. */
let slots: usize = 0;
let slotMask: u32 = 0;

/** Begins: no series is known, and the table has none. */
export function startSeriesLookup(tableAt: usize, rowsMax: u32): void {
  table = tableAt;
  tags = 0;
  const columnCount = load<u32>(table, TABLE_COLUMNS);
  columns = takeScratch(<usize>columnCount << 2);
  for (let i: u32 = 0; i < columnCount; i++) {
    const column = columnAt(table, i);
    if (load<u32>(column, COLUMN_KIND) != KIND_TAG) continue;
    store<u32>(columns + (<usize>tags << 2), <u32>column);
    tags++;
  }
  stride = (<usize>rowsMax + MARGIN_VALUES) << 2;
  codes = takeScratch(stride * tags);
  changes = takeScratch(stride);
  tupleBytes = <usize>tags << 2;
  tuples = takeScratch(tupleBytes * 2 + 64);
  slots = takeScratch(<usize>SLOTS_MIN << 3);
  memory.fill(slots, 0, <usize>SLOTS_MIN << 3);
  slotMask = SLOTS_MIN - 1;
}

/** Begins a row group: a tag that its file does not have is null. */
export function clearTagCodes(rows: u32): void {
  for (let i: u32 = 0; i < tags; i++) memory.fill(codes + stride * i, 0, <usize>rows << 2);
}

/** Where the codes of a tag are to be written, u32 a row of the group: 0 for null, else the code + 1. */
export function tagCodesOf(column: usize): usize {
  let i: u32 = 0;
  while (<usize>load<u32>(columns + (<usize>i << 2)) != column) i++;
  return codes + stride * i;
}

/** Writes the series of the group's rows, from the memtable's row `first` on; returns READ_*. */
export function addGroupSeries(first: u32, rows: u32): u32 {
  memory.fill(changes, 0, <usize>rows << 2);
  for (let i: u32 = 0; i < tags; i++) addChanges(changes, codes + stride * i, rows);
  const series = <usize>load<u32>(table, TABLE_SERIES_AT) + (<usize>first << 2);
  let number: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    if (row == 0 || load<u32>(changes + (<usize>row << 2)) != 0) {
      const before = load<u32>(table, TABLE_SERIES);
      number = seriesOfRow(row);
      if (number == before && isOverRoom((TAG_BYTES * tags + SERIES_BYTES) * before)) return READ_NO_ROOM;
    }
    store<u32>(series + (<usize>row << 2), number);
  }
  return READ_OK;
}

/** The series with the codes of a row of the group; made when it is new. */
function seriesOfRow(row: u32): u32 {
  const count = load<u32>(table, TABLE_SERIES);
  const tuple = tuples + tupleBytes * count;
  for (let i: u32 = 0; i < tags; i++) store<u32>(tuple + (<usize>i << 2), load<u32>(codes + stride * i + (<usize>row << 2)));
  const hash = secretHash(tuple, tupleBytes);
  let slot = hash & slotMask;
  for (; ; slot = (slot + 1) & slotMask) {
    const held = load<u64>(slots + (<usize>slot << 3));
    if (held == 0) break;
    if (<u32>(held >> 32) != hash) continue;
    const number = <u32>held - 1;
    if (equalBytes(tuples + tupleBytes * number, tuple, tupleBytes)) return number;
  }
  store<u64>(slots + (<usize>slot << 3), (<u64>hash << 32) | <u64>(count + 1));
  for (let i: u32 = 0; i < tags; i++) {
    const code = load<u32>(tuple + (<usize>i << 2));
    if (code != 0) appendCode(load<u32>(columns + (<usize>i << 2)), count, code - 1);
  }
  store<u32>(table, count + 1, TABLE_SERIES);
  if ((count + 2) << 1 > slotMask) growSlots();
  const used = tupleBytes * (count + 1);
  // Twice the room each time, so that tuples are copied once on the average.
  if ((count & (count + 1)) == 0) tuples = widen(tuples, used, used * 2 + tupleBytes * 2 + 64);
  return count;
}

function growSlots(): void {
  const before = slots;
  const countBefore = slotMask + 1;
  slotMask = (countBefore << 1) - 1;
  slots = takeScratch(<usize>countBefore << 4);
  memory.fill(slots, 0, <usize>countBefore << 4);
  for (let i: u32 = 0; i < countBefore; i++) {
    const held = load<u64>(before + (<usize>i << 3));
    if (held == 0) continue;
    let slot = <u32>(held >> 32) & slotMask;
    while (load<u64>(slots + (<usize>slot << 3)) != 0) slot = (slot + 1) & slotMask;
    store<u64>(slots + (<usize>slot << 3), held);
  }
  giveScratch(before);
}
