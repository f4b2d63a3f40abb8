/** Least and greatest values of column chunks: joined over a file, and as the bytes of a footer. */
import { DECIMAL_BYTES, type FileColumn } from './file-columns.js';
import { lowerBound, upperBound } from './text-bounds.js';

/** Of a chunk or a file that has at least one value. A bool counts as 0 or 1. */
export type Range =
  | { readonly of: 'integers'; readonly min: bigint; readonly max: bigint }
  /** With a NaN among the values, min and max mean nothing. */
  | { readonly of: 'floats'; readonly min: number; readonly max: number; readonly nan: boolean }
  /** UTF-8, compared as unsigned bytes. */
  | { readonly of: 'texts'; readonly min: Uint8Array; readonly max: Uint8Array };

/** Bounds as a footer holds them. */
interface FooterBounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly minExact: boolean;
  readonly maxExact: boolean;
}

/**
 * The range that holds both; null is the range of no values.
 * @throws when they are of different types
 */
export function joinRanges(a: Range | null, b: Range | null): Range | null {
  if (a === null || b === null) return a ?? b;
  if (a.of === 'integers' && b.of === 'integers') {
    return { of: 'integers', min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
  }
  if (a.of === 'floats' && b.of === 'floats') {
    return { of: 'floats', min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), nan: a.nan || b.nan };
  }
  if (a.of === 'texts' && b.of === 'texts') {
    return {
      of: 'texts',
      min: Buffer.compare(a.min, b.min) <= 0 ? a.min : b.min,
      max: Buffer.compare(a.max, b.max) >= 0 ? a.max : b.max,
    };
  }
  throw new TypeError(`a range of ${a.of} cannot be joined with one of ${b.of}`);
}

/** Bounds for the footer, or null where there must be none: no value, or a NaN. Zero is -0.0 below and 0.0 above. */
export function footerBounds(column: FileColumn, range: Range | null): FooterBounds | null {
  if (range === null) return null;
  if (range.of === 'texts') {
    const lower = lowerBound(range.min);
    const upper = upperBound(range.max);
    return { min: Buffer.from(lower.text), max: Buffer.from(upper.text), minExact: lower.exact, maxExact: upper.exact };
  }
  if (range.of === 'floats') {
    if (range.nan) return null;
    return exactBounds(doubleBytes(range.min === 0 ? -0 : range.min), doubleBytes(range.max === 0 ? 0 : range.max));
  }
  return exactBounds(integerBytes(column, range.min), integerBytes(column, range.max));
}

function exactBounds(min: Uint8Array, max: Uint8Array): FooterBounds {
  return { min, max, minExact: true, maxExact: true };
}

function doubleBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function integerBytes(column: FileColumn, value: bigint): Uint8Array {
  if (column.kind === 'bool') return Uint8Array.of(Number(value));
  if (column.kind === 'u64') {
    const bytes = Buffer.alloc(DECIMAL_BYTES);
    bytes.writeBigUInt64BE(value, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(column.kind === 'ns' ? 4 : 8);
  if (column.kind === 'ns') bytes.writeInt32LE(Number(value));
  else bytes.writeBigInt64LE(value);
  return bytes;
}
