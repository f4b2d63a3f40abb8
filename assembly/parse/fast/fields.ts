// The fields of a line whose keys, kinds and order are as those of the table's last line: every key is compared with the
// one that is expected next, every number is read as its column's kind and appended at once. There is no call in the loop
// and little in it that needs registers: whatever it does not expect it leaves, at the key or value where it stands, to
// fallback.ts.
import {
  COLUMN_CAPACITY, COLUMN_COUNT, COLUMN_HEAD_MASK, COLUMN_ID, COLUMN_KIND, COLUMN_ROWS, COLUMN_SEED, COLUMN_SPELLED_AT,
  COLUMN_SPELLED_BYTES, COLUMN_VALUES,
} from '../../layout/column';
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING } from '../../layout/codes';
import { cutFields, noteField } from '../../memtable/cache/line-guess';
import { maskOfSame } from '../../base/simd-bytes';
import { addCell } from '../checksum';
import { COMMA, DOT, MINUS } from '../grammar/characters';
import { digitsIn, numberIn, powerOfTen } from '../grammar/number/digits';
import { EXACT_DIGITS_MAX, bitsByTable, TENS } from '../grammar/number/float';
import { CELL_BYTES, CELL_COLUMN, cellCount, cellsAt, tagsEnd } from '../grammar/cells';

/** What stopped appendFields: a byte that is no comma behind a value; */
export const STOP_END: u32 = 0;
/** a key that is not the one expected, or more fields than expected; */
export const STOP_KEY: u32 = 1;
/** a value that is not read here; */
export const STOP_VALUE: u32 = 2;
/** a column without room for a value of this row; */
export const STOP_ROOM: u32 = 3;
/** a field whose column has a value of this row already. */
export const STOP_TWICE: u32 = 4;

/** Why appendFields stopped: STOP_*. */
export let stop: u32 = 0;

/** Counts signs, so that the compiler keeps a branch where it would make every number wait for the look at its first byte (some 2 % of Telegraf's bodies). */
export let signs: u32 = 0;
/** Which of the expected fields it stopped at, from 0; with STOP_KEY the first that did not match. */
export let stopField: u32 = 0;

/** Expected fields passed over at most when the line lacks them. */
const SKIPS_MAX: u32 = 2;
const WIDTH: usize = 16;
const ALL: u32 = 0xFFFF;
const SIGN_BIT: u64 = 0x8000000000000000;
/** Digits that are a number of i64 for sure, and those that are one of u64. */
const SIGNED_DIGITS_MAX: usize = 18;
const DIGITS_MAX: usize = 19;
const LOWER: u32 = 0x20;
const LOWER_E: u32 = 101;
const LOWER_I: u32 = 105;
const LOWER_U: u32 = 117;
const WORD_TRUE: u32 = 0x65757274;
const WORD_FALSE: u32 = 0x736C6166;

/** Whether the column's key and `=` stand at `at`, as lines spell them. */
@inline
export function isSpelled(at: usize, column: usize, bytes: usize): bool {
  const mask = <u32>load<u16>(column, COLUMN_HEAD_MASK);
  if ((maskOfSame(at, column) & mask) != mask) return false;
  if (bytes <= WIDTH) return true;
  const whole = <usize>load<u32>(column, COLUMN_SPELLED_AT);
  const last = bytes - WIDTH;
  const middle = min(last, WIDTH);
  return (maskOfSame(at + middle, whole + middle) & maskOfSame(at + last, whole + last)) == ALL;
}

/** Bytes of `true` or `false` at `at`, 0 for neither. */
@inline
function wordBytes(at: usize): usize {
  const word = load<u32>(at);
  if (word == WORD_TRUE) return 4;
  return word == WORD_FALSE && <u32>load<u8>(at, 4) == LOWER_E ? 5 : 0;
}

/** Bits of the double nearest to digits / 10^fraction, of at most 19 digits. */
@inline
function decimalBits(digits: u64, fraction: usize): u64 {
  if (digits <= EXACT_DIGITS_MAX) return reinterpret<u64>(<f64>digits / load<f64>(TENS + (fraction << 3)));
  return bitsByTable(digits, -<i64>fraction);
}

/**
 * Appends the fields from `at`, where a key stands, to the columns in `fields` (u32 each, `count` of them), of which `field`
 * (from 0) is expected first.
 * Columns of a line that comes to nothing have `row` as the row of their last value.
 * @returns where it stopped: at a key (STOP_KEY, STOP_ROOM, STOP_TWICE), a value (STOP_VALUE), or behind one
 */
