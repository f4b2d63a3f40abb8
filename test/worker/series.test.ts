/** Which series are cached: those that return, however many there are and whatever came before them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TABLE_SERIES } from '../../assembly/abi.js';
import { ParserSession } from './parser-session.js';

const LINES_PER_BODY = 10_000;
/** Times that a fleet reports until its series are cached, all but one of a thousand. */
const ROUNDS_MAX = 25;

/** A table of lines with one tag; a line whose series is not cached makes a series of the table. */
class Fleet {
  readonly #session = new ParserSession();
  #round = 0;

  constructor() {
    this.report('first', 1);
  }

  get series(): number {
    const { parser } = this.#session;
    const table = parser.exports.tableAt(this.#session.table('m').id) >>> 0;
    return new DataView(parser.memory.buffer).getUint32(table + TABLE_SERIES, true);
  }

  /** A line of each of `count` series. */
  report(name: string, count: number): void {
    const time = ++this.#round * 1000;
    for (let from = 0; from < count; from += LINES_PER_BODY) {
      const lines = Array.from({ length: Math.min(LINES_PER_BODY, count - from) }, (_, i) => `m,id=${name}${from + i} v=1i ${time}`);
      assert.equal(this.#session.write(lines.join('\n')).accepted, lines.length);
    }
  }

  /** Reports until hardly a series is new; returns how many were in the last round. */
  reportUntilKnown(name: string, count: number): number {
    let made = count;
    for (let round = 0; round < ROUNDS_MAX && made > count / 1000; round += 1) {
      const before = this.series;
      this.report(name, count);
      made = this.series - before;
    }
    return made;
  }
}

for (const count of [5000, 20_000, 100_000]) {
  test(`a fleet of ${count} series is cached as a whole`, () => {
    const fleet = new Fleet();
    assert.ok(fleet.reportUntilKnown('host', count) <= count / 1000);
  });

  test(`a fleet of ${count} series is cached as a whole after 300,000 series that never return`, () => {
    const fleet = new Fleet();
    fleet.report('request', 300_000);
    assert.equal(fleet.series, 300_001);
    assert.ok(fleet.reportUntilKnown('host', count) <= count / 1000);
  });
}

test('a fleet stays cached beside as many series that never return', () => {
  const fleet = new Fleet();
  for (let round = 0; round < 10; round += 1) {
    fleet.report(`request${round}.`, 20_000);
    fleet.report('host', 5000);
  }
  const before = fleet.series;
  fleet.report('host', 5000);
  assert.ok(fleet.series - before <= 50, `${fleet.series - before} series were not known`);
});
