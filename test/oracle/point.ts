/** What a body says, in the shapes that the oracle, the model and the tests share. */

export type FieldValue =
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'i64'; readonly value: bigint }
  | { readonly type: 'u64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string };

/** A column's kind: `tag`, or the type of a field. */
export type Kind = 'tag' | FieldValue['type'];

export interface Point {
  /** Physical line, from 1, of the line's first byte. */
  readonly line: number;
  readonly measurement: string;
  /** As written: order kept, keys distinct. */
  readonly tags: readonly (readonly [key: string, value: string])[];
  readonly fields: readonly (readonly [key: string, value: FieldValue])[];
  readonly timestampNs: bigint;
}

/** A rejected line: its first physical line and the name its code has in src/errors.ts. */
export interface Rejection {
  readonly line: number;
  readonly code: string;
}

/** Points and rejections of a body, each in line order. */
export interface Parsed {
  readonly points: readonly Point[];
  readonly errors: readonly Rejection[];
}

/**
 * A field's value as text that is equal only where the bits are: the 16 hex digits of a float (so that -0 and 0
 * differ), decimal integers, `true` or `false`, the string itself.
 */
export function valueText(value: FieldValue): string {
  return value.type === 'f64' ? floatHex(value.value) : String(value.value);
}

/** The 16 hex digits of a float's IEEE 754 bits, big-endian. */
export function floatHex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
