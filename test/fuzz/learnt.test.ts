/** Lines beside what the parser has learnt from the ones before: each length, each cut, each byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARSE_ACCEPTED, PARSE_REPLAY } from '../../assembly/layout/codes.js';
import { ParserSession } from '../worker/parser-session.js';
import type { Change, Request } from './case.js';
import { difference } from './compare.js';
import { OracleSubject } from './oracle-subject.js';
import { Random, sampled } from './random.js';
import { sameAs } from './same.js';
import { bothBuilds } from './wasm-subject.js';

const request = (body: string): Request => ({ database: 1, precision: 'ns', acceptPartial: true, body: Buffer.from(body, 'latin1') });

/** More series than a table keeps without rows. */
const CROWD = 4200;

const assertSameRequests = sameAs(bothBuilds);
const assertSame = (bodies: readonly string[], what: string): void => assertSameRequests(bodies.map(request), what);

const LINES = [
  'cpu,host=server01,region=eu usage_idle=99.25,usage_user=0.75,load=3i,up=true,note="all is well" 1700000000000000000',
  'cpu,host=server02,region=eu usage_idle=12.5,usage_user=87.5,load=-12i,up=false,note="" 1700000000000000001',
  'm,t=a f=1,g=0.5 1700000000000000003',
  'disk,host=server01 free=123456789u,a\\ key\\ with\\ blanks=1.0 1700000000000000002',
];
const LEARNT = `${LINES.join('\n')}\n`.repeat(3);

test('a body may end at any byte of a line that was expected', () => {
  for (const last of LINES) {
    const cuts = Array.from({ length: last.length + 1 }, (_, end) => `${LINES[0]}\n${last.slice(0, end)}`);
    assertSame([LEARNT, ...cuts], last);
  }
});

const SIGNS = [...' ,=\\"\n\r\t\0#x0-.eiut:/\xff\xc3\xa9'];

test('any byte of a line that was expected may be another, be missing or have company', () => {
  for (const line of LINES) {
    for (const at of sampled([...Array(line.length + 1).keys()], 2)) {
      const [head, tail] = [line.slice(0, at), line.slice(at)];
      const others = SIGNS.flatMap((sign) => [head + sign + tail, head + sign + tail.slice(1)]);
      const bodies = [head + tail.slice(1), ...others].map((other) => `${line}\n${other}\n${line}\n`);
      assertSame([LEARNT, bodies.join(''), LEARNT], `${line} at ${at}`);
    }
  }
});

test('any byte of a key may be another: then it is another key', () => {
  for (const bytes of [8, 15, 16, 17, 31, 32, 33, 40, 47, 48, 49, 57, 64, 65, 80]) {
    const key = 'k'.repeat(bytes);
    const others = Array.from({ length: bytes }, (_, at) => `${key.slice(0, at)}x${key.slice(at + 1)}`);
    const lines = others.flatMap((other) => [`m ${key}=1i`, `m ${other}=2i`, `m,t=${key} f=1`, `m,t=${other} f=2`]);
    assertSame([lines.join('\n'), `${lines.join('\n')}\n${lines.toReversed().join('\n')}`], `${bytes} bytes`);
  }
});

test('tables whose keys are alike, in every order, are kept apart', () => {
  const random = new Random(3);
  const tables = Array.from({ length: 300 }, (_, index) => `table${index}`);
  const line = (table: string): string => {
    const keys = ['usage', 'load', 'free', 'up'].sort(() => random.below(3) - 1);
    return `${table} ${keys.map((key) => `${key}=${random.below(100)}i`).join(',')}`;
  };
  const body = (): string => Array.from({ length: 1000 }, () => line(random.pick(tables))).join('\n');
  const drops = Array.from({ length: 40 }, (): Change => ({ database: 1, change: 'drop', seed: random.u32() }));
  const steps = [request(body()), request(body()), ...drops, request(body()), request(body())];
  assert.equal(difference(steps, new OracleSubject(), bothBuilds()), null);
});

test('a key in every spelling, after every other: escapes where they belong and where not', () => {
  for (const sign of ['=', ' ', ',', '\\', '"', '1']) {
    const keys = [`k${sign}1`, `k\\${sign}1`, `k\\\\${sign}1`, `k\\\\\\${sign}1`, `\\k${sign}1`, `k${sign}1\\`, `k\\${sign}1\\=`];
    // Bodies of their own: after lines it did not expect a parser may stop to expect any for a while. Of the three lines
    // the first is one that it has learnt, so that it looks for what the second has taught.
    const pairs = keys.flatMap((taught) => keys.map((other) => [taught, other] as const));
    const fields = pairs.map(([taught, other]) => `m f=2\nm ${taught}=1i,f=2\nm ${other}=3i,f=4`);
    const tags = pairs.map(([taught, other]) => `m f=2\nm,${taught}=a,t=${taught} f=2\nm,${other}=a,t=${other} f=3`);
    assertSame(['m f=2', ...fields, ...tags, ...fields, ...tags], sign);
  }
});

