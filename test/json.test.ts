/** What is said of JSON that is not what it should be: where, what should be there, what is; and none of its texts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, decode, exactOptional, minValue, number, object, picklist, pipe, safeInteger, string } from '../src/json.js';

const schema = object({
  name: string(),
  count: pipe(number(), safeInteger('a whole number'), minValue(1, 'above 0')),
  rules: array(object({ word: picklist(['read', 'write']), note: exactOptional(string()) })),
});

const cases: readonly [value: unknown, sentence: string][] = [
  [5, 'it is not an object: it is 5'],
  [null, 'it is not an object: it is null'],
  [[], '"name" is missing'],
  ['secret', 'it is not an object: it is a text'],
  [{}, '"name" is missing'],
  [{ name: null, count: 1, rules: [] }, '"name" is not a text: it is null'],
  [{ name: 'x', count: 'secret', rules: [] }, '"count" is not a number: it is a text'],
  [{ name: 'x', count: 1.5, rules: [] }, '"count" is not a whole number: it is 1.5'],
  [{ name: 'x', count: 0, rules: [] }, '"count" is not above 0: it is 0'],
  [{ name: 'x', count: 1, rules: {} }, '"rules" is not a list: it is an object'],
  [{ name: 'x', count: 1, rules: [{ word: 'read' }, 7] }, '"rules.1" is not an object: it is 7'],
  [{ name: 'x', count: 1, rules: [{ word: 'secret' }] }, '"rules.0.word" is not "read" or "write": it is a text'],
  [{ name: 'x', count: 1, rules: [{ word: 'read', note: true }] }, '"rules.0.note" is not a text: it is true'],
];
for (const [value, sentence] of cases) {
  test(`JSON: ${JSON.stringify(value)} → ${sentence}`, () => assert.throws(() => decode(schema, value), { message: sentence }));
}

test('JSON: keys that the schema does not name are left out', () => {
  assert.deepEqual(decode(schema, { name: 'x', count: 1, rules: [{ word: 'write', other: 1 }], more: [] }), { name: 'x', count: 1, rules: [{ word: 'write' }] });
});
