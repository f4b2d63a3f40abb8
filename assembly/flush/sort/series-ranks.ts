// Ranks of the series by all their tags. Column after column, from the first on, the value's rank in its dictionary
// (0: null) is joined to the key of the columns before: keys are numbers without gaps that stand in the order of the
// tags so far. When every series has a key of its own, the columns that are left need no look.
import { COLUMN_COUNT, COLUMN_KIND, COLUMN_VALUES } from '../../layout/column';
import { TABLE_COLUMNS } from '../../layout/table';
import { KIND_TAG } from '../../layout/codes';
import { columnAt, rowOfValue, valueFrom } from '../../memtable/read';
import { joinStep, keyCount, startJoin, startJoins } from './combine-ranks';
import { endTexts, marked, markText, rankStep, startRanks, startTexts, textRanks } from './text-ranks';
import { give, take } from '../scratch';
import { seriesCount, setRank, usedAt, usedCount } from './used-series';
import { FAR, stepEnd } from '../slice-budget';
import { setWord, wordOf } from '../words';

const STAGE_COLUMN: u32 = 0;
const STAGE_CODES: u32 = 1;
const STAGE_TEXTS: u32 = 2;
const STAGE_RANKS: u32 = 3;
const STAGE_JOIN: u32 = 4;
const STAGE_END: u32 = 5;
let stage: u32 = 0;
/** Next used series of the stage. */
let at: u32 = 0;

/** u32 a used series: its key, and the code from 1 (then the rank) of its value in the column. */
let keys: usize = 0;
let codes: usize = 0;
/** Columns of the table at the start; the next to look at; the first value not yet taken of the one looked at. */
let columns: u32 = 0;
let index: u32 = 0;
let value: u32 = 0;

export function startKeys(table: usize): void {
  columns = load<u32>(table, TABLE_COLUMNS);
  index = 0;
  keys = take(<usize>usedCount << 2);
  codes = take(<usize>usedCount << 2);
  startJoins(keys);
  next(STAGE_COLUMN);
}

/** One step; false when all series have their ranks. */
export function keyStep(table: usize): bool {
  switch (stage) {
    case STAGE_COLUMN:
      findColumn(table);
      break;
    case STAGE_CODES:
      takeCodes(columnAt(table, index));
      break;
    case STAGE_TEXTS:
      if (!rankStep(columnAt(table, index))) next(STAGE_RANKS);
      break;
    case STAGE_RANKS:
      takeRanks();
      break;
    case STAGE_JOIN:
      if (!joinStep()) endColumn();
      break;
    default:
      return giveRanks();
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
    startTexts(column);
    value = 0;
    return next(STAGE_CODES);
  }
  next(STAGE_END);
}

/** Takes the code of each used series, and marks it as used. */
function takeCodes(column: usize): void {
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
  startRanks();
  next(STAGE_TEXTS);
}

function takeRanks(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const code = wordOf(codes, at);
    if (code != 0) setWord(codes, at, wordOf(textRanks, code - 1));
  }
  if (at < usedCount) return;
  startJoin(codes, marked + 1);
  next(STAGE_JOIN);
}

function endColumn(): void {
  endTexts();
  index++;
  next(STAGE_COLUMN);
}

function giveRanks(): bool {
  const stop = stepEnd(at, usedCount);
  for (; at < stop; at++) setRank(usedAt(at), wordOf(keys, at));
  if (at < usedCount) return true;
  give(keys);
  give(codes);
  return false;
}
