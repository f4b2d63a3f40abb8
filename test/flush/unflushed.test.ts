/** Ages of rows go by the monotonic clock, whatever is done to the one that numbers are made of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unflushed } from '../../src/flush/unflushed.js';
import { Random } from '../fuzz/random.js';
import { FakeClock } from '../http/fake-clock.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function ageMs(unflushed: Unflushed, clock: FakeClock): number {
  return clock.monotonicMs() - unflushed.of(1)!.sinceMs;
}

test('rows get older by the time that passes, though the clock is set back or was ahead', () => {
  const clock = new FakeClock();
  const unflushed = new Unflushed(clock, () => Infinity);
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
  const unflushed = new Unflushed(clock, () => Infinity);
  unflushed.add(1, 10, (clock.nowMs() + DAY_MS) * 1000);
  assert.equal(ageMs(unflushed, clock), 0);
  clock.advance(MINUTE_MS);
  assert.equal(ageMs(unflushed, clock), MINUTE_MS);
  unflushed.add(1, 10, (clock.nowMs() - 5 * MINUTE_MS) * 1000);
  assert.equal(ageMs(unflushed, clock), 5 * MINUTE_MS, 'the oldest counts');
});

test('what is left after a flush is as old as the flush at most', () => {
  const clock = new FakeClock();
  const unflushed = new Unflushed(clock, () => 0);
  unflushed.add(1, 10, clock.nowMs() * 1000);
  clock.advance(MINUTE_MS);
  const flushed = clock.nowMs() * 1000;
  clock.advance(MINUTE_MS);
  unflushed.add(1, 10, clock.nowMs() * 1000);
  clock.advance(MINUTE_MS);
  unflushed.leave(1, flushed, 7);
  assert.equal(ageMs(unflushed, clock), 2 * MINUTE_MS);
});

test('rows that came while others were flushed still count, equal points or not, and those of a log that failed do not', () => {
  let synced = 0;
  const unflushed = new Unflushed(new FakeClock(), () => synced);
  const rows = (): number | undefined => unflushed.of(1)?.rows;
  for (let seq = 1; seq <= 100; seq += 1) unflushed.add(1, 10, seq);
  synced = 60;
  for (let seq = 101; seq <= 200; seq += 1) unflushed.add(1, 10, seq);
  assert.equal(rows(), 2000);
  unflushed.leave(1, 60, 37); // 600, most of them equal to others
  assert.equal(rows(), 1400);
  synced = 150;
  unflushed.giveUp(150);
  assert.deepEqual([rows(), unflushed.of(1)!.last, unflushed.total.rows], [900, 150, 900]);
  unflushed.leave(1, 150, 900);
  assert.equal(rows(), undefined);
  unflushed.add(1, 10, 300);
  unflushed.giveUp(250);
  assert.deepEqual([rows(), unflushed.first], [undefined, Infinity], 'nothing of the table is left');
});

test('what is known of bodies that cannot leave is bounded; the count is never too low for that', () => {
  let movableTo = 0;
  const unflushed = new Unflushed(new FakeClock(), () => movableTo);
  for (let seq = 1; seq <= 5000; seq += 1) unflushed.add(1, 2, seq);
  movableTo = 1000;
  unflushed.leave(1, 1000, 900);
  assert.equal(unflushed.of(1)!.rows, 10_000 - 900, '8000 there are, as far as is known');
  movableTo = 5000;
  for (let seq = 5001; seq <= 5003; seq += 1) unflushed.add(1, 2, seq);
  unflushed.leave(1, 5000, 8000);
  assert.equal(unflushed.of(1)!.rows, 6);
});

test('whatever order bodies come, are synced and leave in, the count is that of the bodies', () => {
  const random = new Random(20261201);
  for (let round = 0; round < 200; round += 1) {
    let [last, movableTo] = [0, 0];
    const there = new Map<number, number>();
    const unflushed = new Unflushed(new FakeClock(), () => movableTo);
    for (let step = 0; step < 200; step += 1) {
      const what = random.below(10);
      if (what < 7) {
        last += 1 + random.below(3);
        there.set(last, 1 + random.below(5));
        unflushed.add(1, there.get(last)!, last);
      } else if (what === 7) {
        movableTo += random.below(last - movableTo + 1);
      } else if (what === 8) {
        const rows = [...there].reduce((sum, [seq, count]) => (seq <= movableTo ? sum + count : sum), 0);
        for (const seq of there.keys()) if (seq <= movableTo) there.delete(seq);
        unflushed.leave(1, movableTo, random.below(rows + 1));
      } else {
        for (const seq of there.keys()) if (seq > movableTo) there.delete(seq);
        unflushed.giveUp(movableTo);
      }
      assert.equal(unflushed.of(1)?.rows ?? 0, [...there.values()].reduce((sum, rows) => sum + rows, 0), `round ${round}, step ${step}`);
    }
  }
});
