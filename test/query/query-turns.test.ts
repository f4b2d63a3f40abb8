import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryTurns } from '../../src/query/query-turns.js';
import { FakeClock } from '../http/fake-clock.js';

const forever = new AbortController().signal;

/** What becomes of a turn that is taken, as far as it is known. */
function taken(turns: QueryTurns, gone = forever): { end: string } {
  const state = { end: 'waits' };
  turns.take(gone).then(() => (state.end = 'has it'), (error: Error) => (state.end = error.message));
  return state;
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('[issue 14 5] turns are had in the order in which they were asked for', async () => {
  const turns = new QueryTurns({ atOnceMax: 2, waitingMax: 8, waitMsMax: 1000 }, new FakeClock());
  const all = Array.from({ length: 5 }, () => taken(turns));
  const ends = (): string[] => all.map(({ end }) => end);
  await settle();
  assert.deepEqual(ends(), ['has it', 'has it', 'waits', 'waits', 'waits']);
  turns.leave();
  await settle();
  assert.deepEqual(ends(), ['has it', 'has it', 'has it', 'waits', 'waits']);
  for (let n = 0; n < 4; n += 1) turns.leave();
  await settle();
  assert.deepEqual(ends(), Array(5).fill('has it'));
});

test('[issue 14 5] who waits too long, or leaves, or is one too many, has no turn and holds up nobody', async () => {
  const clock = new FakeClock();
  const turns = new QueryTurns({ atOnceMax: 1, waitingMax: 2, waitMsMax: 1000 }, clock);
  const leaving = new AbortController();
  const [, late, left, over] = [taken(turns), taken(turns), taken(turns, leaving.signal), taken(turns)];
  await settle();
  assert.match(over!.end, /^too many queries run at once; send again: 1 run and 2 wait$/);
  leaving.abort(new Error('left'));
  await settle();
  assert.equal(left!.end, 'left');
  clock.advance(1000);
  await settle();
  assert.match(late!.end, /none of 1 ended within 1000 ms/);
  turns.leave();
  const next = taken(turns);
  await settle();
  assert.equal(next.end, 'has it');
});
