/** Our inflate, with SIMD and without, and node:zlib agree on thousands of bodies, whole and broken. INFLATE_FUZZ_SECONDS makes it longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seedOfRun } from '../fuzz/random.js';
import { difference, randomCase, streamDifference, unpacker } from './inflate-fuzz.js';
import { ParserSession } from './parser-session.js';

const SECONDS = Number(process.env['INFLATE_FUZZ_SECONDS'] ?? 3);
const CASES_MIN = 200;
const STREAMS_MIN = 1000;

test('random bodies come to what node:zlib makes of them', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const builds = (['simd', 'scalar'] as const).map((build) => unpacker('wasm', build));
  const theirs = unpacker('zlib');
  const end = performance.now() + SECONDS * 1000;
  let cases = 0;
  let refused = 0;
  for (; cases < CASES_MIN || performance.now() < end; cases += 1) {
    const one = randomCase(random);
    for (const ours of builds) assert.equal(difference(one, ours, theirs), null, `SEED=${seed}, case ${cases}`);
    if (typeof theirs(one.packed, 1 << 20) === 'string') refused += 1;
  }
  assert.ok(refused > cases / 20 && refused < cases * 0.8, `${refused} of ${cases} refused`);
  t.diagnostic(`SEED=${seed}: ${cases} cases, ${refused} refused`);
});

test('streams of random codes, right and wrong ones, come to what node:zlib makes of them', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const parsers = (['simd', 'scalar'] as const).map((build) => new ParserSession({}, build).parser);
  const end = performance.now() + SECONDS * 1000;
  let streams = 0;
  for (; streams < STREAMS_MIN || performance.now() < end; streams += 1) {
    const parser = parsers[streams % parsers.length]!;
    assert.equal(streamDifference(random, parser), null, `SEED=${seed}, stream ${streams}`);
  }
  t.diagnostic(`SEED=${seed}: ${streams} streams`);
});
