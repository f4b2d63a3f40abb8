/** Some floats in both builds of the parser; floats.full.ts has the many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FloatCheck } from './float-check.js';
import { floatText, HARD_FLOATS } from './float-texts.js';
import { Random, seedOfRun } from './random.js';

const FLOATS = 200_000;
const FLOATS_A_BODY = 2000;

test('published hard cases, and the same below zero, with zeros around and with another exponent', () => {
  const texts = HARD_FLOATS.flatMap((text) => [text, `-${text}`, `000${text}`, text.replace(/^[0-9]+$/, '$&.'), text.replace(/^([0-9.]+)$/, '$1e0'), text.replace('e', 'E')]);
  new FloatCheck().check(texts);
});

test('floats are the nearest there are, ties to even', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const check = new FloatCheck();
  let floats = 0;
  for (; floats < FLOATS; floats += FLOATS_A_BODY) {
    const texts = Array.from({ length: FLOATS_A_BODY }, () => floatText(random));
    assert.doesNotThrow(() => check.check(texts), `SEED=${seed}`);
  }
  t.diagnostic(`seed ${seed}: ${floats} floats in each build`);
});

test('a float that is wrong is named', () => {
  assert.throws(() => new FloatCheck().check(['1.5', '1.5i']), /1\.5i is not accepted/);
});
