/** Ages of rows go by the monotonic clock, whatever is done to the one that numbers are made of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unflushed } from '../../src/flush/unflushed.js';
import { FakeClock } from '../http/fake-clock.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function ageMs(unflushed: Unflushed, clock: FakeClock): number {
  return clock.monotonicMs() - unflushed.of(1)!.sinceMs;
}

test('rows get older by the time that passes, though the clock is set back or was ahead', () => {
  const clock = new FakeClock();
  const unflushed = new Unflushed(clock);
  unflushed.add(1, 10, clock.nowMs() * 1000);
  clock.advance(MINUTE_MS);
  clock.jump(-DAY_MS);
  unflushed.add(1, 10, clock.nowMs() * 1000 + DAY_MS * 1000); // max(last + 1, now) goes on from before
  clock.advance(MINUTE_MS);
  assert.equal(ageMs(unflushed, clock), 2 * MINUTE_MS);
  clock.jump(10 * DAY_MS);
  assert.equal(ageMs(unflushed, clock), 2 * MINUTE_MS, 'set ahead, nothing gets older at once');
});

test('rows that are read back have the age that their numbers say; those of a clock that was ahead are of now', () => {
  const clock = new FakeClock();
  const unflushed = new Unflushed(clock);
  unflushed.add(1, 10, (clock.nowMs() + DAY_MS) * 1000);
  assert.equal(ageMs(unflushed, clock), 0);
  clock.advance(MINUTE_MS);
  assert.equal(ageMs(unflushed, clock), MINUTE_MS);
  unflushed.add(1, 10, (clock.nowMs() - 5 * MINUTE_MS) * 1000);
  assert.equal(ageMs(unflushed, clock), 5 * MINUTE_MS, 'the oldest counts');
});

test('what is left after a flush is as old as the flush at most', () => {
  const clock = new FakeClock();
  const unflushed = new Unflushed(clock);
  unflushed.add(1, 10, clock.nowMs() * 1000);
  clock.advance(MINUTE_MS);
  const flushed = clock.nowMs() * 1000;
  clock.advance(MINUTE_MS);
  unflushed.add(1, 10, clock.nowMs() * 1000);
  clock.advance(MINUTE_MS);
  unflushed.leave(1, flushed, 10);
  assert.equal(ageMs(unflushed, clock), 2 * MINUTE_MS);
});
