/** Ten million random floats, halfway cases among them, in both builds of the parser. */
import { test } from 'node:test';
import { FloatCheck } from './float-check.js';
import { floatText } from './float-texts.js';
import { Random, seedOfRun } from './random.js';

const FLOATS = 10_000_000;
const FLOATS_A_BODY = 4000;

test('ten million floats are the nearest there are, ties to even', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const check = new FloatCheck();
  let floats = 0;
  for (; floats < FLOATS; floats += FLOATS_A_BODY) {
    const texts = Array.from({ length: FLOATS_A_BODY }, () => floatText(random));
    try {
      check.check(texts);
    } catch (error) {
      throw new Error(`SEED=${seed}, after ${floats} floats`, { cause: error });
    }
  }
  t.diagnostic(`seed ${seed}: ${floats} floats in each build`);
});
