// The dictionary entries that are sorted, each with eight of its bytes as a number and its code; and their radix sort by
// that number, range by range.
import { countDigit, nextPlace, startsOf } from './row-order';
import { giveScratch, takeScratch } from '../scratch';
import { FAR, stepEnd } from '../slice-budget';

const ENTRY_BYTES: usize = 16;
const ENTRY_CODE: usize = 8;
const DIGIT_BITS_MAX: u32 = 11;
const counts = memory.data(2048 * 4);

/** The entries, and as much room again, which a pass writes to. */
let entries: usize = 0;
let spare: usize = 0;

const STAGE_COUNT: u32 = 0;
const STAGE_PLACE: u32 = 1;
const STAGE_BACK: u32 = 2;
/** What the next step does: STAGE_*. */
let stage: u32 = 0;
/** Next entry of the stage, in the range that is sorted. */
let at: u32 = 0;
let from: u32 = 0;
let end: u32 = 0;
/** The digit's place and width, and passes left. */
let shift: u32 = 0;
let digitBits: u32 = 0;
let passesLeft: u32 = 0;

/** Makes room for `count` entries. */
export function startPrefixes(count: u32): void {
  entries = takeScratch(<usize>count * ENTRY_BYTES);
  spare = takeScratch(<usize>count * ENTRY_BYTES);
}

/** Frees it. */
export function endPrefixes(): void {
  giveScratch(entries);
  giveScratch(spare);
}

@inline
function entryAt(index: u32): usize {
  return entries + <usize>index * ENTRY_BYTES;
}

/** Eight bytes of the entry `index`, below `count`, as a number. */
@inline
export function prefixAt(index: u32): u64 {
  return load<u64>(entryAt(index));
}

/** Writes them. */
@inline
export function setPrefix(index: u32, prefix: u64): void {
  store<u64>(entryAt(index), prefix);
}

/** The code of the entry `index`. */
@inline
export function codeAt(index: u32): u32 {
  return load<u32>(entryAt(index), ENTRY_CODE);
}

/** Writes the code of the entry `index`. */
@inline
export function setCode(index: u32, code: u32): void {
  store<u32>(entryAt(index), code, ENTRY_CODE);
}

/** Starts to sort the entries `first` … `after`, whose prefixes differ in some of the bits `differing`, which are not 0. */
export function startRadix(first: u32, after: u32, differing: u64): void {
  from = first;
  end = after;
  const lowest = <u32>ctz<u64>(differing);
  const bits = 64 - <u32>clz<u64>(differing) - lowest;
  passesLeft = (bits + DIGIT_BITS_MAX - 1) / DIGIT_BITS_MAX;
  digitBits = (bits + passesLeft - 1) / passesLeft;
  // No digit may begin beyond the 64 bits.
  shift = min(lowest, max(64, passesLeft * digitBits) - passesLeft * digitBits);
  startPass();
}

function startPass(): void {
  memory.fill(counts, 0, <usize>4 << digitBits);
  next(STAGE_COUNT);
}

@inline
function next(to: u32): void {
  stage = to;
  at = from;
}

/** One step; false when the range is sorted. */
export function radixStep(): bool {
  if (stage == STAGE_COUNT) countDigits();
  else if (stage == STAGE_PLACE) placeEntries();
  else return copyBack();
  return true;
}

@inline
function digitOf(entry: usize): u32 {
  return <u32>(load<u64>(entry) >> shift) & ((1 << digitBits) - 1);
}

function countDigits(): void {
  const stop = stepEnd(at, end);
  for (; at < stop; at++) countDigit(counts, digitOf(entryAt(at)));
  if (at < end) return;
  startsOf(counts, 1 << digitBits);
  next(STAGE_PLACE);
}

function placeEntries(): void {
  const stop = stepEnd(at, end, FAR);
  const to = spare + <usize>from * ENTRY_BYTES;
  for (; at < stop; at++) {
    const entry = entryAt(at);
    const place = to + <usize>nextPlace(counts, digitOf(entry)) * ENTRY_BYTES;
    store<u64>(place, load<u64>(entry));
    store<u32>(place, load<u32>(entry, ENTRY_CODE), ENTRY_CODE);
  }
  if (at == end) next(STAGE_BACK);
}

/** Brings the entries of a pass back to where they stood. */
function copyBack(): bool {
  const stop = stepEnd(at, end);
  memory.copy(entryAt(at), spare + <usize>at * ENTRY_BYTES, <usize>(stop - at) * ENTRY_BYTES);
  at = stop;
  if (at < end) return true;
  shift += digitBits;
  if (--passesLeft == 0) return false;
  startPass();
  return true;
}
