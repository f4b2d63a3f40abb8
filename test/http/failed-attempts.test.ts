import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailedAttempts } from '../../src/http/auth/failed-attempts.js';
import { FakeClock } from './fake-clock.js';

function make(): { failures: FailedAttempts; clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, failures: new FailedAttempts({ failuresMax: 3, windowMs: 1000, pairsMax: 2, addressesSaidMax: 2 }, clock) };
}

test('after the limit a pair is refused to the end of its window', () => {
  const { failures, clock } = make();
  failures.note('a');
  clock.advance(400);
  failures.note('a');
  assert.equal(failures.refusedForMs('a'), 0);
  failures.note('a');
  assert.equal(failures.refusedForMs('a'), 600);
  assert.equal(failures.refusedForMs('b'), 0);
  clock.advance(599);
  assert.equal(failures.refusedForMs('a'), 1);
  clock.advance(1);
  assert.equal(failures.refusedForMs('a'), 0);
});

test('a new window counts from one', () => {
  const { failures, clock } = make();
  for (let i = 0; i < 3; i++) failures.note('a');
  clock.advance(1000);
  failures.note('a');
  assert.equal(failures.refusedForMs('a'), 0);
  failures.note('a');
  failures.note('a');
  assert.equal(failures.refusedForMs('a'), 1000);
});

test('the oldest pair goes when there are too many', () => {
  const { failures } = make();
  for (let i = 0; i < 3; i++) failures.note('a');
  failures.note('b');
  assert.equal(failures.refusedForMs('a'), 1000);
  failures.note('c');
  assert.equal(failures.refusedForMs('a'), 0);
});

test('forgetting lets everyone try again', () => {
  const { failures } = make();
  for (let i = 0; i < 3; i++) failures.note('a');
  failures.forget();
  assert.equal(failures.refusedForMs('a'), 0);
});

test('an address is spoken of once a window, and of so many at most', () => {
  const { failures, clock } = make();
  assert.deepEqual(['a', 'a', 'b', 'c'].map((address) => failures.shallSay(address)), [true, false, true, false]);
  clock.advance(1000);
  assert.deepEqual(['c', 'a'].map((address) => failures.shallSay(address)), [true, true]);
});
