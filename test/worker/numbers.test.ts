import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { floatText } from './floats.js';
import { ParserSession } from './parser-session.js';
import { Random } from './random.js';

const FLOATS = Number(process.env['SLUICE_FLOATS'] ?? 200_000);
const BATCH = 20_000;
const SEED = Number(process.env['SLUICE_SEED'] ?? 20211);

function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

test('floats are the nearest double, bit for bit, as Number() reads them', () => {
  const random = new Random(SEED);
  const session = new ParserSession();
  session.write('m f=1');
  for (let done = 0; done < FLOATS; done += BATCH) {
    session.parser.removeRows(session.table('m').id, [{ rowFirst: 0, rowEnd: session.rows('m').length }]);
    const texts = Array.from({ length: BATCH }, () => floatText(random));
    const { accepted } = session.parse(texts.map((text) => `m f=${text}\n`).join(''), { flags: abi.RULE_GRAMMAR_1 });
    assert.equal(accepted, BATCH);
    session.rows('m').forEach(({ fields }, index) => {
      if (fields[0]?.[2] !== bitsOf(Number(texts[index]))) assert.equal(fields[0]?.[2], bitsOf(Number(texts[index])), `f=${texts[index]}`);
    });
  }
});

/** All decimals of a double under 2^-1021, which is a multiple of the smallest. */
function exactFraction(value: number): string {
  const multiple = BigInt(value / Number.MIN_VALUE);
  return `0.${String(multiple * 5n ** 1074n).padStart(1074, '0')}`;
}

test('subnormals and huge numbers in long form are exact', () => {
  const session = new ParserSession();
  for (const value of [Number.MIN_VALUE, 2 ** -1022 - Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE, 1e308]) {
    const text = value < 1 ? exactFraction(value) : String(BigInt(value));
    assert.ok(text.length >= 309);
    session.write(`m f=${text}`);
    assert.equal(session.rows('m').at(-1)?.fields[0]?.[2], bitsOf(value));
  }
});

test('what underflows is zero, and zero keeps its sign', () => {
  const session = new ParserSession();
  session.write('m f=1e-400\nm f=-1e-400\nm f=-0\nm f=0e999999999999999999999\nm f=1e-999999999999999999999');
  const found = session.rows('m').map(({ fields }) => fields[0]?.[2]);
  assert.deepEqual(found, [0, -0, -0, 0, 0].map(bitsOf));
});

test('a float that is too large is rejected, and only frames of grammar 1 have infinite ones', () => {
  const largest = '1.7976931348623158e308';
  const body = `m f=1e400\nm f=-1e400\nm f=1.7976931348623159e308\nm f=${largest}\nm f=-${largest}\nm f=${'9'.repeat(400)}\nm f=1,g=1e999999999999999999999`;
  const session = new ParserSession();
  const { errors, accepted } = session.write(body);
  assert.deepEqual(errors.map(({ line, column, code }) => [line, column, code]), [[1, 5], [2, 5], [3, 5], [6, 5], [7, 9]].map(([line, column]) => [line, column, abi.LINE_FLOAT_OUT_OF_RANGE]));
  assert.equal(accepted, 2);
  assert.deepEqual(session.rows('m').map(({ fields }) => fields[0]?.[2]), [Number.MAX_VALUE, -Number.MAX_VALUE].map(bitsOf));

  const before = new ParserSession();
  before.write('m f=1');
  const replayed = before.parse('m f=1e400\nm f=-1e400', { flags: abi.PARSE_REPLAY | abi.RULE_GRAMMAR_1, replaySeq: 2 });
  assert.deepEqual([replayed.accepted, replayed.rejected], [2, 0]);
  assert.deepEqual(before.rows('m').map(({ fields }) => fields[0]?.[2]), [1, Infinity, -Infinity].map(bitsOf));
});

test('integers and unsigned integers are exact to the ends of their range, and no further', () => {
  const session = new ParserSession();
  const inRange = [
    '9223372036854775807i', '-9223372036854775808i', '0000000000000000000000000000012i', '-0i', '999999999999999999i', '1000000000000000000i',
  ];
  for (const text of inRange) session.write(`m f=${text}`);
  assert.deepEqual(session.rows('m').map(({ fields }) => fields[0]?.[2]), inRange.map((text) => String(BigInt(text.slice(0, -1)))));
  const unsigned = ['18446744073709551615u', '0u', '9999999999999999999u', '10000000000000000000u', '00000018446744073709551615u'];
  for (const text of unsigned) session.write(`u f=${text}`);
  assert.deepEqual(session.rows('u').map(({ fields }) => fields[0]?.[2]), unsigned.map((text) => String(BigInt(text.slice(0, -1)))));
  const over = ['9223372036854775808i', '-9223372036854775809i', '18446744073709551616i', '99999999999999999999i', '123456789012345678901i'];
  for (const text of over) {
    assert.equal(session.parse(`m f=${text}`).errors[0]?.code, abi.LINE_INTEGER_OUT_OF_RANGE, text);
  }
  const overUnsigned = [
    '18446744073709551616u', '20000000000000000000u', '36893488147419103232u', '99999999999999999999u', '184467440737095516150u',
  ];
  for (const text of overUnsigned) {
    assert.equal(session.parse(`u f=${text}`).errors[0]?.code, abi.LINE_UNSIGNED_OUT_OF_RANGE, text);
  }
});
