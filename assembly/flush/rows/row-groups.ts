// Where a row group ends: after GROUP_ROWS_MAX rows, or before the row that would bring its values past GROUP_BYTES_MAX.
// The bytes of each row are counted only when a bound says that they matter.
import { COLUMN_ENTRIES, COLUMN_KIND } from '../../layout/column';
import { TABLE_COLUMNS } from '../../layout/table';
import { KIND_BOOL, KIND_STRING, KIND_TAG } from '../../layout/codes';
import { GROUP_BYTES_MAX, GROUP_ROWS_MAX } from '../../layout/flush';
import { codeOf, columnAt, rowOfValue, textAt, textBytes, valueFrom } from '../../memtable/read';
import { merged } from '../sort/merge-points';
import { entryOf, MERGED } from '../sort/row-order';
import { clearRuns, runStep } from './rank-runs';
import { takeScratch } from '../scratch';
import { seriesCount, seriesOf } from '../sort/used-series';
import { rowEnd, rowFirst, rows } from '../spans';
import { FAR, stepEnd } from '../slice-budget';
import { fillWords } from '../parquet/simd-words';

/** Bytes of a row's own three columns, and of a tag's index in its dictionary. */
const OWN_BYTES: u32 = 20;
const TAG_BYTES: u32 = 4;

/** The group found last: its first entry of the order and the one after its last, its first row in the file, its rows. */
export let groupFrom: u32 = 0;
export let groupEnd: u32 = 0;
export let groupFirst: u32 = 0;
export let groupRows: u32 = 0;

/** u32 a row of the range: bytes of its fields, or 0 when they need no count; u32 a series: bytes of its tags. */
let rowBytes: usize = 0;
let seriesBytes: usize = 0;
/** The column being counted, of how many, and its next value. */
let index: u32 = 0;
let columns: u32 = 0;
let value: u32 = 0;
let isWithin: bool = false;
let fixedBytes: u32 = OWN_BYTES;

const STAGE_OPEN: u32 = 0;
const STAGE_FILL: u32 = 1;
const STAGE_RUNS: u32 = 2;
/** What the next step does: STAGE_*. */
let stage: u32 = STAGE_OPEN;
/** Next entry of the group, bytes of those before it, and the series of the last. */
let at: u32 = 0;
let groupBytes: u64 = 0;
let lastSeries: u32 = 0;

/** Begins a flush of the table; no group is found yet. */
export function findGroups(table: usize): void {
  groupFrom = groupEnd = groupFirst = groupRows = 0;
  index = 0;
  columns = load<u32>(table, TABLE_COLUMNS);
  isWithin = false;
  stage = STAGE_OPEN;
  rowBytes = seriesBytes = 0;
  if (bytesAtMost(table) <= <u64>GROUP_BYTES_MAX) return;
  rowBytes = takeScratch((<usize>(rowEnd - rowFirst) << 2) + 16);
  fillWords(rowBytes, fixedBytes, rowEnd - rowFirst);
  seriesBytes = takeScratch((<usize>seriesCount << 2) + 16);
  memory.fill(seriesBytes, 0, <usize>seriesCount << 2);
}

/** A bound of a group's bytes that needs no look at rows. */
function bytesAtMost(table: usize): u64 {
  const rowsMax = <u64>min(rows, GROUP_ROWS_MAX);
  fixedBytes = OWN_BYTES;
  let bytes: u64 = 0;
  for (let i: u32 = 0; i < columns; i++) {
    const column = columnAt(table, i);
    const kind = load<u32>(column, COLUMN_KIND);
    if (kind == KIND_TAG) {
      fixedBytes += TAG_BYTES;
      const entries = load<u32>(column, COLUMN_ENTRIES);
      if (entries > 0) bytes += textAt(column, entries - 1) + textBytes(column, entries - 1) - textAt(column, 0);
      continue;
    }
    const from = valueFrom(column, rowFirst);
    const end = valueFrom(column, rowEnd);
    if (from == end) continue;
    bytes += min(rowsMax, <u64>(end - from)) * widthOf(kind);
    if (kind == KIND_STRING) bytes += textAt(column, end - 1) + textBytes(column, end - 1) - textAt(column, from);
  }
  return bytes + rowsMax * fixedBytes;
}

/** Bytes of a field's value, those in a heap apart. */
@inline
function widthOf(kind: u32): u32 {
  return kind == KIND_BOOL ? 1 : kind == KIND_STRING ? 4 : 8;
}

/** One step of the count; false when it is done, or not needed. */
export function nextGroupStep(table: usize): bool {
  if (rowBytes == 0 || index == columns) return false;
  const column = columnAt(table, index);
  const kind = load<u32>(column, COLUMN_KIND);
  const end = kind == KIND_TAG ? valueFrom(column, seriesCount) : valueFrom(column, rowEnd);
  if (!isWithin) value = kind == KIND_TAG ? 0 : valueFrom(column, rowFirst);
  isWithin = true;
  const stop = stepEnd(value, end);
  for (; value < stop; value++) {
    if (kind == KIND_TAG) addTo(seriesBytes, rowOfValue(column, value), <u32>textBytes(column, codeOf(column, value)));
    else addTo(rowBytes, rowOfValue(column, value) - rowFirst, widthOf(kind) + (kind == KIND_STRING ? <u32>textBytes(column, value) : 0));
  }
  if (value < end) return true;
  isWithin = false;
  index++;
  return true;
}

@inline
function addTo(words: usize, index: u32, bytes: u32): void {
  const slot = words + (<usize>index << 2);
  store<u32>(slot, load<u32>(slot) + bytes);
}

/** One step towards the next group; false when it is found: its rows are 0 when there is none. */
export function groupStep(table: usize): bool {
  switch (stage) {
    case STAGE_OPEN:
      openGroup();
      return true;
    case STAGE_FILL:
      fillGroup(table);
      return true;
    default:
      if (runStep(table, groupEnd)) return true;
      stage = STAGE_OPEN;
      return false;
  }
}

function openGroup(): void {
  groupFirst += groupRows;
  groupFrom = at = groupEnd;
  groupRows = 0;
  groupBytes = 0;
  lastSeries = u32.MAX_VALUE;
  clearRuns();
  stage = STAGE_FILL;
  if (rowBytes != 0 || merged > 0) return;
  groupEnd = min(groupFrom + <u32>GROUP_ROWS_MAX, rows);
  groupRows = groupEnd - groupFrom;
  stage = STAGE_RUNS;
}

/** Adds whole points to the group, at least one. */
function fillGroup(table: usize): void {
  const stop = stepEnd(at, rows, FAR);
  for (; at < stop && groupRows < <u32>GROUP_ROWS_MAX; at++) {
    const entry = entryOf(at);
    if (rowBytes != 0 && !addBytes(table, entry & ~MERGED)) break;
    if (entry & MERGED) continue;
    groupRows++;
    groupEnd = at + 1;
  }
  if (at < stop || at == rows) stage = STAGE_RUNS;
}

/** Adds the bytes of a row to those of the group; false when they do not fit. */
function addBytes(table: usize, row: u32): bool {
  groupBytes += load<u32>(rowBytes + (<usize>(row - rowFirst) << 2));
  const series = seriesOf(table, row);
  if (series != lastSeries) groupBytes += load<u32>(seriesBytes + (<usize>series << 2));
  lastSeries = series;
  return groupRows == 0 || groupBytes <= <u64>GROUP_BYTES_MAX;
}
