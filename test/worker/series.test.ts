/** Which series are cached: those that return, however many there are and whatever came before them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../fuzz/random.js';
import { ParserSession } from './parser-session.js';

const LINES_PER_BODY = 10_000;
/** Times that a fleet reports until its series are cached, all but one of a thousand. */
const ROUNDS_MAX = 25;

/** A table of lines with one tag; a line whose series is not cached makes a series of the table. */
class Fleet {
  readonly #session = new ParserSession();
  #round = 0;
  #rows = 0;

  constructor() {
    this.report('first', 1);
  }

  get series(): number {
    return this.#session.series('m');
  }

  /** All rows go into a file. */
  flush(): void {
    this.#session.parser.removeRows(this.#session.table('m').id, [{ rowFirst: 0, rowEnd: this.#rows }]);
    this.#rows = 0;
  }

  /** A line of each of `count` series. */
  report(name: string, count: number): void {
    const time = ++this.#round * 1000;
    for (let from = 0; from < count; from += LINES_PER_BODY) {
      const lines = Array.from({ length: Math.min(LINES_PER_BODY, count - from) }, (_, i) => `m,id=${name}${from + i} v=1i ${time}`);
      assert.equal(this.#session.write(lines.join('\n')).accepted, lines.length);
      this.#rows += lines.length;
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

test('a fleet that is cached stays so over flushes after which series are numbered anew, also after a flood of others', () => {
  const fleet = new Fleet();
  fleet.reportUntilKnown('host', 50_000);
  fleet.flush();
  fleet.report('request', 300_000);
  for (let flush = 0; flush < 3; flush += 1) {
    fleet.flush();
    for (let round = 0; round < 5; round += 1) fleet.report('host', 50_000);
    assert.ok(fleet.series < 55_000, `${fleet.series} series after flush ${flush}`);
  }
});

test('tables whose series return are looked up whatever comes beside them, however it is mixed', () => {
  const tables = ['cpu', 'mem', 'disk'];
  for (const isRandom of [false, true]) {
    const random = new Random(5);
    const session = new ParserSession();
    session.write(['requests', ...tables].map((table) => `${table},id=first v=1i 1`).join('\n'));
    for (let line = 0, body = 0; body < 60; body += 1) {
      const lines = Array.from({ length: 2000 }, () => {
        const host = isRandom ? random.below(500) : line % 500;
        line += 1;
        return [...Array.from({ length: 4 }, (_, i) => `requests,id=x${line}.${i} v=1i 1`), ...tables.map((table) => `${table},id=h${host} v=1i 1`)].join('\n');
      });
      session.write(lines.join('\n'));
    }
    assert.deepEqual(tables.map((table) => session.series(table)), [501, 501, 501], isRandom ? 'in any order' : 'in order');
    assert.ok(session.series('requests') > 400_000);
  }
});

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
