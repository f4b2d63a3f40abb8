import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import type { Parsed } from '../../src/worker/wasm/wasm.js';
import { listedPoints } from '../../src/worker/wasm/dump.js';
import { checksumOf } from './checksum.js';
import { DEFAULT_TIME, ParserSession } from './parser-session.js';
import { Random } from './random.js';

/** Stands in the frames of logs: a change of it needs a new grammar number. */
const KNOWN_CHECKSUM = 2205389224380166261n;
const SEED = Number(process.env['SLUICE_SEED'] ?? 7);

/** A line that is mostly good: few tables, tags of few and of many values, all kinds of fields. */
function randomLine(random: Random): string {
  if (random.below(12) === 0) return random.pick(['bad', 'm0 f=', 'm0,t f=1', 'm1 i=1', 'm1 f=1,f=2', 'm2 f="open', ',x y=1', 'm2 t=1']);
  const tags = [`t=${random.below(5)}`, `host=h${random.below(2000)}`, `é=\\ ${random.below(3)}`].filter(() => random.below(3) > 0);
  const fields = [
    `f=${random.below(1e6) / 64}`, `i=${random.below(1e9)}i`, `u=${random.below(1e9)}u`, `b=${random.pick(['t', 'F'])}`,
    `s="${'x'.repeat(random.below(40))}\\"${random.below(100)}"`, 's="a\nb"',
  ];
  const chosen = [...new Map(fields.filter(() => random.below(2) > 0).map((field) => [field[0], field])).values()];
  return `${[`m${random.below(3)}`, ...tags].join(',')} ${chosen.length > 0 ? chosen.join(',') : 'f=1'} ${random.bits() >> 2n}`;
}

function randomBody(random: Random, lines: number): string {
  return Array.from({ length: lines }, () => randomLine(random)).join('\n');
}

/** A session whose tables exist and hold some rows. */
function filledSession(random: Random): ParserSession {
  const session = new ParserSession();
  const everything = [0, 1, 2].map((n) => `m${n},t=0,host=h,é=e f=1,i=1i,u=1u,b=t,s="s"`).join('\n');
  session.write(everything);
  session.write(randomBody(random, 50));
  return session;
}

test('a body that is refused leaves the memtables as they were, whatever it held', () => {
  const random = new Random(SEED);
  const session = filledSession(random);
  const twin = filledSession(new Random(SEED));
  for (let round = 0; round < 200; round++) {
    const before = session.dump();
    const refused = session.parse(`${randomBody(random, random.below(60))}\nbad`, { flags: abi.PARSE_ALL_OR_NOTHING });
    assert.equal(refused.status, abi.PARSE_REFUSED);
    assert.deepEqual(refused.spans, []);
    assert.deepEqual(session.dump(), before);
    // What follows must find the same dictionaries as where nothing was rolled back.
    const body = randomBody(random, random.below(20));
    assert.equal(session.parse(body).status, abi.PARSE_ACCEPTED);
    assert.equal(twin.parse(body).status, abi.PARSE_ACCEPTED);
  }
  assert.deepEqual(session.dump(), twin.dump());
});

test('all or nothing names every bad line, and is accepted when there is none', () => {
  const session = new ParserSession();
  session.write('m f=1');
  const refused = session.parse('m f=1\nbad\nm f=2\nworse\nnew f=1', { flags: abi.PARSE_ALL_OR_NOTHING });
  assert.deepEqual([refused.status, refused.errors.map(({ line }) => line), refused.needs], [abi.PARSE_REFUSED, [2, 4], []]);
  assert.equal(session.parse('m f=1\nm f=2', { flags: abi.PARSE_ALL_OR_NOTHING }).status, abi.PARSE_ACCEPTED);
  assert.equal(session.parse('m f=1\nnew f=2', { flags: abi.PARSE_ALL_OR_NOTHING }).status, abi.PARSE_NEEDS);
});

