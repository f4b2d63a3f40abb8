// Ranks of the series by all their tags. Column after column, from the first on, the value's rank in its dictionary
// (0: null) is joined to the key of the columns before: keys are numbers without gaps that stand in the order of the
// tags so far. When every series has a key of its own, the columns that are left need no look.
import { COLUMN_COUNT, COLUMN_KIND, COLUMN_ROWS, COLUMN_VALUES, KIND_TAG, TABLE_COLUMNS } from '../abi';
import { columnAt, valueFrom } from './columns';
import { countDigit, nextPlace, startsOf } from './order';
import { give, take } from './scratch';
import { seriesCount, setRank, usedAt, usedCount } from './series';
import { FAR, stepEnd } from './steps';
import { endTexts, marked, markText, rankStep, startRanks, startTexts, textRanks } from './ranks';

/** Joined keys are numbered by a table while it is at most so many times as large as the series are, or small. */
const TABLE_PER_SERIES: u64 = 4;
const TABLE_MAX_MIN: u64 = 1 << 16;

const STAGE_COLUMN: u32 = 0;
const STAGE_CODES: u32 = 1;
const STAGE_RANKS: u32 = 2;
const STAGE_JOIN: u32 = 3;
const STAGE_NUMBER: u32 = 4;
const STAGE_COUNT: u32 = 5;
const STAGE_BY_VALUE: u32 = 6;
const STAGE_BY_KEY: u32 = 7;
const STAGE_COMPARE: u32 = 8;
const STAGE_GIVE: u32 = 9;
let stage: u32 = 0;
/** Next used series of the stage. */
let at: u32 = 0;

/** u32 a used series: its key below `keyCount`, and the code from 1 (then the rank) of its value in the column. */
let keys: usize = 0;
let codes: usize = 0;
export let keyCount: u32 = 1;
/** Columns of the table at the start; the next to look at; the first value not yet taken of the one looked at. */
let columns: u32 = 0;
let index: u32 = 0;
let value: u32 = 0;
/** u32 a joined key that may occur: 1 when it does, then its number. */
let numbers: usize = 0;
/** Used series by value rank, then by key; and the places of both. */
let byValue: usize = 0;
let byKey: usize = 0;
let valuePlaces: usize = 0;
let keyPlaces: usize = 0;
let lastKey: u32 = 0;
let lastRank: u32 = 0;

export function startKeys(table: usize): void {
  columns = load<u32>(table, TABLE_COLUMNS);
  index = 0;
  keys = take(<usize>usedCount << 2);
  memory.fill(keys, 0, <usize>usedCount << 2);
  codes = take(<usize>usedCount << 2);
  keyCount = 1;
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
    case STAGE_RANKS:
      if (!rankStep(columnAt(table, index))) startJoin();
      break;
    case STAGE_JOIN:
      joinByTable();
      break;
    case STAGE_NUMBER:
      numberKeys();
      break;
    case STAGE_COUNT:
      countRanks();
      break;
    case STAGE_BY_VALUE:
      placeByValue();
      break;
    case STAGE_BY_KEY:
      placeByKey();
      break;
    case STAGE_COMPARE:
      compareNeighbours();
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

@inline
function wordOf(words: usize, place: u32): u32 {
  return load<u32>(words + (<usize>place << 2));
}

@inline
function setWord(words: usize, place: u32, word: u32): void {
  store<u32>(words + (<usize>place << 2), word);
}

function findColumn(table: usize): void {
  while (index < columns && keyCount < usedCount) {
    const column = columnAt(table, index);
    if (load<u32>(column, COLUMN_KIND) == KIND_TAG && load<u32>(column, COLUMN_COUNT) > 0) {
      startTexts(column);
      value = 0;
      return next(STAGE_CODES);
    }
    index++;
  }
  next(STAGE_GIVE);
}

/** Takes the code of each used series, and marks it as used. */
function takeCodes(column: usize): void {
  const isDense = valueFrom(column, seriesCount) == seriesCount;
  const count = load<u32>(column, COLUMN_COUNT);
  const seriesAt = <usize>load<u32>(column, COLUMN_ROWS);
  const values = <usize>load<u32>(column, COLUMN_VALUES);
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const series = usedAt(at);
    if (isDense) value = series;
    else while (value < count && wordOf(seriesAt, value) < series) value++;
    let code: u32 = 0;
    if (value < count && wordOf(seriesAt, value) == series) {
      code = wordOf(values, value);
      markText(code++);
    }
    setWord(codes, at, code);
  }
  if (at < usedCount) return;
  if (marked == 0) {
    endTexts();
    index++;
    return next(STAGE_COLUMN);
  }
  startRanks();
  next(STAGE_RANKS);
}

