// Combines a rank with the key of each series used: pairs of key and rank are numbered in their order, without gaps. A table
// of all pairs does it where it is not too large, else two counting passes sort the series.
import { countDigit, nextPlace, startsOf } from './row-order';
import { giveScratch, takeScratch } from '../scratch';
import { usedCount } from './used-series';
import { FAR, stepEnd } from '../slice-budget';
import { setWord, wordOf } from '../words';

/** The table is at most so many times as large as the series are, or small. */
const TABLE_PER_SERIES: u64 = 4;
const TABLE_MAX_MIN: u64 = 1 << 16;

const STAGE_MARK: u32 = 0;
const STAGE_NUMBER: u32 = 1;
const STAGE_COUNT: u32 = 2;
const STAGE_BY_RANK: u32 = 3;
const STAGE_BY_KEY: u32 = 4;
const STAGE_COMPARE: u32 = 5;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next series of the stage. */
let at: u32 = 0;

/** Keys are below it. */
export let keyCount: u32 = 1;
/** u32 a series: its key, and its rank, which is below `rankCount`. */
let keys: usize = 0;
let ranks: usize = 0;
let rankCount: u32 = 0;
/** u32 a pair: 1 when it occurs, then its number. */
let numbers: usize = 0;
/** Series by rank, then by key; and the places of both. */
let byRank: usize = 0;
let byKey: usize = 0;
let rankPlaces: usize = 0;
let keyPlaces: usize = 0;
let lastKey: u32 = 0;
let lastRank: u32 = 0;

/** All keys are 0. */
export function startCombining(keysAt: usize): void {
  keys = keysAt;
  memory.fill(keys, 0, <usize>usedCount << 2);
  keyCount = 1;
}

/** Starts to combine the keys with the ranks at `ranksAt` (u32 a series), all below `count`. */
export function startCombine(ranksAt: usize, count: u32): void {
  ranks = ranksAt;
  rankCount = count;
  const pairs = <u64>keyCount * rankCount;
  if (pairs <= max(<u64>usedCount * TABLE_PER_SERIES, TABLE_MAX_MIN)) {
    numbers = takeCleared(<u32>pairs);
    return next(STAGE_MARK);
  }
  byRank = takeScratch(<usize>usedCount << 2);
  byKey = takeScratch(<usize>usedCount << 2);
  rankPlaces = takeCleared(rankCount);
  keyPlaces = takeCleared(keyCount);
  next(STAGE_COUNT);
}

function takeCleared(words: u32): usize {
  const block = takeScratch(<usize>words << 2);
  memory.fill(block, 0, <usize>words << 2);
  return block;
}

@inline
function next(to: u32): void {
  stage = to;
  at = 0;
}

/** One step; false when the keys are combined. */
export function combineStep(): bool {
  const stop = stepEnd(at, usedCount, FAR);
  switch (stage) {
    case STAGE_MARK: return markPairs(stop);
    case STAGE_NUMBER: return numberPairs(stop);
    case STAGE_COUNT: return count(stop);
    case STAGE_BY_RANK: return placeByRank(stop);
    case STAGE_BY_KEY: return placeByKey(stop);
    default: return compareNeighbours(stop);
  }
}

function markPairs(stop: u32): bool {
  for (; at < stop; at++) {
    const pair = wordOf(keys, at) * rankCount + wordOf(ranks, at);
    setWord(keys, at, pair);
    setWord(numbers, pair, 1);
  }
  if (at < usedCount) return true;
  keyCount = startsOf(numbers, keyCount * rankCount);
  next(STAGE_NUMBER);
  return true;
}

function numberPairs(stop: u32): bool {
  for (; at < stop; at++) setWord(keys, at, wordOf(numbers, wordOf(keys, at)));
  if (at < usedCount) return true;
  giveScratch(numbers);
  return false;
}

function count(stop: u32): bool {
  for (; at < stop; at++) {
    countDigit(rankPlaces, wordOf(ranks, at));
    countDigit(keyPlaces, wordOf(keys, at));
  }
  if (at < usedCount) return true;
  startsOf(rankPlaces, rankCount);
  startsOf(keyPlaces, keyCount);
  next(STAGE_BY_RANK);
  return true;
}

function placeByRank(stop: u32): bool {
  for (; at < stop; at++) setWord(byRank, nextPlace(rankPlaces, wordOf(ranks, at)), at);
  if (at == usedCount) next(STAGE_BY_KEY);
  return true;
}

function placeByKey(stop: u32): bool {
  for (; at < stop; at++) {
    const series = wordOf(byRank, at);
    setWord(byKey, nextPlace(keyPlaces, wordOf(keys, series)), series);
  }
  if (at < usedCount) return true;
  keyCount = 0;
  next(STAGE_COMPARE);
  return true;
}

/** Each pair that differs from the one before gets the next number. */
function compareNeighbours(stop: u32): bool {
  for (; at < stop; at++) {
    const series = wordOf(byKey, at);
    const key = wordOf(keys, series);
    const rank = wordOf(ranks, series);
    if (keyCount == 0 || key != lastKey || rank != lastRank) keyCount++;
    lastKey = key;
    lastRank = rank;
    setWord(keys, series, keyCount - 1);
  }
  if (at < usedCount) return true;
  giveScratch(byRank);
  giveScratch(byKey);
  giveScratch(rankPlaces);
  giveScratch(keyPlaces);
  return false;
}
