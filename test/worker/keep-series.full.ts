/** Series without rows that leave a table in steps, with bodies between. Counted, never timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../fuzz/random.js';
import { ParserSession } from './parser-session.js';

const SEED = Number(process.env['SLUICE_SEED'] ?? 11);
/** More than are kept whatever there is. */
const SERIES = 6000;

/** A line of a series; some series have a second tag, of few values, and some a third of as many as there are. */
function line(series: number, value: number): string {
  const tags = [`t=a${series}`];
  if (series % 3 > 0) tags.push(`u=b${series % 40}`);
  if (series % 5 === 0) tags.push(`w=c${series}`);
  return `m,${tags.join()} v=${value}i,s="${value}" ${value}`;
}

function lines(count: number, seriesFirst = 0): string {
  return Array.from({ length: count }, (_, n) => line(seriesFirst + n, seriesFirst + n)).join('\n');
}

/** Steps of rows and then series that leave, of so many entries. */
function drop(session: ParserSession, rowFirst: number, rowEnd: number, step: () => number, between: () => void = () => undefined): number {
  const { exports } = session.parser;
  exports.dropStart(session.table('m').id);
  exports.dropRange(rowFirst, rowEnd);
  let steps = 1;
  for (; exports.dropStep(step()) !== 0; steps += 1) between();
  return steps;
}

test('[issue 13 A1] series that have no rows any more leave in steps, and the others keep their order', () => {
  const [steps, once] = [new ParserSession(), new ParserSession()];
  for (const session of [steps, once]) session.write(lines(SERIES));
  const taken = drop(steps, 1000, 5000, () => 100);
  once.parser.removeRows(once.table('m').id, [{ rowFirst: 1000, rowEnd: 5000 }]);
  // 2,000 rows and 6,000 series and values anywhere, beside what is looked at in order.
  assert.ok(taken > (8 * (2 * SERIES + 2000)) / 100, `${taken} steps`);
  assert.equal(steps.series('m'), 2000);
  assert.equal(steps.entries('m', 't'), 2000);
  assert.deepEqual(steps.dump(), once.dump());
  assert.equal(steps.parser.memtableBytes(), once.parser.memtableBytes());
});

test('[issue 13 A1] bodies that come while series leave lose nothing: of old series, of those that leave, of new ones and new tags', () => {
  let between = 0;
  for (let round = 0; round < 8; round += 1) {
    const random = new Random(SEED + round);
    const [steps, once] = [new ParserSession(), new ParserSession()];
    const both = (act: (session: ParserSession) => void): void => [steps, once].forEach(act);
    const live = (): void => {
      const body = Array.from({ length: 1 + random.below(30) }, () => line(random.below(SERIES + 2000), random.below(1000))).join('\n');
      const text = random.chance(0.05) ? `${body}\nm,t=1,x${random.below(3)}=${random.below(5)} v=1i 1` : body;
      const isRefused = random.chance(0.1);
      both((session) => session.write(isRefused ? `${text}\nm v=` : text, { flags: isRefused ? 1 : 0 }));
    };
    both((session) => session.write(lines(SERIES)));
    for (let flush = 0; flush < 3; flush += 1) {
      const rows = steps.rows('m').length;
      const rowFirst = random.below(100);
      const rowEnd = rows - 1 - random.below(rows >> 1);
      both((session) => session.write(lines(SERIES, SERIES * (flush + 1))));
      drop(steps, rowFirst, rowEnd, () => 64 + random.below(3000), () => {
        if (!random.chance(0.2)) return;
        live();
        between += 1;
      });
      once.parser.removeRows(once.table('m').id, [{ rowFirst, rowEnd }]);
      live();
      assert.deepEqual(steps.rows('m'), once.rows('m'), `seed ${random.seed}, flush ${flush}`);
    }
    assert.ok(steps.series('m') < 4 * SERIES, `${steps.series('m')} series stay`);
    assert.deepEqual(steps.moved().rows('m'), once.rows('m'));
  }
  assert.ok(between > 100, `${between} bodies came between`);
});

test('[issue 13 A1] an end while series leave keeps all of them, and all memory comes back', () => {
  for (const steps of [1, 40, 80, 200, 300, 400, 500, 600]) {
    const [ended, whole] = [new ParserSession(), new ParserSession()];
    for (const session of [ended, whole]) session.write(lines(SERIES));
    const { exports } = ended.parser;
    exports.dropStart(ended.table('m').id);
    exports.dropRange(0, 4000);
    for (let step = 0; step < steps; step += 1) exports.dropStep(300);
    exports.dropEnd();
    whole.parser.removeRows(whole.table('m').id, [{ rowFirst: 0, rowEnd: 4000 }]);
    const rows = ended.rows('m');
    assert.deepEqual(rows.slice(-2000), whole.rows('m'));
    ended.parser.removeRows(ended.table('m').id, [{ rowFirst: 0, rowEnd: rows.length }]);
    whole.parser.removeRows(whole.table('m').id, [{ rowFirst: 0, rowEnd: 2000 }]);
    for (const { parser } of [ended, whole]) parser.freeSpare();
    assert.equal(ended.parser.memtableBytes(), whole.parser.memtableBytes(), `after ${steps} steps`);
  }
});
