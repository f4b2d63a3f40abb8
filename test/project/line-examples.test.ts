/** docs/line-protocol.md: what its examples say comes true. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineExamples, outcomeOf } from './line-examples.js';

const examples = lineExamples();

for (const [i, { heading, body, outcome }] of examples.entries()) {
  test(`example ${i + 1}, under "${heading}"`, () => assert.equal(outcomeOf(body), outcome));
}

test('each rule has an example', () => {
  const rules = new Set(examples.flatMap(({ heading }) => heading.match(/^L\d/) ?? []));
  assert.deepEqual([...rules], ['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9']);
});
