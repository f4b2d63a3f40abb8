/** The times of the rows of a memtable: how many each minute has, and where those of a time stand. */
import { TABLE_ROWS, TABLE_TIMES } from '../../../assembly/layout/table.js';
import type { Slices } from '../flush/slices.js';
import type { FlushSpan } from '../flush/standing-rows.js';
import type { WasmMemory } from '../wasm/chunk.js';

/** Minutes since 1970 that have rows, ascending, and how many. */
export type MinuteRows = readonly (readonly [minute: number, rows: number])[];

/** When the rows of a memtable are. */
export interface RowTimes {
  readonly minutes: MinuteRows;
  /** The last millisecond since 1970 that has a row. */
  readonly lastMs: number;
}

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
const NS_PER_MS = 1_000_000n;
const HIGH = 2 ** 32;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** When the rows are. One just before the end of a minute may count as of the next: a double has not all nanoseconds. */
export async function timesOfRows(module: TimesModule, tableId: number, slices: Slices): Promise<RowTimes> {
  const counts = new Map<number, number>();
  let minute = NaN, rows = 0, high = -HIGH, low = 0;
  const note = (): void => void (rows > 0 && counts.set(minute, (counts.get(minute) ?? 0) + rows));
  await eachSlice(module, tableId, slices, (words, first, end) => {
    for (let row = first; row < end; row += 1) {
      const [rowHigh, rowLow] = [words[2 * row + 1]!, words[2 * row]! >>> 0];
      if (rowHigh > high || (rowHigh === high && rowLow > low)) [high, low] = [rowHigh, rowLow];
      const of = Math.floor((rowHigh * HIGH + rowLow) / NS_PER_MINUTE);
      if (of !== minute) {
        note();
        minute = of;
        rows = 0;
      }
      rows += 1;
    }
  });
  note();
  const last = (BigInt(high) << 32n) + BigInt(low);
  return { minutes: [...counts].sort(([a], [b]) => a - b), lastMs: Number((last - (((last % NS_PER_MS) + NS_PER_MS) % NS_PER_MS)) / NS_PER_MS) };
}

/** Spans of the rows of a time, to the nanosecond, all with one seq. @param isLeftOut 1 for each row that is to be in none; null: no row is */
export async function spansWithin(module: TimesModule, tableId: number, { fromMs, endMs }: Times, seq: number, slices: Slices, isLeftOut: Uint8Array | null = null): Promise<FlushSpan[]> {
  const [from, last] = [wordsOf(nanosecondsOf(fromMs)), wordsOf(nanosecondsOf(endMs) - (endMs === Infinity ? 0n : 1n))];
  const spans: FlushSpan[] = [];
  let rowFirst = -1;
  let rows = 0;
  await eachSlice(module, tableId, slices, (words, first, end) => {
    for (let row = first; row < end; row += 1) {
      const high = words[2 * row + 1]!, low = words[2 * row]! >>> 0;
      const isWithin = isLeftOut?.[row] !== 1 && (high > from.high || (high === from.high && low >= from.low)) && (high < last.high || (high === last.high && low <= last.low));
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
