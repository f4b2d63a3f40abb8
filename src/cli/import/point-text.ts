/** Rows as line protocol: what the parser makes of the text is the row again. Pure. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../../assembly/layout/codes.js';

/** A tag or field of a row. */
export interface PointCell {
  /** KIND_*. */
  readonly kind: number;
  readonly key: string;
  /** Digits of integers and unsigned integers as text. */
  readonly value: string | number | boolean;
}

/**
 * The line of a row, without its newline.
 * @param cells at least one field among them
 * @param timeNs nanoseconds since 1970
 */
export function pointText(measurement: string, cells: readonly PointCell[], timeNs: bigint): string {
  const tags = cells.filter(({ kind }) => kind === KIND_TAG).map(({ key, value }) => `,${nameText(key)}=${nameText(String(value))}`);
  const fields = cells.filter(({ kind }) => kind !== KIND_TAG).map(({ key, kind, value }) => `${nameText(key)}=${valueText(kind, value)}`);
  return `${nameText(measurement, ', ')}${tags.join('')} ${fields.join(',')} ${timeNs}`;
}

/**
 * A name with what would end it escaped. A backslash is doubled only before what it would escape: before anything else it
 * stands for itself, and hides a newline or tab from those who look for the end of the name.
 */
function nameText(name: string, ends = ', ='): string {
  let text = '';
  for (let at = 0; at < name.length; at += 1) {
    const character = name[at]!;
    const isEscaped = ends.includes(character) || (character === '\\' && `${ends}\\`.includes(name[at + 1] ?? '\\'));
    text += isEscaped ? `\\${character}` : character;
  }
  return text;
}

function valueText(kind: number, value: PointCell['value']): string {
  switch (kind) {
    case KIND_F64: return floatText(Number(value));
    case KIND_I64: return `${value}i`;
    case KIND_U64: return `${value}u`;
    case KIND_BOOL: return value === true ? 'true' : 'false';
    case KIND_STRING: return `"${String(value).replace(/["\\]/g, '\\$&')}"`;
    default: throw new RangeError(`kind ${kind} is none of a field`);
  }
}

/** An infinity, which rows of before may hold, has no text of its own: it is a number that no double holds, and is rejected (L8) where infinities are not asked for. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '1e999' : '-1e999';
}
