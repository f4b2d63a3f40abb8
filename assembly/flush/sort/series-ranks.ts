// Ranks of the series by all their tags. Column after column, from the first on, the value's rank in its dictionary
// (0: null) is combined with the key of the columns before: keys are numbers without gaps that stand in the order of the
// tags so far. When every series has a key of its own, the columns that are left need no look.
import { COLUMN_COUNT, COLUMN_KIND, COLUMN_VALUES } from '../../layout/column';
import { TABLE_COLUMNS } from '../../layout/table';
import { KIND_TAG } from '../../layout/codes';
import { columnAt, rowOfValue, valueFrom } from '../../memtable/read';
import { combineStep, keyCount, startCombine, startCombining } from './combine-ranks';
import { endTextRanks, marked, markText, textRankStep, rankMarked, startTextRanks, textRanks } from './text-ranks';
import { giveScratch, takeScratch } from '../scratch';
import { seriesCount, setRank, usedAt, usedCount } from './used-series';
import { FAR, stepEnd } from '../slice-budget';
import { setWord, wordOf } from '../words';

const STAGE_COLUMN: u32 = 0;
const STAGE_CODES: u32 = 1;
const STAGE_TEXTS: u32 = 2;
const STAGE_RANKS: u32 = 3;
const STAGE_COMBINE: u32 = 4;
const STAGE_END: u32 = 5;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next used series of the stage. */
let at: u32 = 0;

/** u32 a used series: its key, and the code from 1 (then the rank) of its value in the column. */
let keys: usize = 0;
let codes: usize = 0;
/** Columns of the table at the start; the next to look at; the first value of the one looked at that was not seen yet. */
let columns: u32 = 0;
let index: u32 = 0;
let value: u32 = 0;

/** Starts to rank the series in use, once they are listed. */
export function startKeys(table: usize): void {
  columns = load<u32>(table, TABLE_COLUMNS);
  index = 0;
  keys = takeScratch(<usize>usedCount << 2);
  codes = takeScratch(<usize>usedCount << 2);
  startCombining(keys);
  next(STAGE_COLUMN);
}

/** One step; false when all series have their ranks. */
export function keyStep(table: usize): bool {
  switch (stage) {
    case STAGE_COLUMN:
      findColumn(table);
      break;
    case STAGE_CODES:
      copyCodes(columnAt(table, index));
      break;
    case STAGE_TEXTS:
      if (!textRankStep(columnAt(table, index))) next(STAGE_RANKS);
      break;
    case STAGE_RANKS:
      copyRanks();
      break;
    case STAGE_COMBINE:
      if (!combineStep()) endColumn();
      break;
    default:
      return setRanks();
  }
  return true;
}

@inline
function next(to: u32): void {
  stage = to;
  at = 0;
}

function findColumn(table: usize): void {
  for (; index < columns && keyCount < usedCount; index++) {
    const column = columnAt(table, index);
    if (load<u32>(column, COLUMN_KIND) != KIND_TAG || load<u32>(column, COLUMN_COUNT) == 0) continue;
    startTextRanks(column);
    value = 0;
    return next(STAGE_CODES);
  }
  next(STAGE_END);
}

/** Copies the code of each used series, and marks it as used. */
function copyCodes(column: usize): void {
  const isDense = valueFrom(column, seriesCount) == seriesCount;
  const count = load<u32>(column, COLUMN_COUNT);
  const values = <usize>load<u32>(column, COLUMN_VALUES);
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const series = usedAt(at);
    if (isDense) value = series;
    else while (value < count && rowOfValue(column, value) < series) value++;
    let code: u32 = 0;
    if (value < count && rowOfValue(column, value) == series) {
      code = wordOf(values, value);
      markText(code++);
    }
    setWord(codes, at, code);
  }
  if (at < usedCount) return;
  if (marked == 0) return endColumn();
  rankMarked();
  next(STAGE_TEXTS);
}

function copyRanks(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const code = wordOf(codes, at);
    if (code != 0) setWord(codes, at, wordOf(textRanks, code - 1));
  }
  if (at < usedCount) return;
  startCombine(codes, marked + 1);
  next(STAGE_COMBINE);
}

function endColumn(): void {
  endTextRanks();
  index++;
  next(STAGE_COLUMN);
}

function setRanks(): bool {
  const stop = stepEnd(at, usedCount);
  for (; at < stop; at++) setRank(usedAt(at), wordOf(keys, at));
  if (at < usedCount) return true;
  giveScratch(keys);
  giveScratch(codes);
  return false;
}
