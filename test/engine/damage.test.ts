/** What /health says of damage stays short, whatever was found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Damage } from '../../src/engine/damage.js';

test('A5: of many sentences on damage the last hundred are said, and how many more there were', () => {
  const damage = new Damage({ warn: () => undefined });
  for (let i = 0; i < 100; i++) damage.report(`frame ${i} is damaged`);
  assert.equal(damage.problems().length, 100);
  assert.equal(damage.problems()[0], 'frame 0 is damaged');
  for (let i = 100; i < 100_000; i++) damage.report(`frame ${i} is damaged`);
  const sentences = damage.problems();
  assert.equal(sentences.length, 101);
  assert.equal(sentences[0], '99900 older reports of damage stand in the log of the server alone');
  assert.equal(sentences[1], 'frame 99900 is damaged');
  assert.equal(sentences.at(-1), 'frame 99999 is damaged');
});

test('A5: a sentence that is said again and again stands once, as the last', () => {
  const damage = new Damage({ warn: () => undefined });
  for (const sentence of ['a', 'b', 'a', 'a']) damage.report(sentence);
  assert.deepEqual(damage.problems(), ['b', 'a']);
});