test('a key that the line or its table has otherwise, with a value of every kind, at every place', () => {
  const values = ['1', '1.5', '5i', '5u', '-5i', 'true', 't', '"x"', '""', '123456789012345678u', '99999999999999999999u', '1e5', '.5'];
  const kinds = ['f=1.5', 'i=1i', 'u=1u', 'b=true', 's="x"'];
  for (const key of ['t', 'f', 'i', 'u', 'b', 's', 'new', 'time']) {
    const lines = values.flatMap((value) => Array.from({ length: kinds.length + 1 }, (_, at) => {
      return `m,t=a ${[...kinds.slice(0, at), `${key}=${value}`, ...kinds.slice(at)].join(',')} ${at}`;
    }));
    const good = `m,t=a ${kinds.join(',')} 9`;
    const replaced = values.flatMap((value) => kinds.map((_, at) => `m,t=a ${kinds.with(at, `${key}=${value}`).join(',')} ${at}`));
    assertSame([good, [...lines, ...replaced].flatMap((line) => [good, good, line]).join('\n'), good], key);
  }
});

test('replay skips the lines of its runs, known as they may be', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `cpu,host=${index % 3} load=${index} ${index}`);
  for (const build of ['simd', 'scalar'] as const) {
    const session = new ParserSession({}, build);
    session.write(lines.join('\n'));
    const before = session.rows('cpu').length;
    const rejectedRuns = Uint32Array.of(1, 2, 7, 7, 20, 25, 40, 40);
    const { status, accepted, rejected, checksum } = session.parse(lines.join('\n'), { flags: PARSE_REPLAY, rejectedRuns, replaySeq: 9 });
    assert.deepEqual([status, accepted, rejected], [PARSE_ACCEPTED, 30, 10]);
    const { id } = session.table('cpu');
    const times = session.rows('cpu').slice(before).map(({ timestamp }) => Number(timestamp) + 1);
    assert.deepEqual(times, lines.map((_, index) => index + 1).filter((line) => !(line <= 2 || line === 7 || (line >= 20 && line <= 25) || line === 40)));
    session.parser.setFlushedTo(id, 9);
    const again = session.parse(lines.join('\n'), { flags: PARSE_REPLAY, rejectedRuns, replaySeq: 9 });
    assert.deepEqual([again.accepted, again.spans, again.checksum], [30, [], checksum], 'a flushed table takes no rows');
  }
});

test('newlines inside a line are counted, however often it comes', () => {
  const lines = ['m,t=a\\\nb f=1', 'm\\\n,t=a f=1', 'm f="a\nb"', 'm,t=a s="a\n\nb",f=1', 'm,t=\\\n f=1 5'];
  for (const line of lines) assertSame([`${line}\n${line}\nbad\n${line}\n${line}\n${line}\nm,t=a f=1\nm,t=a f=1\nbad\n`.repeat(3)], line);
});

test('a crowd of series, some and then all of whose rows leave', () => {
  const body = (from: number): Request => {
    return request(Array.from({ length: CROWD }, (_, index) => `m,host=${(from + index * 11) % (2 * CROWD)} f=${index}i`).join('\n'));
  };
  // This seed removes some rows and not all.
  const change = (change: Change['change']): Change => ({ database: 1, change, seed: 7 });
  const steps = [
    body(0), change('remove'), body(0), body(500), change('flush'), body(0), change('remove'), change('free'), body(1000), change('move'), body(0),
    change('flush'), change('free'), body(1500),
  ];
  assert.equal(difference(steps, new OracleSubject(), bothBuilds()), null);
});

test('strings up to the longest, and one byte longer', () => {
  for (const bytes of [0, 1, 15, 16, 17, 65_536, 1_048_575, 1_048_576, 1_048_577]) {
    const text = 'x'.repeat(bytes);
    assertSame(['m s="a",f=1 1\n', `m s="a",f=1 1\nm s="${text}",f=2 2\nm s="b",f=3 3\nm f=4,s="${text}" 4\n`], `${bytes} bytes`);
  }
});

const LENGTHS = [...Array.from({ length: 66 }, (_, index) => index + 2), 127, 128, 129, 65_533, 65_535, 65_536];

test('keys and series of every length, and their likes of the same length', () => {
  for (const bytes of sampled(LENGTHS, 2)) {
    const name = 'k'.repeat(bytes - 1);
    const lines = [
      `m ${name}a=1i,${name}b=2i`, `m ${name}a=3i,${name}c=4i`, `m ${name}b=5i,${name}a=6i`, `m ${name}a=7i,${name}aa=8i,${name}b=9i`,
      `n,t=${name}a f=1`, `n,t=${name}b f=2`, `n,t=${name}a f=3`, `n,t=${name} f=4`, `n,t=${name}aa f=5`,
      `${name}a f=1`, `${name}b f=2`, `${name}a f=3`, `${name} f=4`, `${name}aa f=5`,
    ];
    const body = lines.flatMap((line) => [line, line]).join('\n');
    assertSame([body, body, `${body}\n${body}`], `${bytes} bytes`);
  }
});
