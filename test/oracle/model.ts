/**
 * What a reader must find after any sequence of writes (contract C4): per point and field the value of the highest log
 * number, inside a body that of the later line. Rows become canonical strings, to compare them with what other readers
 * give cell by cell.
 */
import { floatHex, type FieldValue, type Kind, type Point, valueText } from './point.js';

/** One row as a query shows it. */
export interface MergedPoint {
  readonly measurement: string;
  /** In the order of the keys' UTF-16 units: a tag set has no order. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly timestampNs: bigint;
  /** The last value of each field. */
  readonly fields: Map<string, FieldValue>;
  /** The highest seq that wrote to this point. */
  seq: number;
}

/** Takes bodies in any call order with rising seqs; holds one row for each (measurement, tag set, time). */
export class Model {
  readonly #tables = new Map<string, Map<string, MergedPoint>>();
  #lastSeq = -Infinity;

  /** The stored points of the body with this seq, in line order. Throws when the number is not above the last. */
  write(seq: number, points: readonly Point[]): void {
    if (seq <= this.#lastSeq) throw new Error(`seq ${seq} comes after ${this.#lastSeq}`);
    this.#lastSeq = seq;
    for (const point of points) {
      const merged = this.#at(point);
      merged.seq = seq;
      for (const [key, value] of point.fields) merged.fields.set(key, value);
    }
  }

  /** Every measurement that has rows, sorted. */
  measurements(): string[] {
    return [...this.#tables.keys()].sort();
  }

  /** The rows of a table, in no particular order; none for a measurement never written. */
  points(measurement: string): MergedPoint[] {
    return [...(this.#tables.get(measurement)?.values() ?? [])];
  }

  /** A dropped table is empty. */
  drop(measurement: string): void {
    this.#tables.delete(measurement);
  }

  #at(point: Point): MergedPoint {
    let table = this.#tables.get(point.measurement);
    if (table === undefined) this.#tables.set(point.measurement, (table = new Map()));
    const tags = point.tags.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const identity = JSON.stringify([String(point.timestampNs), tags]);
    let merged = table.get(identity);
    if (merged === undefined) {
      merged = { measurement: point.measurement, tags, timestampNs: point.timestampNs, fields: new Map(), seq: 0 };
      table.set(identity, merged);
    }
    return merged;
  }
}

/** The columns `time` (microseconds since 1970, rounded down) and `sluice_ns` (0–999) of a time in nanoseconds. */
export function splitTime(timestampNs: bigint): { timeMicros: bigint; remainderNs: number } {
  const remainder = ((timestampNs % 1000n) + 1000n) % 1000n;
  return { timeMicros: (timestampNs - remainder) / 1000n, remainderNs: Number(remainder) };
}

/** A cell's value as readers give it: bigint for 64-bit integers (a number will do when it is a safe integer). */
export type CellValue = string | number | bigint | boolean | null | undefined;

/** A cell as text that is equal only where the value is, by the kind of its column; null for a null. */
export function cellText(kind: Kind, value: CellValue): string | null {
  if (value === null || value === undefined) return null;
  const fits = {
    tag: typeof value === 'string',
    string: typeof value === 'string',
    f64: typeof value === 'number',
    i64: typeof value === 'bigint' || Number.isSafeInteger(value),
    u64: typeof value === 'bigint' || Number.isSafeInteger(value),
    bool: typeof value === 'boolean',
  }[kind];
  if (!fits) throw new Error(`a ${kind} cell holds the ${typeof value} ${String(value)}`);
  return kind === 'f64' ? floatHex(Number(value)) : String(value);
}

/**
 * A row as one string. Takes `time` in microseconds, `sluice_ns`, and a (column name, cell text) pair for every column of
 * a tag or field, in any order; nulls may be there or not. `seq` is given when seqs are compared too.
 */
export function canonicalRow(
  timeMicros: bigint,
  remainderNs: number,
  cells: Iterable<readonly [column: string, text: string | null]>,
  seq?: number | bigint,
): string {
  const present = [...cells].filter(([, text]) => text !== null).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([String(timeMicros), remainderNs, present, ...(seq === undefined ? [] : [String(seq)])]);
}

/**
 * The rows that a table must hold, as sorted canonical strings. `columnOf` gives a key's column in the files. With
 * `withSeq` each row carries its highest seq.
 */
export function canonicalTable(model: Model, measurement: string, columnOf: (key: string) => string, withSeq = false): string[] {
  return model.points(measurement).map((point) => {
    const { timeMicros, remainderNs } = splitTime(point.timestampNs);
    const cells = [
      ...point.tags.map(([key, value]) => [columnOf(key), value] as const),
      ...[...point.fields].map(([key, value]) => [columnOf(key), valueText(value)] as const),
    ];
    return canonicalRow(timeMicros, remainderNs, cells, withSeq ? point.seq : undefined);
  }).sort();
}

/**
 * Compares two sorted lists of canonical rows: null when equal, else a sentence with the counts and the first rows that
 * only one side has.
 */
export function rowsDifference(expected: readonly string[], actual: readonly string[]): string | null {
  const missing = without(expected, actual), surplus = without(actual, expected);
  if (missing.length === 0 && surplus.length === 0) return null;
  return `${missing.length} of ${expected.length} rows are missing, ${surplus.length} are not expected; `
    + `first missing: ${missing[0] ?? 'none'}; first not expected: ${surplus[0] ?? 'none'}`;
}

/** The rows of `rows` that `taken` does not hold, each as often as it stands in excess. */
function without(rows: readonly string[], taken: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const row of taken) counts.set(row, (counts.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = counts.get(row) ?? 0;
    counts.set(row, count - 1);
    return count <= 0;
  });
}