/** Rank of the i-th series' value, 0 for null. */
@inline
function rankAt(place: u32): u32 {
  const code = wordOf(codes, place);
  return code == 0 ? 0 : wordOf(textRanks, code - 1);
}

function startJoin(): void {
  const bound = <u64>keyCount * (marked + 1);
  if (bound <= max(<u64>usedCount * TABLE_PER_SERIES, TABLE_MAX_MIN)) {
    numbers = take(<usize>bound << 2);
    memory.fill(numbers, 0, <usize>bound << 2);
    return next(STAGE_JOIN);
  }
  byValue = take(<usize>usedCount << 2);
  byKey = take(<usize>usedCount << 2);
  valuePlaces = take(<usize>(marked + 1) << 2);
  memory.fill(valuePlaces, 0, <usize>(marked + 1) << 2);
  keyPlaces = take(<usize>keyCount << 2);
  memory.fill(keyPlaces, 0, <usize>keyCount << 2);
  next(STAGE_COUNT);
}

function joinByTable(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const key = wordOf(keys, at) * (marked + 1) + rankAt(at);
    setWord(keys, at, key);
    setWord(numbers, key, 1);
  }
  if (at < usedCount) return;
  keyCount = startsOf(numbers, keyCount * (marked + 1));
  next(STAGE_NUMBER);
}

function numberKeys(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) setWord(keys, at, wordOf(numbers, wordOf(keys, at)));
  if (at < usedCount) return;
  give(numbers);
  endColumn();
}

function endColumn(): void {
  endTexts();
  index++;
  next(STAGE_COLUMN);
}

/** From here on: the series sorted by value, then by key, where a table would be too large. */
function countRanks(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const rank = rankAt(at);
    setWord(codes, at, rank);
    countDigit(valuePlaces, rank);
    countDigit(keyPlaces, wordOf(keys, at));
  }
  if (at < usedCount) return;
  startsOf(valuePlaces, marked + 1);
  startsOf(keyPlaces, keyCount);
  next(STAGE_BY_VALUE);
}

function placeByValue(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) setWord(byValue, nextPlace(valuePlaces, wordOf(codes, at)), at);
  if (at == usedCount) next(STAGE_BY_KEY);
}

function placeByKey(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const place = wordOf(byValue, at);
    setWord(byKey, nextPlace(keyPlaces, wordOf(keys, place)), place);
  }
  if (at < usedCount) return;
  keyCount = 0;
  next(STAGE_COMPARE);
}

/** Numbers the keys anew: each that differs from the one before gets the next number. */
function compareNeighbours(): void {
  const stop = stepEnd(at, usedCount, FAR);
  for (; at < stop; at++) {
    const place = wordOf(byKey, at);
    const key = wordOf(keys, place);
    const rank = wordOf(codes, place);
    if (keyCount == 0 || key != lastKey || rank != lastRank) keyCount++;
    lastKey = key;
    lastRank = rank;
    setWord(keys, place, keyCount - 1);
  }
  if (at < usedCount) return;
  give(byValue);
  give(byKey);
  give(valuePlaces);
  give(keyPlaces);
  endColumn();
}

function giveRanks(): bool {
  const stop = stepEnd(at, usedCount);
  for (; at < stop; at++) setRank(usedAt(at), wordOf(keys, at));
  if (at < usedCount) return true;
  give(keys);
  give(codes);
  return false;
}