test('needs name what accepted lines lack, in the order it was met, and nothing is kept', () => {
  const session = new ParserSession();
  session.write('m,t=a f=1');
  const before = session.dump();
  const body = 'm,t=b f=2\nm,t=b,x\\ y=c g=1i\nnew\\,er s="q",b=t\nm g=1.5\nnew\\,er b=1\nbad,z=1 \nm g=2i,h=1u';
  for (let again = 0; again < 2; again++) {
    const { status, needs, spans, errors } = session.parse(body);
    const id = session.table('m').id;
    assert.equal(status, abi.PARSE_NEEDS);
    assert.deepEqual(needs, [
      { table: { id, measurement: 'm' }, kind: abi.KIND_TAG, key: 'x y' },
      { table: { id, measurement: 'm' }, kind: abi.KIND_I64, key: 'g' },
      { table: { id: 0, measurement: 'new,er' }, kind: abi.KIND_STRING, key: 's' },
      { table: { id: 0, measurement: 'new,er' }, kind: abi.KIND_BOOL, key: 'b' },
      { table: { id, measurement: 'm' }, kind: abi.KIND_U64, key: 'h' },
    ]);
    assert.equal(new Set(needs.map(({ table }) => table)).size, 2);
    assert.deepEqual(spans, []);
    assert.deepEqual(errors.map(({ line, code }) => [line, code]), [
      [4, abi.LINE_TYPE_CONFLICT], [5, abi.LINE_TYPE_CONFLICT], [6, abi.LINE_FIELDS_MISSING],
    ]);
    assert.deepEqual(session.dump(), before);
  }
  assert.equal(session.write(body).status, abi.PARSE_ACCEPTED);
  assert.equal(session.rows('new,er').length, 1);
});

test('a rejected line asks for nothing', () => {
  const session = new ParserSession();
  session.write('m f=1');
  const { status, accepted } = session.parse('m f=1i,new=1\nm,t=a,t=b f=1\nother,time=1 f=1\nm f=2');
  assert.deepEqual([status, accepted], [abi.PARSE_ACCEPTED, 1]);
});

test('a table that only a rejected line would have made is forgotten at once, also by the next line of its name', () => {
  // The unescaped string of the second line is put into the block that held the name, and reads the same. (A parser that
  // still went by the old table would write into freed memory, and might never come back: the time limit of the file.)
  const name = `"${'n'.repeat(200)}"`;
  const { needs, errors } = new ParserSession().parse(`${name} f=1,f=2\n${name} s="${name.replaceAll('"', '\\"')}"`);
  assert.deepEqual(needs, [{ table: { id: 0, measurement: name }, kind: abi.KIND_STRING, key: 's' }]);
  assert.deepEqual(errors.map(({ line, code }) => [line, code]), [[1, abi.LINE_DUPLICATE_FIELD]]);
});

test('tag values of a body that is rolled back leave the dictionaries', () => {
  for (const [body, flags] of [['m,t=b f=1\nbad', abi.PARSE_ALL_OR_NOTHING], ['m,t=b f=1\nm,t=c new=1', 0]] as const) {
    const session = new ParserSession();
    session.write('m,t=a f=1');
    assert.notEqual(session.parse(body, { flags }).status, abi.PARSE_ACCEPTED);
    assert.equal(session.entries('m', 't'), 1, body);
    session.parse('m,t=d f=1\nm,t=b f=2');
    assert.equal(session.entries('m', 't'), 3, body);
    assert.deepEqual(session.rows('m').map(({ tags }) => tags[0]?.[1]), ['a', 'd', 'b'], body);
  }
});

test('databases do not share tables', () => {
  const session = new ParserSession();
  session.write('m f=1');
  session.write('m f=1i', { databaseId: 8 });
  const [one, two] = [session.table('m').id, session.table('m', 8).id];
  assert.deepEqual(session.parse('m f=2').spans, [{ tableId: one, rowFirst: 1, rowEnd: 2 }]);
  assert.deepEqual(session.parse('m f=2i', { databaseId: 8 }).spans, [{ tableId: two, rowFirst: 1, rowEnd: 2 }]);
});

