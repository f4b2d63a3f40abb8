/** Rules R1 to R7 of the statistics in the Delta log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileStatistics } from '../../src/tables/delta/stats.js';
import type { FileColumn, FileColumnKind } from '../../src/tables/parquet/file-columns.js';
import type { Range } from '../../src/tables/parquet/statistics.js';

function columnOf(kind: FileColumnKind, name = 'c'): FileColumn {
  return { id: 1, name, kind };
}

/** Minimum and maximum of one column as JSON text. */
function bounds(kind: FileColumnKind, range: Range): (string | undefined)[] {
  const { minValues, maxValues } = fileStatistics(10, [{ column: columnOf(kind), nulls: 0, range }]);
  return [minValues['c'], maxValues['c']];
}

const integers = (min: bigint, max: bigint): Range => ({ of: 'integers', min, max });
const floats = (min: number, max: number, nan = false): Range => ({ of: 'floats', min, max, nan });
const texts = (min: string, max: string): Range => ({ of: 'texts', min: Buffer.from(min), max: Buffer.from(max) });

test('R1: times are milliseconds, the minimum rounded down and the maximum up', () => {
  assert.deepEqual(bounds('time', integers(0n, 0n)), ['"1970-01-01T00:00:00.000Z"', '"1970-01-01T00:00:00.000Z"']);
  assert.deepEqual(bounds('time', integers(1_000_999n, 1_000_001n)), ['"1970-01-01T00:00:01.000Z"', '"1970-01-01T00:00:01.001Z"']);
  assert.deepEqual(bounds('time', integers(-1n, -1n)), ['"1969-12-31T23:59:59.999Z"', '"1970-01-01T00:00:00.000Z"']);
  assert.deepEqual(bounds('time', integers(-1_001n, -1_999n)), ['"1969-12-31T23:59:59.998Z"', '"1969-12-31T23:59:59.999Z"']);
  assert.deepEqual(bounds('time', integers(-1_000n, -1_000n)), ['"1969-12-31T23:59:59.999Z"', '"1969-12-31T23:59:59.999Z"']);
  assert.deepEqual(
    bounds('time', integers(-9_223_372_036_854_776n, 9_223_372_036_854_775n)),
    ['"1677-09-21T00:12:43.145Z"', '"2262-04-11T23:47:16.855Z"'],
  );
});

test('R2: texts are cut, the maximum upwards, and escaped for JSON', () => {
  assert.deepEqual(bounds('tag', texts('a"\n', 'z')), ['"a\\"\\n"', '"z"']);
  assert.deepEqual(bounds('string', texts('a'.repeat(40), 'b'.repeat(40))), [`"${'a'.repeat(32)}"`, `"${'b'.repeat(31)}c"`]);
  assert.deepEqual(bounds('string', texts('', '\u{10ffff}'.repeat(33))), ['""', JSON.stringify('\u{10ffff}'.repeat(33))]);
});

test('R3: decimals and integers have all digits', () => {
  assert.deepEqual(bounds('u64', integers(0n, 2n ** 64n - 1n)), ['0', '18446744073709551615']);
  assert.deepEqual(bounds('i64', integers(-(2n ** 63n), 2n ** 63n - 1n)), ['-9223372036854775808', '9223372036854775807']);
  assert.deepEqual(bounds('seq', integers(1_767_225_699_999_999n, 1_767_225_699_999_999n)), ['1767225699999999', '1767225699999999']);
  assert.deepEqual(bounds('ns', integers(0n, 999n)), ['0', '999']);
});

test('R4: booleans have bounds too', () => {
  assert.deepEqual(bounds('bool', integers(0n, 1n)), ['false', 'true']);
  assert.deepEqual(bounds('bool', integers(1n, 1n)), ['true', 'true']);
  assert.deepEqual(bounds('bool', integers(0n, 0n)), ['false', 'false']);
});

test('R5: floats with NaN, infinities and zeros', () => {
  assert.deepEqual(bounds('f64', floats(1, 2, true)), ['"-Infinity"', '"Infinity"']);
  assert.deepEqual(bounds('f64', floats(Infinity, Infinity)), ['"Infinity"', '"Infinity"']);
  assert.deepEqual(bounds('f64', floats(-Infinity, -Infinity)), ['"-Infinity"', '"-Infinity"']);
  for (const zero of [0, -0]) assert.deepEqual(bounds('f64', floats(zero, zero)), ['-0.0', '0.0']);
  assert.deepEqual(bounds('f64', floats(-1.5, 0.1)), ['-1.5', '0.1']);
  assert.deepEqual(bounds('f64', floats(-3, 1e20)), ['-3.0', '100000000000000000000.0']);
  for (const text of bounds('f64', floats(5e-324, Number.MAX_VALUE))) assert.equal(typeof JSON.parse(text!), 'number');
  assert.deepEqual(bounds('f64', floats(5e-324, Number.MAX_VALUE)).map(Number), [5e-324, Number.MAX_VALUE]);
});

test('R6: the null count of every column; one without values has no bounds', () => {
  const statistics = fileStatistics(10, [
    { column: columnOf('time', 'time'), nulls: 0, range: integers(0n, 0n) },
    { column: columnOf('f64', 'v'), nulls: 4, range: floats(1, 2) },
    { column: columnOf('tag', 'empty'), nulls: 10, range: null },
    { column: columnOf('i64', '__proto__'), nulls: 3, range: integers(1n, 2n) },
  ]);
  assert.equal(statistics.numRecords, 10);
  assert.deepEqual(Object.entries(statistics.nullCount), [['time', 0], ['v', 4], ['empty', 10], ['__proto__', 3]]);
  assert.deepEqual(Object.keys(statistics.minValues), ['time', 'v', '__proto__']);
  assert.deepEqual(Object.keys(statistics.maxValues), ['time', 'v', '__proto__']);
});

test('R7: columns past the 32nd have statistics as well', () => {
  const columns = Array.from({ length: 40 }, (_, i) => ({ column: columnOf('i64', `c${i}`), nulls: 0, range: integers(0n, BigInt(i)) }));
  assert.equal(fileStatistics(1, columns).maxValues['c39'], '39');
});
