/** Values have row numbers from the first row on that lacks one (assembly/memtable/row-numbers.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { COLUMN_DENSE, COLUMN_ROWS } from '../../assembly/layout/column.js';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { ParserSession } from './parser-session.js';

/** Of the random test. */
const SESSIONS = fuzzCount(125);
/** Rows that room is made for at first. */
const ROOM = 16;
const lines = (count: number, text: string): string => `${text}\n`.repeat(count);

/** How many values of a field of `m` stand in the first rows; null: all do. */
function denseOf(session: ParserSession, key: string): number | null {
  return session.columnWord('m', key, COLUMN_ROWS) === 0 ? null : session.columnWord('m', key, COLUMN_DENSE);
}

/** The rows of `m` that have a value of a field. */
function rowsOf(session: ParserSession, key: string): number[] {
  return session.rows('m').flatMap(({ fields }, row) => (fields.some(([name]) => name === key) ? [row] : []));
}

test('numbers come with the first gap, for the values behind it, and go with it', () => {
  const session = new ParserSession();
  session.write(lines(20, 'm f=1,s="a"'));
  assert.deepEqual([denseOf(session, 'f'), denseOf(session, 's')], [null, null]);
  session.write('m s="b"');
  assert.equal(denseOf(session, 'f'), null);
  session.write(lines(30, 'm f=2,s="c"'));
  assert.deepEqual([denseOf(session, 'f'), denseOf(session, 's')], [20, null]);
  const id = session.table('m').id;
  session.parser.removeRows(id, [{ rowFirst: 5, rowEnd: 9 }, { rowFirst: 40, rowEnd: 41 }]);
  assert.equal(denseOf(session, 'f'), 16);
  assert.deepEqual(rowsOf(session, 'f'), Array.from({ length: 46 }, (_, row) => row).filter((row) => row !== 16));
  session.parser.removeRows(id, [{ rowFirst: 16, rowEnd: 17 }]);
  assert.equal(denseOf(session, 'f'), null);
  assert.deepEqual(rowsOf(session, 'f'), rowsOf(session, 's'));
});

test('a column that comes late has numbers for all of its values', () => {
  const session = new ParserSession();
  session.write(lines(3, 'm f=1'));
  session.write(lines(40, 'm f=1,late=1i'));
  assert.equal(denseOf(session, 'late'), 0);
  assert.deepEqual(rowsOf(session, 'late'), Array.from({ length: 40 }, (_, i) => 3 + i));
});

test('a body rolled back to before the gap leaves no numbers, one to behind it does', () => {
  for (const kept of [3, 10, 12]) {
    const session = new ParserSession();
    session.write(lines(Math.min(kept, 10), 'm f=1,g=1'));
    if (kept > 10) session.write(`m g=1\n${lines(kept - 11, 'm f=1,g=1')}`);
    const before = session.dump();
    const body = `${lines(10, 'm f=2,g=2')}m g=2\n${lines(10, 'm f=2,g=2')}bad`;
    assert.equal(session.parse(body, { flags: abi.PARSE_ALL_OR_NOTHING }).status, abi.PARSE_REFUSED);
    assert.deepEqual(session.dump(), before);
    assert.equal(denseOf(session, 'f'), kept > 10 ? 10 : null, `${kept} rows kept`);
    session.write(`m g=3\n${lines(40, 'm f=3,g=3')}`);
    const gaps = kept > 10 ? [10, kept] : [kept];
    assert.deepEqual(rowsOf(session, 'f'), Array.from({ length: kept + 41 }, (_, row) => row).filter((row) => !gaps.includes(row)));
  }
});

test('a field twice in a line is rejected where the room of its column just ends', () => {
  const ways = ['as written', 'rows removed', 'moved'] as const;
  const cases = ways.flatMap((way) => [ROOM - 2, ROOM - 1, ROOM, 4 * ROOM - 1].flatMap((rows) => ['1', '1i', 't', '"s"'].map((value) => ({ way, rows, value }))));
  for (const { way, rows, value } of cases) {
    let session = new ParserSession();
    session.write(lines(rows + 2, `m f=${value},g=1`));
    session.parser.removeRows(session.table('m').id, way === 'rows removed' ? [{ rowFirst: 0, rowEnd: 2 }] : [{ rowFirst: rows, rowEnd: rows + 2 }]);
    if (way === 'moved') session = session.moved();
    const { errors, accepted } = session.write(`m f=${value},f=${value},g=1\nm f=${value},g=1,f=${value}\nm f=${value},g=1`);
    const what = `${rows} rows of ${value}, ${way}`;
    assert.deepEqual([errors.map(({ line, code }) => [line, code]), accepted], [[[1, abi.LINE_DUPLICATE_FIELD], [2, abi.LINE_DUPLICATE_FIELD]], 1], what);
    assert.deepEqual(rowsOf(session, 'f'), Array.from({ length: rows + 1 }, (_, row) => row), what);
  }
});

test('small tables in every state keep the rows that a list keeps', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  for (let at = 0; at < SESSIONS; at += 1) checkSession(random, `SEED=${seed}, session ${at}`);
  t.diagnostic(`SEED=${seed}: ${SESSIONS} sessions`);
});