test('a dropped table is unknown, and its memory is given back', () => {
  const session = new ParserSession();
  for (let n = 0; n < 500; n++) session.write(`t${n} f=1`);
  for (let n = 0; n < 500; n += 2) session.parser.drop(session.table(`t${n}`).id);
  for (let n = 0; n < 500; n++) {
    assert.equal(session.parse(`t${n} f=1`).status, n % 2 === 0 ? abi.PARSE_NEEDS : abi.PARSE_ACCEPTED, `t${n}`);
  }
  for (let n = 1; n < 500; n += 2) session.parser.drop(session.table(`t${n}`).id);
  const empty = new ParserSession();
  empty.write('t f=1');
  empty.parser.drop(empty.table('t').id);
  assert.ok(session.parser.memtableBytes() - empty.parser.memtableBytes() <= 8192, `${session.parser.memtableBytes()} bytes stay`);
});

test('removing rows leaves the others in order', () => {
  const random = new Random(SEED + 1);
  for (let round = 0; round < 40; round++) {
    const session = filledSession(random);
    const { id } = session.table('m1');
    const rows = session.rows('m1');
    const cuts = [...new Set(Array.from({ length: 2 * random.below(6) }, () => random.below(rows.length + 1)))].toSorted((a, b) => a - b);
    const ranges = Array.from({ length: cuts.length >> 1 }, (_, i) => ({ rowFirst: cuts[2 * i]!, rowEnd: cuts[2 * i + 1]! }));
    const others = session.rows('m2');
    session.parser.removeRows(id, ranges);
    const left = rows.filter((_, row) => !ranges.some(({ rowFirst, rowEnd }) => row >= rowFirst && row < rowEnd));
    assert.deepEqual(session.rows('m1'), left);
    assert.deepEqual(session.rows('m2'), others);
    const more = randomBody(random, 30);
    const added = session.parse(more).spans.find(({ tableId }) => tableId === id);
    const twin = filledSession(new Random(1));
    twin.parser.removeRows(twin.table('m1').id, [{ rowFirst: 0, rowEnd: twin.rows('m1').length }]);
    twin.parse(more);
    assert.deepEqual(session.rows('m1').slice(added?.rowFirst ?? left.length), twin.rows('m1'));
  }
});

test('of many series those without rows go with the rows, and what only they used', () => {
  const session = new ParserSession();
  session.write('m,t=a f=1,s="x"');
  const { id } = session.table('m');
  session.parser.removeRows(id, [{ rowFirst: 0, rowEnd: 1 }]);
  const before = session.parser.memtableBytes();
  const lines = Array.from({ length: 20_000 }, (_, n) => `m,t=${n % 15_000} f=1,s="${n}"`);
  for (let round = 0; round < 3; round++) {
    session.parse(lines.join('\n'));
    const rows = session.rows('m');
    session.parser.removeRows(id, [{ rowFirst: 10, rowEnd: 20_000 - round }]);
    assert.deepEqual(session.rows('m'), [...rows.slice(0, 10), ...rows.slice(20_000 - round)]);
    assert.equal(session.entries('m', 't'), 10 + round);
    session.parse(`${lines[3]}\n${lines[9000]}`);
    assert.equal(session.rows('m').at(-1)!.tags[0]![1], '9000');
    assert.equal(session.entries('m', 't'), 11 + round);
    session.parser.removeRows(id, [{ rowFirst: 0, rowEnd: 12 + round }]);
  }
  assert.ok(session.parser.memtableBytes() < before + 24_000 * 100, `${session.parser.memtableBytes() - before} bytes stay`);
});

test('series that return keep their numbers over a removal', () => {
  const session = new ParserSession();
  const body = Array.from({ length: 3000 }, (_, n) => `m,host=h${n},dc=${n % 7} f=${n}`).join('\n');
  session.write(body);
  const { id } = session.table('m');
  for (let round = 0; round < 5; round++) {
    const rows = session.rows('m');
    session.parser.removeRows(id, [{ rowFirst: 0, rowEnd: 3000 }]);
    session.parse(body);
    assert.deepEqual(session.rows('m'), rows);
    assert.equal(session.series('m'), 3000);
  }
});

