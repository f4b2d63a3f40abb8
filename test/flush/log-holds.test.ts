/** A hold keeps the log whole, ends when it is forgotten, and says so to who believes in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogHolds } from '../../src/flush/log-holds.js';
import { FakeClock } from '../http/fake-clock.js';

test('[issue 14 4] a hold lasts a minute, goes on when it is taken again, and ends when it is released', () => {
  const clock = new FakeClock();
  const holds = new LogHolds(clock);
  assert.equal(holds.isHeld, false);
  const hold = holds.take(null);
  const other = holds.take(null);
  assert.notEqual(hold, other);
  clock.advance(59_999);
  assert.equal(holds.take(hold), hold);
  clock.advance(1);
  assert.throws(() => holds.take(other), /was not kept whole/);
  assert.equal(holds.release(other), false);
  clock.advance(59_998);
  assert.equal(holds.isHeld, true);
  assert.equal(holds.release(hold), true);
  assert.equal(holds.isHeld, false);
  assert.equal(holds.release(hold), false);
});
