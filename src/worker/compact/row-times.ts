/** The times of the rows of a memtable: how many each minute has, and where those of a time stand. */
import { TABLE_ROWS, TABLE_TIMES } from '../../../assembly/layout/table.js';
import type { Slices } from '../flush/slices.js';
import type { FlushSpan } from '../flush/standing-rows.js';
import type { WasmMemory } from '../wasm/chunk.js';

/** Minutes since 1970 that have rows, ascending, and how many. */
export type MinuteRows = readonly (readonly [minute: number, rows: number])[];

interface TimesModule {
  readonly memory: WasmMemory;
  readonly exports: { tableAt(tableId: number): number };
}

/** From a time, up to and without another; milliseconds since 1970, or infinite. */
interface Times {
  readonly fromMs: number;
  readonly endMs: number;
}

const SLICE_ROWS = 65_536;
const NS_PER_MINUTE = 60e9;
const HIGH = 2 ** 32;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** How many rows each minute has. Near the border of two it may be the other one: a double has not all nanoseconds. */
export async function rowsOfMinutes(module: TimesModule, tableId: number, slices: Slices): Promise<MinuteRows> {
  const counts = new Map<number, number>();
  let minute = NaN, rows = 0;
  const note = (): void => void (rows > 0 && counts.set(minute, (counts.get(minute) ?? 0) + rows));
  await eachSlice(module, tableId, slices, (words, first, end) => {
    for (let row = first; row < end; row += 1) {
      const of = Math.floor((words[2 * row + 1]! * HIGH + (words[2 * row]! >>> 0)) / NS_PER_MINUTE);
      if (of !== minute) {
        note();
        minute = of;
        rows = 0;
      }
      rows += 1;
    }
  });
  note();
  return [...counts].sort(([a], [b]) => a - b);
}

/** Spans of the rows of a time, to the nanosecond, all with one seq. */
export async function spansWithin(module: TimesModule, tableId: number, { fromMs, endMs }: Times, seq: number, slices: Slices): Promise<FlushSpan[]> {
  const [from, last] = [wordsOf(nanosecondsOf(fromMs)), wordsOf(nanosecondsOf(endMs) - (endMs === Infinity ? 0n : 1n))];
  const spans: FlushSpan[] = [];
  let rowFirst = -1;
  let rows = 0;
  await eachSlice(module, tableId, slices, (words, first, end) => {
    for (let row = first; row < end; row += 1) {
      const high = words[2 * row + 1]!, low = words[2 * row]! >>> 0;
      const isWithin = (high > from.high || (high === from.high && low >= from.low)) && (high < last.high || (high === last.high && low <= last.low));
      if (isWithin === rowFirst >= 0) continue;
      if (isWithin) rowFirst = row;
      else {
        spans.push({ rowFirst, rowEnd: row, seq });
        rowFirst = -1;
      }
    }
    rows = end;
  });
  if (rowFirst >= 0) spans.push({ rowFirst, rowEnd: rows, seq });
  return spans;
}

/** @param look takes the times as 32-bit words, the low one of each first, and which rows to look at */
async function eachSlice(module: TimesModule, tableId: number, slices: Slices, look: (words: Int32Array, first: number, end: number) => void): Promise<void> {
  for (let first = 0; ; first += SLICE_ROWS) {
    // Anew after each turn: memory may have grown.
    const table = module.exports.tableAt(tableId) >>> 0;
    const view = new DataView(module.memory.buffer);
    const rows = view.getUint32(table + TABLE_ROWS, true);
    if (first >= rows) return;
    const end = Math.min(rows, first + SLICE_ROWS);
    look(new Int32Array(module.memory.buffer, view.getUint32(table + TABLE_TIMES, true), 2 * rows), first, end);
    if (slices.fills(end - first)) await slices.turn();
  }
}

/** Within what a time can be. */
function nanosecondsOf(ms: number): bigint {
  if (ms === -Infinity) return I64_MIN;
  if (ms === Infinity) return I64_MAX;
  const ns = BigInt(ms) * 1_000_000n;
  return ns < I64_MIN ? I64_MIN : ns > I64_MAX ? I64_MAX : ns;
}

function wordsOf(ns: bigint): { high: number; low: number } {
  return { high: Number(ns >> 32n), low: Number(ns & 0xffffffffn) };
}
