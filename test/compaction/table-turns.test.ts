/** Which table is looked at next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableTurns } from '../../src/compaction/table-turns.js';
import { FakeClock } from '../http/fake-clock.js';

const TABLES = Array.from({ length: 40 }, (_, id) => ({ id }));

test('[issue 14 3] each of many busy tables has its turn, and before those with few files', () => {
  const clock = new FakeClock();
  const turns = new TableTurns(clock);
  for (const { id } of TABLES) turns.noteLooked(id);
  const looked = new Set<number>();
  // A look a second, while each of the first thirty gets sixteen files in the meantime.
  for (let second = 0; second < 90; second += 1) {
    clock.advance(1000);
    for (const { id } of TABLES.slice(0, second === 0 ? 40 : 30)) turns.noteFlushed(id, id < 30 ? 16 : 1);
    const next = turns.next(TABLES, () => false);
    looked.add(next!.id);
    turns.noteLooked(next!.id);
  }
  assert.deepEqual([...looked].toSorted((a, b) => a - b), TABLES.slice(0, 30).map(({ id }) => id));
});