test('200,000 lines of series that never return stay within what their rows need', () => {
  const session = new ParserSession();
  session.write('m,t=a f=1i 1');
  for (let part = 0; part < 20; part++) {
    session.parse(Array.from({ length: 10_000 }, (_, n) => `m,t=${part * 10_000 + n} f=1i 1`).join('\n'));
  }
  // A row has a time, a series number, a row number and a value; a series a number and a code; an entry 8 + 6 bytes and slots.
  assert.ok(session.parser.memtableBytes() < 200_000 * 150, `${session.parser.memtableBytes()} bytes`);
});

function replay(session: ParserSession, body: string, seq: number, runs: readonly number[] = []): Parsed {
  return session.parse(body, { flags: abi.PARSE_REPLAY, replaySeq: seq, rejectedRuns: Uint32Array.from(runs), linesMax: 0 });
}

test('replay stores what was accepted and comes to the same counts and checksum', () => {
  const random = new Random(SEED + 3);
  const live = filledSession(random);
  for (let round = 0; round < 30; round++) {
    const body = randomBody(random, 40);
    const parsed = live.parse(body);
    const fresh = filledSession(new Random(SEED + 100 + round));
    const rows = fresh.rows('m0').length;
    const again = replay(fresh, body, 50, [...parsed.rejectedRuns]);
    assert.deepEqual(
      [again.lines, again.accepted, again.rejected, again.checksum, again.rejectedRuns],
      [parsed.lines, parsed.accepted, parsed.rejected, parsed.checksum, parsed.rejectedRuns],
    );
    assert.deepEqual(again.errors, []);
    const added = parsed.spans.find(({ tableId }) => tableId === live.table('m0').id);
    assert.deepEqual(fresh.rows('m0').slice(rows), added === undefined ? [] : live.rows('m0').slice(added.rowFirst));
  }
});

test('replay judges no schema and no limit: what has no place is counted and not stored', () => {
  const session = new ParserSession({ tablesMax: 1, columnsMax: 2 });
  session.write('m,t=a f=1');
  const body = 'm,t=b f=2i,new=1\nm,t=c f=3\ngone x=1\nm,t=d f=4,g=1,h=2,i=3';
  const { status, accepted, needs, errors, spans } = replay(session, body, 9);
  assert.deepEqual([status, accepted, needs, errors], [abi.PARSE_ACCEPTED, 4, [], []]);
  assert.deepEqual(spans, [{ tableId: session.table('m').id, rowFirst: 1, rowEnd: 4 }]);
  assert.deepEqual(session.rows('m').slice(1).map(({ tags, fields }) => [tags, fields.map(([key]) => key)]), [
    [[['t', 'b']], []], [[['t', 'c']], ['f']], [[['t', 'd']], ['f']],
  ]);
  const bad = replay(session, 'm f=1,x=1,x=2\nbad', 9);
  assert.deepEqual(bad.errors.map(({ code }) => code), [abi.LINE_DUPLICATE_FIELD, abi.LINE_FIELDS_MISSING]);
});

test('replay stores no rows of tables that are newer or already in files up to that number', () => {
  const session = new ParserSession();
  session.write('m f=1');
  session.parser.define({ ...session.table('m'), created: 20, flushedTo: 30 });
  const checksum = session.parse('m f=2').checksum;
  for (const [seq, rows] of [[19, 0], [30, 0], [31, 1]] as const) {
    const before = session.rows('m').length;
    const parsed = replay(session, 'm f=2', seq);
    assert.deepEqual([parsed.accepted, parsed.checksum], [1, checksum], `number ${seq}`);
    assert.equal(session.rows('m').length - before, rows, `number ${seq}`);
  }
  session.parser.setFlushedTo(session.table('m').id, 31);
  assert.deepEqual(replay(session, 'm f=2', 31).spans, []);
  assert.deepEqual(replay(session, 'm f=2', 32).spans.length, 1);
});

