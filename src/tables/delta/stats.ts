/**
 * Statistics of a data file for Delta's `add.stats`, each value already JSON text. The rules of docs/tables.md, where it
 * says which reader goes wrong without each:
 * R1 times in milliseconds, UTC: the minimum rounded down, the maximum up.
 * R2 texts shortened to 32 code points, a shortened maximum raised in its last code point (text.ts).
 * R3 decimals as integers with all digits.
 * R4 every column with a value has its minimum and maximum.
 * R5 a NaN in the file: "-Infinity" and "Infinity"; infinities as those texts; zero is -0.0 below and 0.0 above.
 * R6 the null count of every column; of one without any value it is the number of rows.
 * R7 all columns, also those behind the 32nd.
 */
import type { FileStatistics } from '../../model/flushed-file.js';
import type { FileColumn } from '../parquet/file-columns.js';
import type { Range } from '../parquet/statistics.js';
import { lowerBound, upperBound } from '../parquet/text-bounds.js';

const MICROS_PER_MILLI = 1000n;

/** What is known of a column over a whole file. */
export interface ColumnStatistics {
  readonly column: FileColumn;
  readonly nulls: number;
  /** null: no value. */
  readonly range: Range | null;
}

/** Statistics of a file of `rows` rows with all its columns. */
export function fileStatistics(rows: number, columns: readonly ColumnStatistics[]): FileStatistics {
  const bounds = columns.flatMap(({ column, range }) => (range === null ? [] : [[column.name, boundsOf(column, range)] as const]));
  // fromEntries makes plain properties of all names, `__proto__` too.
  return {
    numRecords: rows,
    minValues: Object.fromEntries(bounds.map(([name, [min]]) => [name, min])),
    maxValues: Object.fromEntries(bounds.map(([name, [, max]]) => [name, max])),
    nullCount: Object.fromEntries(columns.map(({ column, nulls }) => [column.name, nulls])),
  };
}

/** Minimum and maximum as JSON text. */
function boundsOf(column: FileColumn, range: Range): readonly [min: string, max: string] {
  if (range.of === 'texts') return [JSON.stringify(lowerBound(range.min).text), JSON.stringify(upperBound(range.max).text)];
  if (range.of === 'floats') return range.nan ? ['"-Infinity"', '"Infinity"'] : [floatText(range.min, '-0.0'), floatText(range.max, '0.0')];
  if (column.kind === 'time') return [timeText(floorToMillis(range.min)), timeText(-floorToMillis(-range.max))];
  if (column.kind === 'bool') return [String(range.min === 1n), String(range.max === 1n)];
  return [String(range.min), String(range.max)];
}

/** Shortest digits that give the number back; a whole number keeps a point, as other writers have it. */
function floatText(value: number, zero: string): string {
  if (value === 0) return zero;
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function floorToMillis(micros: bigint): bigint {
  const millis = micros / MICROS_PER_MILLI;
  return micros % MICROS_PER_MILLI < 0n ? millis - 1n : millis;
}

function timeText(millis: bigint): string {
  return JSON.stringify(new Date(Number(millis)).toISOString());
}
