/** Whatever is unpacked, no byte is written outside its place: the rows in the same memory stay. INFLATE_FUZZ_SECONDS makes it longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seedOfRun } from '../fuzz/random.js';
import { randomStream } from './inflate-fuzz.js';
import { GuardedInflate, tightRoom } from './inflate-guard.js';

const SECONDS = Number(process.env['INFLATE_FUZZ_SECONDS'] ?? 3);
const STREAMS_MIN = 200;
const GROWING_MIN = 20;
const BUILDS = ['simd', 'scalar'] as const;

test('streams of any kind write into their room and its margin alone', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const guarded = BUILDS.flatMap((build) => [12, 13, 15, 18].map((shift) => new GuardedInflate(build, tightRoom(shift))));
  const rows = guarded.map(({ session }) => session.dump());
  const end = performance.now() + SECONDS * 1000;
  let streams = 0;
  for (; streams < STREAMS_MIN || performance.now() < end; streams += 1) {
    const stream = randomStream(random);
    const one = guarded[streams % guarded.length]!;
    const before = random.pick([0, 1, 300, one.room - 1, one.room, random.below(one.room)]);
    assert.equal(one.inPlace(stream, before), null, `SEED=${seed}, stream ${streams}`);
  }
  guarded.forEach(({ session }, i) => assert.deepEqual(session.dump(), rows[i]));
  t.diagnostic(`SEED=${seed}: ${streams} streams`);
});

test('room that grows in the middle of a block leaves all else as it was', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const end = performance.now() + SECONDS * 1000;
  let streams = 0;
  for (; streams < GROWING_MIN || performance.now() < end; streams += 1) {
    const one = new GuardedInflate(BUILDS[streams % BUILDS.length]!, tightRoom(random.pick([16, 17])));
    const rows = one.session.dump();
    const before = random.below(one.room + 1);
    assert.equal(one.growing(randomStream(random), before, random.pick([one.room, one.room + 1, 300_000, 32 << 20])), null, `SEED=${seed}, stream ${streams}`);
    assert.deepEqual(one.session.dump(), rows, `SEED=${seed}, stream ${streams}`);
  }
  t.diagnostic(`SEED=${seed}: ${streams} streams`);
});
