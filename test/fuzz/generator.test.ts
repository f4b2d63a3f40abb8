import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBody } from '../oracle/line-protocol.js';
import { SchemaOracle } from '../oracle/schema.js';
import { randomBody } from './generator.js';
import { mutated } from './mutate.js';
import { Random } from './random.js';
import { warmCase } from './warm.js';

// Every code of the grammar and of the schema; the limits of tables and columns are far away here.
const CODES = [
  'measurement-missing', 'fields-missing', 'tag-key-missing', 'tag-without-equals', 'tag-value-missing', 'ends-with-backslash',
  'trailing-content', 'unterminated-string', 'integer-out-of-range', 'unsigned-out-of-range', 'float-out-of-range', 'timestamp-out-of-range', 'name-too-long',
  'string-too-long', 'not-utf8', 'duplicate-tag', 'duplicate-field', 'tag-and-field', 'reserved-name', 'type-conflict',
];

test('random bodies are mostly good and hold every kind of value and of error', () => {
  const random = new Random(1);
  const seen = new Set<string>(), types = new Set<string>();
  let good = 0, bad = 0;
  for (let i = 0; i < 1500; i++) {
    const schema = new SchemaOracle();
    const first = randomBody(random, 'ns'), second = randomBody(random, 'ns');
    for (const body of [first, mutated(random, second, first)]) {
      const { points, errors } = schema.write(parseBody(body, { precision: 'ns', defaultTimeNs: 0n }));
      good += points.length;
      bad += errors.length;
      for (const { code } of errors) seen.add(code);
      for (const [, value] of points.flatMap((point) => point.fields)) types.add(value.type);
    }
  }
  assert.deepEqual(CODES.filter((code) => !seen.has(code)), []);
  assert.deepEqual([...seen].filter((code) => !CODES.includes(code)), []);
  assert.deepEqual([...types].sort(), ['bool', 'f64', 'i64', 'string', 'u64']);
  assert.ok(good > bad, `${good} good lines, ${bad} bad ones`);
});

test('a seed gives the same bodies each time, another seed others', () => {
  const bodies = (seed: number): string[] => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => randomBody(random, 'auto').toString('hex'));
  };
  assert.deepEqual(bodies(7), bodies(7));
  assert.notDeepEqual(bodies(7), bodies(8));
});

test('warm cases repeat their series, are mostly good, and change rows in every way', () => {
  const random = new Random(2);
  const changes = new Set<string>();
  let lines = 0, repeated = 0, good = 0;
  for (let i = 0; i < 6; i++) {
    const seen = new Set<string>();
    for (const step of warmCase(random)) {
      if ('change' in step) {
        changes.add(step.change);
        continue;
      }
      for (const line of step.body.toString('latin1').split('\n')) {
        const series = line.split(' ', 1)[0]!;
        lines++;
        if (seen.has(series)) repeated++;
        seen.add(series);
      }
      // Whether names meet is another's affair.
      good += parseBody(step.body, { precision: step.precision, defaultTimeNs: 0n, types: 'split' }).points.length;
    }
  }
  assert.ok(repeated > lines * 0.7, `${repeated} of ${lines} lines repeat a series`);
  assert.ok(good > lines * 0.8, `${good} of ${lines} lines are good`);
  assert.deepEqual([...changes].sort(), ['drop', 'flush', 'free', 'move', 'remove']);
});
