/** What refusals of lines say: what stands there, and out of which range, in which unit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../assembly/layout/codes.js';
import { lineCountsText, lineErrorText } from '../src/line-errors.js';
import { ParserSession } from './worker/parser-session.js';

const OF_F = 'the line has no valid field: column "f" of table "m": ';
const TRAILING = 'the line goes on after it should end: ';
const OF_M = 'table "m": ';
const TIME_RANGE = 'since 1970 are not within 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z';

/** A line that is rejected, and what is said of it. */
const SAYINGS: readonly (readonly [line: string, text: string])[] = [
  ['m f=NaN 1', `${OF_F}NaN is no value: a float is finite`],
  ['m f=-Infinity', `${OF_F}-Infinity is no value: a float is finite`],
  ['m f=+1', `${OF_F}+1 is no number`],
  ['m f=abc', `${OF_F}abc is no value: text needs double quotes`],
  ["m f='a b'", `${OF_F}'a is no value: text needs double quotes`],
  ['m f=', `${OF_F}nothing stands behind its =`],
  ['m f', `${OF_F}f has no = and no value`],
  ['m,t=a f=f=1', `${TRAILING}column "f" of ${OF_M}f=1 is no value: text needs double quotes`],
  ['m', 'the line has no valid field: table "m"'],
  ['m g=1,f=abc', `${TRAILING}column "f" of ${OF_M}abc is no value: text needs double quotes`],
  ['m g=1,abc=1,=2', `${TRAILING}${OF_M}=2 is no field`],
  ['m f=1 tomorrow', `${TRAILING}${OF_M}tomorrow is no timestamp`],
  ['m f=1 1 2', `${TRAILING}${OF_M}1 2 is no timestamp`],
  ['m f=-1u', `${TRAILING}column "f" of ${OF_M}-1u is no number`],
  [`m f=${'x'.repeat(100)}`, `${OF_F}${'x'.repeat(64)}… is no value: text needs double quotes`],
  ['m f=9223372036854775808i', `the integer does not fit 64 bits: column "f" of ${OF_M}9223372036854775808i is not within -9223372036854775808i to 9223372036854775807i`],
  ['m f=18446744073709551616u', `the unsigned integer does not fit 64 bits: column "f" of ${OF_M}18446744073709551616u is not within 0u to 18446744073709551615u`],
  ['m f=1e400', `the number is too large for a float: column "f" of ${OF_M}1e400 is not within -1.7976931348623157e308 to 1.7976931348623157e308`],
  ['m f=1 9223372036854775808', `the timestamp is out of range for its precision: ${OF_M}9223372036854775808 nanoseconds ${TIME_RANGE}`],
];

test('a refusal names what stands there', () => {
  for (const [line, text] of SAYINGS) {
    const { errors } = new ParserSession().parse(line);
    assert.equal(errors.map(lineErrorText).join(), text, line);
  }
});

test('a timestamp that is out of range is said in the unit it was read in', () => {
  const units = [[abi.PRECISION_US, 'microseconds'], [abi.PRECISION_S, 'seconds'], [abi.PRECISION_H, 'hours']] as const;
  for (const [precision, unit] of units) {
    const { errors: [error] } = new ParserSession().parse('m f=1 -9223372036854775807', { precision });
    assert.equal(lineErrorText(error!), `the timestamp is out of range for its precision: ${OF_M}-9223372036854775807 ${unit} ${TIME_RANGE}`);
  }
});

test('one line was, two were', () => {
  assert.equal(lineCountsText(1, 1), '1 line was rejected, 1 was stored');
  assert.equal(lineCountsText(2, 0), '2 lines were rejected, 0 were stored');
  assert.equal(lineCountsText(1, null), '1 line was rejected, nothing was stored');
});
