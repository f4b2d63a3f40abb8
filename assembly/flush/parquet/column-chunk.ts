// One column chunk of the row group, step by step: which values its rows have, the values in order, their pages.
import { COLUMN_KIND } from '../../layout/column';
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG } from '../../layout/codes';
import {
  CHUNK_AT, CHUNK_BYTES, CHUNK_DICTIONARY, CHUNK_MORE, CHUNK_NAN, CHUNK_NULLS, CHUNK_RAW_BYTES, COLUMN_NS, COLUMN_TIME,
} from '../../layout/flush';
import { columnAt, indexOfColumn } from '../../memtable/read';
import { groupRows } from '../rows/row-groups';
import {
  gatherBooleans, gathered, gatherFloats, gatherOwn, gatherSigned, gatherUnsigned, startGather,
} from '../rows/gather';
import { dropLoose } from '../rows/column-cache';
import {
  encodeBooleans, encodeFew, encodeFixed, encodeIndices, encodeNulls, encodeSigned,
} from './number-chunk';
import { entryCount } from './number-dictionary';
import { clearPage, isDictionaryPage, pageAt, pageBytes, pageRawBytes, sealPage } from './page';
import { DECIMAL_BYTES } from './plain';
import { present, validityStep, startValidity } from '../rows/validity';
import { hasBudget, NEAR, spend, startStep, stepEnd } from '../slice-budget';
import { startStrings, stringStep } from './text-chunk';
import { startTagValidity, tagged, tagValidityStep } from '../rows/tag-validity';

/** The chunk struct, CHUNK_*. */
const chunk = memory.data(48, 8);

const STAGE_START: u32 = 0;
const STAGE_PICK: u32 = 1;
const STAGE_GATHER: u32 = 2;
const STAGE_ENCODE: u32 = 3;
const STAGE_INDICES: u32 = 4;
const STAGE_TEXTS: u32 = 5;
const STAGE_ENDED: u32 = 6;
/** What the next step does: STAGE_*. */
let stage: u32 = STAGE_START;
/** The column's index in the table, or -1 when the table has none of that id. */
let index: i32 = -1;
/** Rows that have a value, of columns of the table. */
let count: u32 = 0;

/** The next call starts a chunk. */
export function startChunks(): void {
  stage = STAGE_START;
}

/** Does a step of the chunk of column `id`, which ends one page at most, still to be sealed; returns the chunk struct. */
export function chunkStep(table: usize, id: u32): usize {
  startStep();
  clearPage();
  while (hasBudget() && stage != STAGE_ENDED && pageBytes == 0) stageStep(table, id);
  tellPage();
  store<u32>(chunk, <u32>isDictionaryPage, CHUNK_DICTIONARY);
  store<u32>(chunk, <u32>(stage != STAGE_ENDED), CHUNK_MORE);
  if (stage == STAGE_ENDED) {
    dropLoose();
    stage = STAGE_START;
  }
  return chunk;
}

/** Seals the page that the step before ended: the chunk struct has it with its header then. */
export function sealChunkPage(crc: u32): void {
  sealPage(crc);
  tellPage();
}

function tellPage(): void {
  store<u32>(chunk, <u32>pageAt, CHUNK_AT);
  store<u32>(chunk, <u32>pageBytes, CHUNK_BYTES);
  store<u32>(chunk, <u32>pageRawBytes, CHUNK_RAW_BYTES);
}

function stageStep(table: usize, id: u32): void {
  switch (stage) {
    case STAGE_START:
      start(table, id);
      break;
    case STAGE_PICK:
      if (!(isTag(table) ? tagValidityStep(table, index) : validityStep(table, index))) startValues(table, id);
      break;
    case STAGE_GATHER:
      gather(table, id);
      break;
    case STAGE_ENCODE:
      stage = encode(table, id) ? STAGE_INDICES : STAGE_ENDED;
      break;
    case STAGE_INDICES:
      encodeIndices(groupRows, id >= COLUMN_TIME ? groupRows : count, id >= COLUMN_TIME, chunk, entryCount);
      stage = STAGE_ENDED;
      break;
    default:
      if (!stringStep(columnAt(table, index), groupRows, count, chunk)) stage = STAGE_ENDED;
  }
}

@inline
function isTag(table: usize): bool {
  return load<u32>(columnAt(table, index), COLUMN_KIND) == KIND_TAG;
}

function start(table: usize, id: u32): void {
  store<u32>(chunk, 0, CHUNK_NULLS);
  store<u32>(chunk, 0, CHUNK_NAN);
  index = id >= COLUMN_TIME ? -1 : indexOfColumn(table, id);
  stage = STAGE_PICK;
  if (index < 0) startValues(table, id);
  else if (isTag(table)) startTagValidity(table, index);
  else startValidity(table, index);
}

/** What is to be gathered. */
function startValues(table: usize, id: u32): void {
  stage = STAGE_GATHER;
  if (id >= COLUMN_TIME) {
    return startGather(chunk, KIND_I64);
  }
  count = index < 0 ? 0 : isTag(table) ? tagged : present;
  store<u32>(chunk, groupRows - count, CHUNK_NULLS);
  if (count == 0) {
    stage = STAGE_ENCODE;
    return;
  }
  const column = columnAt(table, index);
  const kind = load<u32>(column, COLUMN_KIND);
  if (kind != KIND_TAG && kind != KIND_STRING) return startGather(chunk, kind);
  startStrings(column, count);
  stage = STAGE_TEXTS;
}

/** Brings the values into order, for one step. */
function gather(table: usize, id: u32): void {
  const end = id >= COLUMN_TIME ? groupRows : count;
  const stop = stepEnd(gathered, end, NEAR);
  if (id >= COLUMN_TIME) gatherOwn(table, id, stop, chunk);
  else gatherColumn(columnAt(table, index), stop);
  if (gathered == end) stage = STAGE_ENCODE;
}

function gatherColumn(column: usize, stop: u32): void {
  switch (load<u32>(column, COLUMN_KIND)) {
    case KIND_I64:
      gatherSigned(column, stop, chunk);
      break;
    case KIND_F64:
      gatherFloats(column, stop, chunk);
      break;
    case KIND_BOOL:
      gatherBooleans(column, stop, chunk);
      break;
    default:
      gatherUnsigned(column, stop, chunk);
  }
}

/** The first page; whether the page of indices follows. */
function encode(table: usize, id: u32): bool {
  spend(groupRows);
  if (id == COLUMN_NS) return encodeFew(groupRows, groupRows, true, chunk);
  if (id >= COLUMN_TIME) return encodeSigned(groupRows, groupRows, true, chunk);
  if (load<u32>(chunk, CHUNK_NULLS) == groupRows) return encodeNulls(groupRows, count, false, chunk);
  switch (load<u32>(columnAt(table, index), COLUMN_KIND)) {
    case KIND_I64: return encodeSigned(groupRows, count, false, chunk);
    case KIND_F64: return encodeFixed(groupRows, count, false, chunk, 8);
    case KIND_BOOL: return encodeBooleans(groupRows, count, false, chunk);
    default: return encodeFixed(groupRows, count, false, chunk, DECIMAL_BYTES);
  }
}
