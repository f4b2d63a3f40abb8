// Field values: integer, unsigned, float, string, boolean, in the grammar of InfluxDB 3 with `1.` and `.5` (L3), and no
// infinite float (L8).
import {
  KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_U64, LINE_FLOAT_OUT_OF_RANGE, LINE_INTEGER_OUT_OF_RANGE, LINE_OK, LINE_STRING_TOO_LONG,
  LINE_UNSIGNED_OUT_OF_RANGE, LINE_UNTERMINATED_STRING, RULE_GRAMMAR_1,
} from '../../layout/codes';
import { rules } from '../body-settings';
import { DOT, MINUS, QUOTE } from './characters';
import { digitsValue, readDigits, readSigned, readUnsigned } from './number/digits';
import { DIGITS_MAX, floatBits, INFINITY, longFloatBits } from './number/float';
import { stringEnd, stringIsEscaped } from './lines';
import { CELL_BITS, CELL_KIND, CELL_TEXT_AT, CELL_TEXT_BYTES } from './cells';
import { unescapedBytes, unescapeString } from './unescaped';

export const STRING_BYTES_MAX: u32 = 1 << 20;
const LOWER_I: u32 = 105;
const LOWER_U: u32 = 117;
const LOWER_E: u32 = 101;
const LOWER: u32 = 0x20;
const SIGN_BIT: u64 = 0x8000000000000000;
/** Exponents are read up to here: what a body can hold of digits moves them no further. */
const EXPONENT_MAX: i64 = 1 << 40;

/** LINE_OK, or what is wrong with the value that readValue last read (or did not find). */
export let valueFault: u32 = 0;

/**
 * Reads the field value at `at` into a cell (kind and value). The byte at `end` is no part of any value.
 * @returns where it ends; 0 when there is none, and then valueFault is LINE_OK or says what is wrong for good
 */
export function readValue(at: usize, end: usize, cell: usize): usize {
  valueFault = LINE_OK;
  const c = <u32>load<u8>(at);
  if (c - 48 < 10 || c == MINUS || c == DOT) return readNumber(at, cell);
  if (c == QUOTE) return readString(at + 1, end, cell);
  return readBoolean(at, end, cell);
}

@inline
function put(cell: usize, kind: u32, bits: u64): void {
  store<u32>(cell, kind, CELL_KIND);
  store<u64>(cell, bits, CELL_BITS);
}

@inline
function fail(code: u32): usize {
  valueFault = code;
  return 0;
}

function readNumber(at: usize, cell: usize): usize {
  const negative = load<u8>(at) == MINUS;
  const first = at + <usize>negative;
  at = readDigits(first, 0);
  const wholeDigits = <u32>(at - first);
  const c = <u32>load<u8>(at);
  if (wholeDigits > 0) {
    if (c == LOWER_I) return readInteger(first, at, negative, cell);
    if (c == LOWER_U && !negative) {
      if (wholeDigits > DIGITS_MAX && !readUnsigned(first, at)) return fail(LINE_UNSIGNED_OUT_OF_RANGE);
      put(cell, KIND_U64, digitsValue);
      return at + 1;
    }
  }
  return readFloat(first, at, wholeDigits, negative, cell);
}

/** The integer whose digits [first, at) were read last, and its `i`. */
@inline
function readInteger(first: usize, at: usize, negative: bool, cell: usize): usize {
  if (at - first < DIGITS_MAX) {
    put(cell, KIND_I64, negative ? 0 - digitsValue : digitsValue);
  } else {
    if (!readSigned(first, at, negative)) return fail(LINE_INTEGER_OUT_OF_RANGE);
    put(cell, KIND_I64, digitsValue);
  }
  return at + 1;
}

/** The float whose whole digits [first, at) were read last. */
@inline
function readFloat(first: usize, at: usize, wholeDigits: u32, negative: bool, cell: usize): usize {
  let digits = wholeDigits;
  let exponent: i64 = 0;
  if (load<u8>(at) == DOT) {
    const fraction = at + 1;
    at = readDigits(fraction, digitsValue);
    digits += <u32>(at - fraction);
    exponent = -<i64>(at - fraction);
  }
  if (digits == 0) return 0;
  const value = digitsValue;
  const digitsEnd = at;
  if ((load<u8>(at) | LOWER) == LOWER_E) {
    at = readExponent(at);
    exponent += exponentValue;
  }
  const bits = digits <= DIGITS_MAX ? floatBits(value, exponent) : longFloatBits(first, digitsEnd, exponent);
  if (bits == INFINITY && (rules & RULE_GRAMMAR_1) == 0) return fail(LINE_FLOAT_OUT_OF_RANGE);
  put(cell, KIND_F64, negative ? bits | SIGN_BIT : bits);
  return at;
}

/** The exponent that readExponent read. */
let exponentValue: i64 = 0;

/** The exponent at `at`, where its `e` stands; stays there, with exponentValue 0, when no digits follow. */
function readExponent(at: usize): usize {
  exponentValue = 0;
  let i = at + 1;
  const sign = <u32>load<u8>(i);
  if (sign == MINUS || sign == 43) i++;
  const first = i;
  for (let d = <u32>load<u8>(i) - 48; d < 10; d = <u32>load<u8>(++i) - 48) {
    if (exponentValue < EXPONENT_MAX) exponentValue = exponentValue * 10 + d;
  }
  if (i == first) return at;
  if (sign == MINUS) exponentValue = -exponentValue;
  return i;
}

/** The string whose text starts at `at`. */
function readString(at: usize, end: usize, cell: usize): usize {
  const close = stringEnd(at, end);
  if (close >= end) return fail(LINE_UNTERMINATED_STRING);
  let text = at;
  let bytes = <u32>(close - at);
  if (stringIsEscaped) {
    text = unescapeString(at, close);
    bytes = unescapedBytes;
  }
  if (bytes > STRING_BYTES_MAX) return fail(LINE_STRING_TOO_LONG);
  store<u32>(cell, KIND_STRING, CELL_KIND);
  store<u32>(cell, <u32>text, CELL_TEXT_AT);
  store<u32>(cell, bytes, CELL_TEXT_BYTES);
  return close + 1;
}

// The words of booleans as little-endian integers.
const LOWER_TRUE: u32 = 0x65757274;
const TITLE_TRUE: u32 = 0x65757254;
const UPPER_TRUE: u32 = 0x45555254;
const LOWER_FALS: u32 = 0x736C6166;
const TITLE_FALS: u32 = 0x736C6146;
const UPPER_FALS: u32 = 0x534C4146;

/** true, True, TRUE, t, T and the same of false: the longest that stands there. */
function readBoolean(at: usize, end: usize, cell: usize): usize {
  const c = <u32>load<u8>(at) | LOWER;
  if (at >= end || (c != 116 && c != 102)) return 0;
  const word = load<u32>(at);
  let bytes: usize = 1;
  if (c == 116) {
    if (word == LOWER_TRUE || word == TITLE_TRUE || word == UPPER_TRUE) bytes = 4;
  } else {
    const last = <u32>load<u8>(at, 4);
    if ((last == 101 && (word == LOWER_FALS || word == TITLE_FALS)) || (last == 69 && word == UPPER_FALS)) bytes = 5;
  }
  put(cell, KIND_BOOL, <u64>(c == 116));
  return at + bytes;
}
