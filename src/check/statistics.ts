/** The statistics of an `add` held against the values of its file: bounds that lie inside the values lose rows in readers. */
import { asObject } from '../json.js';
import type { Cell } from '../query/duckdb.js';
import { decimalOf, type Field } from './schema.js';

/** Statistics as they stand in an `add`; numbers are texts of their digits behind a `#`. */
export interface Statistics {
  readonly numRecords: bigint | null;
  readonly minValues: Readonly<Record<string, unknown>>;
  readonly maxValues: Readonly<Record<string, unknown>>;
  readonly nullCount: Readonly<Record<string, unknown>>;
  /** Bounds may be wider than the values, counts of nulls too (deletion vectors). */
  readonly isTight: boolean;
}

/** What a column of a file holds. */
export interface ColumnFacts {
  readonly nulls: bigint;
  /** Least and greatest value as `factsOf` gives them; null when all are null (or not a number). */
  readonly least: Cell;
  readonly greatest: Cell;
  readonly hasNaN: boolean;
  /** The file has the column. */
  readonly isPresent: boolean;
}

const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @throws Error with a sentence when it is no JSON of statistics */
export function parseStatistics(text: string): Statistics {
  const exact = asObject(JSON.parse(text.replace(STRINGS_AND_NUMBERS, (token) => (token.startsWith('"') ? token : `"#${token}"`))));
  const part = (name: string): Readonly<Record<string, unknown>> => (exact[name] === undefined || exact[name] === null ? {} : asObject(exact[name]));
  return {
    numRecords: exact['numRecords'] === undefined ? null : countOf(exact['numRecords']),
    minValues: part('minValues'), maxValues: part('maxValues'), nullCount: part('nullCount'),
    isTight: exact['tightBounds'] !== false,
  };
}