export function appendFields(at: usize, fields: usize, field: u32, count: u32, row: u32): usize {
  let skips: u32 = 0;
  let reason = STOP_KEY;
  while (field < count) {
    const column = <usize>load<u32>(fields + (<usize>field << 2));
    const keyBytes = <usize>load<u16>(column, COLUMN_SPELLED_BYTES);
    if (!isSpelled(at, column, keyBytes)) {
      field++;
      if (++skips > SKIPS_MAX) break;
      continue;
    }
    skips = 0;
    const index = load<u32>(column, COLUMN_COUNT);
    if (index == load<u32>(column, COLUMN_CAPACITY)) {
      reason = STOP_ROOM;
      break;
    }
    const rows = <usize>load<u32>(column, COLUMN_ROWS);
    if (rows != 0) {
      const rowAt = rows + (<usize>index << 2);
      // Before the first number there may stand anything: then the line goes the exact way.
      if (load<u32>(rowAt - 4) == row) {
        reason = STOP_TWICE;
        break;
      }
      store<u32>(rowAt, row);
    } else if (index != row) {
      reason = index > row ? STOP_TWICE : STOP_ROOM;
      break;
    }
    const kind = load<u32>(column, COLUMN_KIND);
    at += keyBytes;
    let bits: u64 = 0;
    let p = at;
    if (kind >= <u32>KIND_BOOL) {
      // Strings, and single letters, which are booleans too, are left to others.
      p += wordBytes(at);
      if (p == at || kind == <u32>KIND_STRING) {
        reason = STOP_VALUE;
        break;
      }
      bits = <u64>(p == at + 4);
      store<u8>(<usize>load<u32>(column, COLUMN_VALUES) + <usize>index, <u8>bits);
    } else {
      let isNegative = false;
      if (<u32>load<u8>(p) == MINUS) {
        isNegative = true;
        p++;
        signs++;
      }
      const first = p;
      let word = load<u64>(p);
      let run = digitsIn(word);
      bits = numberIn(word, run);
      p += run;
      while (run == 8) {
        word = load<u64>(p);
        run = digitsIn(word);
        bits = bits * powerOfTen(run) + numberIn(word, run);
        p += run;
      }
      let digits = p - first;
      const c = <u32>load<u8>(p);
      if (digits == 0 || digits > SIGNED_DIGITS_MAX) {
        reason = STOP_VALUE;
        break;
      }
      if (kind == <u32>KIND_F64) {
        let fraction: usize = 0;
        if (c == DOT) {
          const from = ++p;
          do {
            word = load<u64>(p);
            run = digitsIn(word);
            bits = bits * powerOfTen(run) + numberIn(word, run);
            p += run;
          } while (run == 8);
          fraction = p - from;
          digits += fraction;
        }
        if (digits > DIGITS_MAX || (<u32>load<u8>(p) | LOWER) == LOWER_E) {
          reason = STOP_VALUE;
          break;
        }
        bits = decimalBits(bits, fraction);
        if (isNegative) bits |= SIGN_BIT;
      } else {
        if (kind == <u32>KIND_I64 ? c != LOWER_I : c != LOWER_U || isNegative) {
          reason = STOP_VALUE;
          break;
        }
        p++;
        if (isNegative) bits = 0 - bits;
      }
      store<u64>(<usize>load<u32>(column, COLUMN_VALUES) + (<usize>index << 3), bits);
    }
    store<u32>(column, index + 1, COLUMN_COUNT);
    addCell(load<u64>(column, COLUMN_SEED), bits);
    field++;
    at = p;
    if (<u32>load<u8>(p) != COMMA) {
      reason = STOP_END;
      break;
    }
    at++;
  }
  stop = reason;
  stopField = field - skips;
  return at;
}

/** Expects of the table's next line the fields of the judged one. */
export function noteFields(table: usize): void {
  const end = cellsAt + cellCount * CELL_BYTES;
  let count: u32 = 0;
  for (let cell = tagsEnd(); cell < end; cell += CELL_BYTES) {
    const column = <usize>load<u32>(cell, CELL_COLUMN);
    if (load<u32>(column, COLUMN_ID) == 0 || !noteField(table, count, column)) break;
    count++;
  }
  cutFields(table, count);
}
