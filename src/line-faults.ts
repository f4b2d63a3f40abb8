/** What stands at the fault of a rejected line, and why it cannot be taken, in a few words. Pure. */
import {
  LINE_FIELDS_MISSING, LINE_FLOAT_OUT_OF_RANGE, LINE_INTEGER_OUT_OF_RANGE, LINE_TIMESTAMP_OUT_OF_RANGE, LINE_TRAILING_CONTENT,
  LINE_UNSIGNED_OUT_OF_RANGE, PRECISION_H, PRECISION_M, PRECISION_MS, PRECISION_S, PRECISION_US,
} from '../assembly/layout/codes.js';
import type { LineError } from './model/line-error.js';

/** More of a value is not shown: an answer has all of it besides. */
const SHOWN_CHARACTERS_MAX = 64;
const NOT_FINITE = /^[+-]?(nan|inf(inity)?)$/i;
const LIKE_A_NUMBER = /^[+-]?\.?\d/;

/** Smallest and largest value of each type. */
const RANGES: ReadonlyMap<number, string> = new Map([
  [LINE_INTEGER_OUT_OF_RANGE, '-9223372036854775808i to 9223372036854775807i'],
  [LINE_UNSIGNED_OUT_OF_RANGE, '0u to 18446744073709551615u'],
  [LINE_FLOAT_OUT_OF_RANGE, '-1.7976931348623157e308 to 1.7976931348623157e308'],
]);
/** By PRECISION_*. With auto only nanoseconds can be out of range. */
const UNITS: ReadonlyMap<number, string> = new Map([
  [PRECISION_US, 'microseconds'], [PRECISION_MS, 'milliseconds'], [PRECISION_S, 'seconds'], [PRECISION_M, 'minutes'], [PRECISION_H, 'hours'],
]);

/** @returns '' when the name of the error says all there is to say */
export function faultText(error: LineError): string {
  const { code, value } = error;
  if (code === LINE_FIELDS_MISSING || code === LINE_TRAILING_CONTENT) return grammarFault(error);
  const range = RANGES.get(code);
  if (range !== undefined && value !== '') return `${shown(value)} is not within ${range}`;
  if (code === LINE_TIMESTAMP_OUT_OF_RANGE && value !== '') {
    const unit = UNITS.get(error.precision ?? 0) ?? 'nanoseconds';
    return `${shown(value)} ${unit} since 1970 are not within 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z`;
  }
  return '';
}

function grammarFault(error: LineError): string {
  const { key, value } = error;
  const before = byteBefore(error);
  if (key === '') {
    if (value === '') return '';
    return `${shown(value)} is no ${before === ',' || error.code === LINE_FIELDS_MISSING ? 'field' : 'timestamp'}`;
  }
  if (key === value && (before === ' ' || before === ',')) return `${shown(key)} has no = and no value`;
  if (value === '') return 'nothing stands behind its =';
  if (NOT_FINITE.test(value)) return `${shown(value)} is no value: a float is finite`;
  return LIKE_A_NUMBER.test(value) ? `${shown(value)} is no number` : `${shown(value)} is no value: text needs double quotes`;
}

/** The character before the fault; '' at the start of the line, and behind what is known of it. */
function byteBefore({ source, column }: LineError): string {
  return Buffer.from(source).toString('latin1', column - 2, column - 1);
}

function shown(value: string): string {
  return value.length > SHOWN_CHARACTERS_MAX ? `${value.slice(0, SHOWN_CHARACTERS_MAX)}…` : value;
}