function countOf(value: unknown): bigint {
  if (!/^#\d+$/.test(String(value))) throw new Error(`there should be a count where there is ${JSON.stringify(value)}`);
  return BigInt(String(value).slice(1));
}

/** SQL of a column's nulls, least and greatest value, and whether it holds a NaN. @param column quoted */
export function factsSql(column: string, { type }: Field): string[] {
  const nulls = `count(*) - count(${column})`;
  if (type === 'double' || type === 'float') {
    const rest = `FILTER (WHERE NOT isnan(${column}))`;
    return [nulls, `min(${column}) ${rest}`, `max(${column}) ${rest}`, `coalesce(bool_or(isnan(${column})), false)`];
  }
  const of = boundSql(type);
  return of === null ? [nulls, 'NULL', 'NULL', 'false'] : [nulls, of(`min(${column})`), of(`max(${column})`), 'false'];
}

function boundSql(type: unknown): ((bound: string) => string) | null {
  if (type === 'string') return (bound) => bound;
  if (type === 'boolean') return (bound) => `${bound}::INTEGER::VARCHAR`;
  if (type === 'timestamp') return (bound) => `epoch_us(${bound})::VARCHAR`;
  if (type === 'date') return (bound) => `date_diff('day', DATE '1970-01-01', ${bound})::VARCHAR`;
  if (['long', 'integer', 'short', 'byte'].includes(String(type)) || decimalOf(type) !== null) return (bound) => `${bound}::VARCHAR`;
  return null;
}

const MILLISECOND = 1000n;

/**
 * What is false in the statistics of a column, in sentences.
 * @param isOurs the rules of sluice hold: a bound on both sides of every column with a value, a count of nulls of each
 */
export function statisticsFaults(field: Field, stated: Statistics, facts: ColumnFacts, isOurs: boolean): string[] {
  const { name } = field;
  const faults: string[] = [];
  const nulls = stated.nullCount[name];
  if (nulls === undefined) {
    // A file from before the column says nothing of it.
    if (isOurs && facts.isPresent) faults.push(`column ${name} has no count of nulls`);
  } else if (typeof nulls === 'string' && stated.isTight && countOf(nulls) !== facts.nulls) {
    faults.push(`column ${name} has ${facts.nulls} nulls, and its statistics say ${nulls.slice(1)}`);
  }
  for (const [side, values, value] of [['least', stated.minValues, facts.least], ['greatest', stated.maxValues, facts.greatest]] as const) {
    const bound = values[name];
    if (bound === undefined || bound === null) {
      if (isOurs && value !== null) faults.push(`column ${name} has values and no ${side} one in its statistics`);
    } else if (typeof bound === 'string' || typeof bound === 'boolean') {
      if (isOurs && facts.hasNaN && !/^"?-?Infinity"?$/.test(String(bound))) faults.push(`column ${name} holds a NaN, and its ${side} value is ${plain(bound)}`);
      else if (value !== null && isInside(field, side, bound, value, isOurs)) faults.push(`column ${name} holds ${String(shown(value))}, and its statistics call ${plain(bound)} the ${side}`);
    }
  }
  return faults;
}

/** Whether a bound leaves a value out. @throws Error with a sentence when the bound is none of the column's type */
function isInside(field: Field, side: 'least' | 'greatest', bound: string | boolean, value: Cell, isOurs: boolean): boolean {
  const [stated, held] = [orderOf(field, bound), heldOf(field, value)];
  // Readers take a greatest time for one of whole milliseconds: other writers cut it.
  const slack = field.type === 'timestamp' && side === 'greatest' && !isOurs ? MILLISECOND - 1n : 0n;
  if (Buffer.isBuffer(stated) && Buffer.isBuffer(held)) return side === 'least' ? Buffer.compare(stated, held) > 0 : Buffer.compare(stated, held) < 0;
  if (typeof stated === 'bigint' && typeof held === 'bigint') return side === 'least' ? stated > held : stated + slack < held;
  return side === 'least' ? Number(stated) > Number(held) : Number(stated) < Number(held);
}

type Order = bigint | number | Buffer;

function orderOf({ name, type }: Field, bound: string | boolean): Order {
  const digits = typeof bound === 'string' && bound.startsWith('#') ? bound.slice(1) : null;
  const wrong = (): never => {
    throw new Error(`the statistics of column ${name} say ${plain(bound)}, which is no value of type ${String(type)}`);
  };
  const decimal = decimalOf(type);
  switch (true) {
    case type === 'string': return typeof bound === 'string' ? Buffer.from(bound) : wrong();
    case type === 'boolean': return typeof bound === 'boolean' ? BigInt(bound) : wrong();
    case type === 'double' || type === 'float': {
      const number = digits ?? (/^-?Infinity$|^NaN$/.test(String(bound)) ? String(bound) : wrong());
      return type === 'float' ? Math.fround(Number(number)) : Number(number);
    }
    case type === 'timestamp': return microsOf(String(bound)) ?? wrong();
    case type === 'date': return /^\d{4}-\d\d-\d\d$/.test(String(bound)) ? BigInt(Date.parse(`${String(bound)}T00:00:00Z`) / 86_400_000) : wrong();
    case decimal !== null: return scaled(digits ?? String(bound), decimal!.scale) ?? wrong();
    default: return digits !== null && /^-?\d+$/.test(digits) ? BigInt(digits) : wrong();
  }
}

function heldOf({ type }: Field, value: Cell): Order {
  if (type === 'string') return Buffer.from(String(value));
  if (typeof value === 'number') return value;
  const decimal = decimalOf(type);
  return decimal === null ? BigInt(String(value)) : scaled(String(value), decimal.scale)!;
}

/** A decimal times ten to its scale; digits beyond that are cut, as in a bound that was a float. */
function scaled(text: string, scale: number): bigint | null {
  const [, sign, whole, part = '', exponent = '0'] = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const shift = scale + Number(exponent) - part.length;
  const all = BigInt(whole + part);
  const value = shift >= 0 ? all * 10n ** BigInt(shift) : all / 10n ** BigInt(-shift);
  return sign === '-' ? -value : value;
}

/** Microseconds since 1970 of a time; without an offset it is UTC. */
function microsOf(text: string): bigint | null {
  const [, day, time, fraction = '', offset = 'Z'] = /^([+-]?\d{4,6}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const seconds = Date.parse(`${day}T${time}${offset}`);
  return Number.isNaN(seconds) ? null : BigInt(seconds) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

const SHOWN_MAX = 60;

function plain(bound: string | boolean): string {
  return String(bound).replace(/^#/, '').slice(0, SHOWN_MAX);
}

function shown(value: Cell): unknown {
  return typeof value === 'string' ? value.slice(0, SHOWN_MAX) : value;
}