test('a skipped line of replay may span several physical lines', () => {
  const session = new ParserSession();
  session.write('m s="a"');
  const { accepted, rejected } = replay(session, 'm s="b"\nm s="c\nd"\nm s="e"', 9, [2, 3]);
  assert.deepEqual([accepted, rejected], [2, 1]);
  assert.deepEqual(session.rows('m').map(({ fields }) => fields[0]?.[2]), ['a', 'b', 'e']);
});

test('the checksum tells values, keys, kinds, times and the order of lines apart, and nothing else', () => {
  const sums = new Map<bigint, string>();
  const bodies = [
    'm,t=a f=1 1', 'm,t=b f=1 1', 'm,u=a f=1 1', 'n,t=a f=1 1', 'm,t=a f=2 1', 'm,t=a f=1 2', 'm,t=a f=1i 1', 'm,t=a f=1u 1',
    'm,t=a f=t 1', 'm,t=a f="1" 1', 'm,a=t f=1 1', 'm,t=a f=0 1', 'm,t=a f=-0 1', 'm,t=a f=1,g=2 1', 'm,t=a g=2,f=1 1',
    'm,t=a f=1 1\nm,t=a f=2 1', 'm,t=a f=2 1\nm,t=a f=1 1', 'm,t=a f=1 1\nm,t=a f=1 1', 'm f=1 1',
  ];
  for (const body of bodies) {
    const { checksum } = new ParserSession().write(body);
    assert.equal(sums.get(checksum), undefined, `${body} and ${sums.get(checksum)}`);
    sums.set(checksum, body);
    const other = new ParserSession();
    other.write('m,zz=1,t=x zzz=1i\nq,t=a f=1');
    assert.equal(other.write(`bad\n\n${body}\nbad`).checksum, checksum, body);
    const same = body.replace('m,t', '\tm,t').replace('f=1 ', 'f=1.0  ').replaceAll('\n', '\r\n');
    assert.equal(new ParserSession().write(same).checksum, checksum, body);
  }
});

test('the checksum is what its definition says, and has not changed', () => {
  const session = new ParserSession();
  const random = new Random(SEED + 4);
  const known = 'cpu,host=a\\ b usage=0.5,n=-3i,u=7u,ok=t,note="long enough text" 1700000000000000000\ncpu n=1i';
  for (const body of [known, ...Array.from({ length: 20 }, () => randomBody(random, 30))]) {
    session.write(body);
    const { checksum } = session.parse(body, { flags: abi.PARSE_DUMP });
    assert.equal(checksum, checksumOf(listedPoints(session.parser), DEFAULT_TIME), body);
  }
  assert.equal(session.parse(known).checksum, KNOWN_CHECKSUM);
});

test('a body that takes more room than there is ends before the arrays of its table grow, and leaves nothing', () => {
  const session = new ParserSession();
  const line = (i: number): string => `m a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8 ${i}`;
  assert.equal(session.write(line(0)).accepted, 1);
  const before = session.parser.memtableBytes();
  const linear = session.parser.memory.buffer.byteLength;
  const body = Array.from({ length: 600_000 }, (_, i) => line(i)).join('\n');
  const MiB = 1024 * 1024;
  // Of 262,144 rows 19 MiB are held, 32 of the body; the next step would be 38.
  const outcome = session.parse(body, { roomBytes: 32 * MiB });
  assert.equal(outcome.status, abi.PARSE_NO_ROOM);
  assert.ok(session.parser.memtableBytes() < before + MiB, `${session.parser.memtableBytes()} bytes stay`);
  const grown = session.parser.memory.buffer.byteLength - linear;
  assert.ok(grown < 85 * MiB, `${grown} bytes of memory`);
  assert.equal(session.rows('m').length, 1);
  assert.equal(session.parse(body, { roomBytes: 100 * MiB }).accepted, 600_000);
  assert.equal(session.parse(body, { flags: abi.PARSE_REPLAY, replaySeq: 5, roomBytes: Infinity }).accepted, 600_000, 'what is read back finds room');
});