/** Values of four kinds, of which one says whose row it is. */
const FIELDS: readonly ((line: number) => string)[] = [() => 'f=1.5', () => 'b=t', (line) => `i=${line}i`, () => 's="x"'];

/** Bodies of few lines, some with a gap, a field twice or refused as a whole, and removals, beside a list of the fields of each row. */
function checkSession(random: Random, what: string): void {
  let session = new ParserSession();
  let line = 0;
  const nextLine = (): string[] => {
    line += 1;
    return randomFields(random).map((field) => field(line));
  };
  const kept = [FIELDS.map((field) => field(0))];
  session.write(`m ${kept[0]!.join(',')}`);
  for (let step = 0; step < 25; step += 1) {
    const body = Array.from({ length: 1 + random.below(12) }, nextLine);
    const isWhole = random.chance(0.2);
    const good = body.filter((fields) => new Set(fields).size === fields.length);
    const { accepted } = session.write(body.map((fields) => `m ${fields.join(',')}`).join('\n'), { flags: isWhole ? abi.PARSE_ALL_OR_NOTHING : 0 });
    const isRefused = isWhole && good.length < body.length;
    if (!isRefused) kept.push(...good);
    if (random.chance(0.3) && kept.length > 0) {
      const rowFirst = random.below(kept.length);
      const rowEnd = random.chance(0.1) ? kept.length : rowFirst + 1 + random.below(Math.min(4, kept.length - rowFirst));
      session.parser.removeRows(session.table('m').id, [{ rowFirst, rowEnd }]);
      kept.splice(rowFirst, rowEnd - rowFirst);
    }
    if (random.chance(0.1)) session = session.moved();
    assert.ok(isRefused || accepted === good.length, `${what}, step ${step}: ${accepted} lines of ${good.length}`);
    const rows = session.rows('m').map(({ fields }) => fields.map(([key, , value]) => (key === 'i' ? `i=${value}` : key)).sort());
    const expected = kept.map((fields) => fields.map((field) => (field.startsWith('i') ? field.slice(0, -1) : field[0]!)).sort());
    assert.deepEqual(rows, expected, `${what}, step ${step}`);
  }
}

/** Mostly all; one may be missing or come twice. */
function randomFields(random: Random): typeof FIELDS {
  if (random.chance(0.85)) return FIELDS;
  const at = random.below(FIELDS.length);
  if (random.chance(0.3)) return FIELDS.toSpliced(at, 1);
  return FIELDS.toSpliced(random.chance(0.7) ? at : random.below(FIELDS.length), 0, FIELDS[at]!);
}

test('a gap in wide tables takes little memory at once', () => {
  const fields = (type: string): string => Array.from({ length: 200 }, (_, i) => `f${i}=${type}`).join(',');
  for (const type of ['1', '1i', 't', '""']) {
    const session = new ParserSession();
    // A little over a power of two: there is room for nearly as many.
    session.write(lines(8200, `m ${fields(type)}`));
    const before = session.parser.memtableBytes();
    session.write(`m g=1\nm ${fields(type)}`);
    assert.ok(session.parser.memtableBytes() <= 2 * before, `${before}, then ${session.parser.memtableBytes()} bytes with ${type}`);
  }
});

test('whatever comes and goes, the memory of dropped tables is given back to the byte', () => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const left = new Set(Array.from({ length: 60 }, () => bytesLeft(random)));
  assert.equal(left.size, 1, `SEED=${seed}: ${[...left]}`);
});

/** Bytes that memtables hold after bodies with gaps, some refused, removals and moves, when all tables are dropped. */
function bytesLeft(random: Random): number {
  let session = new ParserSession();
  let rows = 0;
  for (let body = 0; body < 30; body += 1) {
    const gaps = random.chance(0.2) ? 0.4 : 0;
    const text = Array.from({ length: 1 + random.below(50) }, () => randomLine(random, gaps)).join('\n');
    const flags = random.chance(0.5) ? abi.PARSE_ALL_OR_NOTHING : 0;
    rows = session.write(random.chance(0.2) ? `${text}\nm bad` : text, { flags }).spans.at(-1)?.rowEnd ?? rows;
    if (rows > 0 && random.chance(0.3)) {
      const rowFirst = random.chance(0.2) ? 0 : random.below(rows);
      const rowEnd = rowFirst + 1 + random.below(rows - rowFirst);
      session.parser.removeRows(session.table('m').id, [{ rowFirst, rowEnd }]);
      rows -= rowEnd - rowFirst;
    }
    if (random.chance(0.1)) session.parser.freeSpare();
    if (random.chance(0.05)) session = session.moved();
  }
  for (const { id } of session.tables()) session.parser.drop(id);
  session.parser.freeSpare();
  return session.parser.memtableBytes();
}

function randomLine(random: Random, gaps: number): string {
  const kept = (cells: readonly string[]): string => cells.filter(() => !random.chance(gaps)).map((cell) => `,${cell}`).join('');
  const tags = kept(['a', 'b', 'c'].map((key) => `${key}=v${random.below(40)}`));
  return `m${tags} x=1i${kept(['f=1', 'g="s"', 'h=t', 'k=3u'])} ${random.u32()}`;
}
