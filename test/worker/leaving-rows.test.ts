/** Series that no row needs leave in slices, between which bodies come and tables are flushed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeavingRows } from '../../src/worker/leaving-rows.js';
import { PendingRows } from '../../src/worker/pending-rows.js';
import { ParserSession } from './parser-session.js';

/** All of them are cached at first sight, so that a line more is of the same series. */
const SERIES = 5400;

/** A table with many series, of whose rows few are left. */
function crowded(session: ParserSession, measurement: string): void {
  // Rows enough a series, so that a flush leaves the series.
  for (let round = 0; round < 5; round += 1) {
    session.write(Array.from({ length: SERIES }, (_, n) => `${measurement},t=a${n},u=b${n % 40} v=${round}i ${n}`).join('\n'));
  }
  session.parser.removeRows(session.table(measurement).id, [{ rowFirst: 100, rowEnd: 5 * SERIES }]);
  assert.equal(session.series(measurement), SERIES);
}

test('[issue 13 A1] series that no row needs leave in slices, but for those of a table that is being flushed', async () => {
  const [slices, once] = [new ParserSession(), new ParserSession()];
  for (const session of [slices, once]) for (const measurement of ['m', 'flushed', 'gone']) crowded(session, measurement);
  const pending = new PendingRows(new SharedArrayBuffer(8), () => undefined);
  let turns = 0;
  let isLeft = false;
  const leaving = new LeavingRows({
    parser: () => slices.parser, pending: () => pending, onLeft: () => (isLeft = true),
    onSlice: () => {
      turns += 1;
      if (turns === 1) for (const session of [slices, once]) session.write('m,t=a7,u=b7 v=9i 9\nm,t=new,u=b1 v=9i 9');
      if (leaving.isBusy && turns === 2) leaving.forget(slices.table('gone').id);
    },
  });
  await leaving.hold(slices.table('flushed').id);
  leaving.wantSpare();
  assert.ok(leaving.isBusy);
  while (!isLeft) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(turns > 1, `${turns} turns`);
  assert.equal(leaving.copyBytes, 0);
  assert.equal(slices.series('flushed'), SERIES, 'a flush knows series by number');
  once.parser.freeSpare();
  assert.ok(slices.series('m') <= 102, `${slices.series('m')} series`);
  assert.deepEqual(slices.rows('m'), once.rows('m'));
  leaving.release(slices.table('flushed').id);
  leaving.wantSpare();
  isLeft = false;
  while (!isLeft) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([slices.series('flushed'), slices.series('gone')], [100, 100]);
  assert.deepEqual(slices.rows('flushed'), once.rows('flushed'));
});
