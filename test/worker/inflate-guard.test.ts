/** Whatever is unpacked, no byte is written outside its place: the rows in the same memory stay. FUZZ_TIMES=10 tries ten times as many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { randomStream } from './inflate-fuzz.js';
import { GuardedInflate, tightRoom } from './inflate-guard.js';

const STREAMS = fuzzCount(300);
const GROWING = fuzzCount(20);
const BUILDS = ['simd', 'scalar'] as const;

test('streams of any kind write into their room and its margin alone', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const guarded = BUILDS.flatMap((build) => [12, 13, 15, 18].map((shift) => new GuardedInflate(build, tightRoom(shift))));
  const rows = guarded.map(({ session }) => session.dump());
  for (let at = 0; at < STREAMS; at += 1) {
    const stream = randomStream(random);
    const one = guarded[at % guarded.length]!;
    const before = random.pick([0, 1, 300, one.room - 1, one.room, random.below(one.room)]);
    assert.equal(one.inPlace(stream, before), null, `SEED=${seed}, stream ${at}`);
  }
  guarded.forEach(({ session }, i) => assert.deepEqual(session.dump(), rows[i]));
  t.diagnostic(`SEED=${seed}: ${STREAMS} streams`);
});

test('room that grows in the middle of a block leaves all else as it was', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  for (let at = 0; at < GROWING; at += 1) {
    const one = new GuardedInflate(BUILDS[at % BUILDS.length]!, tightRoom(random.pick([16, 17])));
    const rows = one.session.dump();
    const before = random.below(one.room + 1);
    assert.equal(one.growing(randomStream(random), before, random.pick([one.room, one.room + 1, 300_000, 32 << 20])), null, `SEED=${seed}, stream ${at}`);
    assert.deepEqual(one.session.dump(), rows, `SEED=${seed}, stream ${at}`);
  }
  t.diagnostic(`SEED=${seed}: ${GROWING} streams`);
});
