/** Our inflate, with SIMD and without, and node:zlib agree on thousands of bodies, whole and broken. FUZZ_TIMES=10 tries ten times as many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { difference, randomCase, streamDifference, unpacker } from './inflate-fuzz.js';
import { ParserSession } from './parser-session.js';

const CASES = fuzzCount(150);
const STREAMS = fuzzCount(600);

test('random bodies come to what node:zlib makes of them', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const builds = (['simd', 'scalar'] as const).map((build) => unpacker('wasm', build));
  const theirs = unpacker('zlib');
  let refused = 0;
  for (let at = 0; at < CASES; at += 1) {
    const one = randomCase(random);
    for (const ours of builds) assert.equal(difference(one, ours, theirs), null, `SEED=${seed}, case ${at}`);
    if (typeof theirs(one.packed, 1 << 20) === 'string') refused += 1;
  }
  assert.ok(refused > CASES / 20 && refused < CASES * 0.8, `${refused} of ${CASES} refused`);
  t.diagnostic(`SEED=${seed}: ${CASES} cases, ${refused} refused`);
});

test('streams of random codes, right and wrong ones, come to what node:zlib makes of them', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const parsers = (['simd', 'scalar'] as const).map((build) => new ParserSession({}, build).parser);
  for (let at = 0; at < STREAMS; at += 1) {
    const parser = parsers[at % parsers.length]!;
    assert.equal(streamDifference(random, parser), null, `SEED=${seed}, stream ${at}`);
  }
  t.diagnostic(`SEED=${seed}: ${STREAMS} streams`);
});
