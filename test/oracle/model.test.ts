import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from './line-protocol.js';
import { canonicalRow, canonicalTable, cellText, Model, rowsDifference, splitTime } from './model.js';

const asKey = (key: string): string => key;

function written(...bodies: [number: number, text: string][]): Model {
  const model = new Model();
  for (const [seq, text] of bodies) {
    model.write(seq, parseBody(Buffer.from(text), { precision: 'ns', defaultTimeNs: 7n }).points);
  }
  return model;
}

test('per field the highest number wins, and the later line inside a body', () => {
  const model = written([10, 'm,t=a f=1,g=1i 5\nm,t=a f=2 5'], [20, 'm,t=a g=3i,h="x" 5']);
  assert.deepEqual(canonicalTable(model, 'm', asKey, true), [
    canonicalRow(0n, 5, [['h', 'x'], ['t', 'a'], ['g', '3'], ['f', '4000000000000000'], ['none', null]], 20),
  ]);
});

test('tag order makes no other point; an absent tag, another time and another measurement do', () => {
  const model = written([1, 'm,a=1,b=2 f=1 5\nm,b=2,a=1 f=2 5\nm,a=1 f=3 5\nm,a=1,b=2 f=4 6\nn,a=1,b=2 f=5 5']);
  assert.equal(model.points('m').length, 3);
  assert.deepEqual(model.measurements(), ['m', 'n']);
  model.drop('m');
  assert.deepEqual([model.measurements(), model.points('m')], [['n'], []]);
});

test('numbers only rise', () => {
  const model = written([5, 'm f=1']);
  assert.throws(() => model.write(5, []), /seq 5 comes after 5/);
});

test('times are split by rounding down', () => {
  assert.deepEqual(splitTime(1_999n), { timeMicros: 1n, remainderNs: 999 });
  assert.deepEqual(splitTime(-1n), { timeMicros: -1n, remainderNs: 999 });
  assert.deepEqual(splitTime(-1000n), { timeMicros: -1n, remainderNs: 0 });
  assert.deepEqual(splitTime(-(2n ** 63n)), { timeMicros: -9_223_372_036_854_776n, remainderNs: 192 });
});

test('cells are equal only where their bits are', () => {
  assert.notEqual(cellText('f64', -0), cellText('f64', 0));
  assert.equal(cellText('u64', 2n ** 64n - 1n), '18446744073709551615');
  assert.equal(cellText('i64', 5), cellText('i64', 5n));
  assert.equal(cellText('bool', false), 'false');
  assert.equal(cellText('string', null), null);
  assert.throws(() => cellText('i64', 2 ** 60), /i64 cell holds the number/);
  assert.throws(() => cellText('string', 5), /string cell holds the number/);
});

test('a difference names counts and rows of both sides, duplicates too', () => {
  assert.equal(rowsDifference(['a', 'b'], ['a', 'b']), null);
  assert.match(rowsDifference(['a', 'b'], ['a', 'a']) ?? '', /1 of 2 rows are missing, 1 are not expected.*missing: b.*expected: a/);
});
