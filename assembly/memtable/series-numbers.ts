// The numbers that the series of a table get when those without rows leave it, found in steps; and what is left of a step.
import { TABLE_ROWS, TABLE_SERIES, TABLE_SERIES_AT } from '../layout/table';
import { give, take } from './memory';

/** In place of a series' new number: it goes. */
export const GONE: u32 = 0xFFFFFFFF;
/** Cost of an entry for which memory is visited anywhere. */
export const FAR: u32 = 8;

/** What is done with all series, one after another. */
const CLEAR: u32 = 0;
const MARK: u32 = 1;
const NUMBER: u32 = 2;
const DONE: u32 = 3;

/** Rows and series when it began; what is done, and up to which of them; how many series stay. */
let rowsBefore: u32 = 0;
let seriesBefore: u32 = 0;
let phase: u32 = 0;
let at: u32 = 0;
let kept: u32 = 0;
/** u32 by series: its new number, or GONE. */
let numbers: usize = 0;
/** Of the step. */
let left: u32 = 0;

/** Begins a step of so many entries. */
export function startKeepStep(entries: u32): void {
  left = entries;
}

/** Whether the step may go on. */
export function hasLeft(): bool {
  return left != 0;
}

/** So many entries from `from` on as the step has left at that cost; they are counted. */
export function stepTo(from: u32, end: u32, cost: u32): u32 {
  const stop = from + min(end - from, <u32>((<u64>left + cost - 1) / cost));
  left -= min(left, (stop - from) * cost + 1);
  return stop;
}

/** Begins with the series and rows that a table has now. */
export function startNumbering(table: usize): void {
  rowsBefore = load<u32>(table, TABLE_ROWS);
  seriesBefore = load<u32>(table, TABLE_SERIES);
  phase = at = kept = 0;
  numbers = take(<usize>seriesBefore << 2);
}

/** Forgets the numbers. */
export function endNumbering(): void {
  give(numbers, <usize>seriesBefore << 2);
  numbers = 0;
}

/** Works on for what is left of the step; whether all series have their numbers. */
export function hasNumbered(table: usize): bool {
  while (phase != DONE && left != 0) numberSome(table);
  return phase == DONE;
}

/** Finds out which series stay, and numbers them. */
function numberSome(table: usize): void {
  const end = phase == MARK ? rowsBefore : seriesBefore;
  const stop = stepTo(at, end, phase == MARK ? FAR : 1);
  if (phase == CLEAR) {
    memory.fill(numbers + (<usize>at << 2), 0xFF, <usize>(stop - at) << 2);
  } else if (phase == MARK) {
    const series = <usize>load<u32>(table, TABLE_SERIES_AT);
    for (let row = at; row < stop; row++) store<u32>(numbers + (<usize>load<u32>(series + (<usize>row << 2)) << 2), 0);
  } else {
    for (let one = at; one < stop; one++) {
      if (load<u32>(numbers + (<usize>one << 2)) != GONE) store<u32>(numbers + (<usize>one << 2), kept++);
    }
  }
  at = stop;
  if (stop < end) return;
  at = 0;
  phase++;
}

/** The new number of a series, or GONE; those that came since it began all stay. */
@inline
export function numberOf(series: u32): u32 {
  return series < seriesBefore ? load<u32>(numbers + (<usize>series << 2)) : kept + series - seriesBefore;
}
