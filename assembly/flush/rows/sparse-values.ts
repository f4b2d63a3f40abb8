// The values of a column with few, listed in the order of their rows in the file: a radix sort of pairs of position and
// value. It is stable, so that lines of one point stay in their order.
import { rowOfValue } from '../../memtable/read';
import { countDigit, nextPlace, startsOf } from '../sort/row-order';
import { NO_POSITION, positionOf } from './file-positions';
import { giveScratch, takeScratch } from '../scratch';
import { rows } from '../spans';
import { stepEnd } from '../slice-budget';

/** Bits of a digit: few for a short list, whose counts would cost more than itself. */
const DIGIT_BITS_MIN: u32 = 8;
const DIGIT_BITS_MAX: u32 = 11;
const FEW: u32 = 4096;
const counts = memory.data(2048 * 4);
/** Up to so many are sorted by insertion. */
const SHORT: u32 = 32;

/** A list is the number of its values, then the values, u32 each. A block of scratch. */
export let listed: usize = 0;
/** u64 a value: its position above, its index below. */
let pairs: usize = 0;
let spare: usize = 0;
let count: u32 = 0;

const STAGE_PAIR: u32 = 0;
const STAGE_COUNT: u32 = 1;
const STAGE_PLACE: u32 = 2;
const STAGE_LIST: u32 = 3;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next value, pair or entry of the stage, and the end of the values. */
let at: u32 = 0;
let endValue: u32 = 0;
/** Whether the positions rise. */
let inOrder: bool = true;
/** First bit of the pass, and its bits. */
let shift: u32 = 0;
let digitBits: u32 = 0;

/** Lists the values from `from` to `end`. */
export function startSparse(from: u32, end: u32): void {
  pairs = takeScratch(<usize>(end - from) << 3);
  spare = takeScratch(<usize>(end - from) << 3);
  count = 0;
  inOrder = true;
  at = from;
  endValue = end;
  stage = STAGE_PAIR;
}

/** One step; false when the list stands. */
export function sparseStep(column: usize): bool {
  switch (stage) {
    case STAGE_PAIR:
      makePairs(column);
      break;
    case STAGE_COUNT:
      countPairs();
      break;
    case STAGE_PLACE:
      placePairs();
      break;
    default:
      return listPairs();
  }
  return true;
}

/** Bytes of a list. */
export function listBytes(list: usize): usize {
  return (<usize>load<u32>(list) + 1) << 2;
}

@inline
function pairAt(index: u32): u64 {
  return load<u64>(pairs + (<usize>index << 3));
}

/** Rows between the spans are left out. */
function makePairs(column: usize): void {
  const stop = stepEnd(at, endValue);
  for (; at < stop; at++) {
    const position = positionOf(rowOfValue(column, at));
    if (position == NO_POSITION) continue;
    const pair = (<u64>position << 32) | at;
    inOrder = inOrder && (count == 0 || pairAt(count - 1) < pair);
    store<u64>(pairs + (<usize>count << 3), pair);
    count++;
  }
  if (at < endValue) return;
  shift = 0;
  digitBits = count < FEW ? DIGIT_BITS_MIN : DIGIT_BITS_MAX;
  if (!inOrder && count > SHORT) return startPass();
  if (!inOrder) sortShort();
  startList();
}

function sortShort(): void {
  for (let i: u32 = 1; i < count; i++) {
    const pair = pairAt(i);
    let to = i;
    for (; to > 0 && pairAt(to - 1) > pair; to--) store<u64>(pairs + (<usize>to << 3), pairAt(to - 1));
    store<u64>(pairs + (<usize>to << 3), pair);
  }
}

function startPass(): void {
  memory.fill(counts, 0, <usize>4 << digitBits);
  at = 0;
  stage = STAGE_COUNT;
}

@inline
function digitOf(pair: u64): u32 {
  return (<u32>(pair >> 32) >> shift) & ((1 << digitBits) - 1);
}

function countPairs(): void {
  const stop = stepEnd(at, count);
  for (; at < stop; at++) countDigit(counts, digitOf(pairAt(at)));
  if (at < count) return;
  startsOf(counts, 1 << digitBits);
  at = 0;
  stage = STAGE_PLACE;
}

function placePairs(): void {
  const stop = stepEnd(at, count);
  for (; at < stop; at++) {
    const pair = pairAt(at);
    store<u64>(spare + (<usize>nextPlace(counts, digitOf(pair)) << 3), pair);
  }
  if (at < count) return;
  const swap = pairs;
  pairs = spare;
  spare = swap;
  shift += digitBits;
  if (<u64>rows >> shift == 0) startList();
  else startPass();
}

function startList(): void {
  listed = takeScratch(<usize>(count + 1) << 2);
  store<u32>(listed, count);
  at = 0;
  stage = STAGE_LIST;
}

function listPairs(): bool {
  const stop = stepEnd(at, count);
  for (; at < stop; at++) store<u32>(listed + (<usize>at << 2), <u32>pairAt(at), 4);
  if (at < count) return true;
  giveScratch(pairs);
  giveScratch(spare);
  return false;
}
