import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { SluiceError } from '../../src/errors.js';
import { bucketDatabase } from '../../src/database-names.js';
import { readWrite } from '../../src/http/front/dialect.js';
import type { DialectOptions } from '../../src/http/front/dialect.js';
import { QueryParameters } from '../../src/http/front/query-string.js';
import type { Dialect, WriteRequest } from '../../src/ingest/request.js';

const AUTO: DialectOptions = { legacyPrecision: 'auto', databaseNames: 'plain' };
const DIALECTS: readonly Dialect[] = ['v1', 'v2', 'v3'];
const nameParameter = (dialect: Dialect) => (dialect === 'v2' ? 'bucket' : 'db');

function read(dialect: Dialect, query: string, headers: Record<string, string> = {}, options = AUTO): WriteRequest {
  return readWrite(dialect, new QueryParameters(query), (name) => headers[name] ?? '', options);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
  return 'none';
}

test('the query string is decoded as a form', () => {
  const query = new QueryParameters('a=x+y%20z&b=%C2%B5s&c=100%&d=%zz%41&e&=f&a=second&g=%FF&&h=1=2');
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e', '', 'g', 'h', 'none'].map((name) => query.get(name)),
    ['x y z', 'µs', '100%', '%zzA', '', 'f', '\ufffd', '1=2', undefined],
  );
  assert.deepEqual(['a', 'b'].map((name) => query.isRepeated(name)), [true, false]);
  assert.equal(new QueryParameters('').get(''), undefined);
});

const databases: readonly [dialect: Dialect, query: string, database: string][] = [
  ['v1', 'db=metrics', 'metrics'],
  ['v1', 'db=metrics&rp=', 'metrics'],
  ['v1', "db=metrics&rp=''", 'metrics'],
  ['v1', 'db=metrics&rp=autogen', 'metrics'],
  ['v1', 'db=metrics&rp=AutoGen', 'metrics'],
  ['v1', 'db=metrics&rp=default', 'metrics'],
  ['v1', 'db=metrics&rp=Two_Weeks', 'metrics/two_weeks'],
  ['v1', 'db=Metrics&rp=x', 'Metrics/x'],
  ['v1', 'consistency=all&db=metrics&rp=two_weeks&u=x&p=y', 'metrics/two_weeks'],
  ['v1', 'db=metrics&rp=DEFAULT', 'metrics'],
  ['v1', 'db=metrics&rp=%27%27', 'metrics'],
  ['v1', 'db=metrics&rp=two%5FWeeks', 'metrics/two_weeks'],
  ['v1', 'db=metrics/two_weeks', 'metrics/two_weeks'],
  ['v1', 'db=metrics/autogen', 'metrics/autogen'],
  ['v1', 'db=metrics/x&rp=autogen', 'metrics/x'],
  ['v1', 'db=metrics&bucket=other&org=acme', 'metrics'],
  ['v1', '%64b=%6Detrics', 'metrics'],
  ['v1', '&&db=metrics&', 'metrics'],
  ['v2', 'bucket=metrics/AutoGen', 'metrics'],
  ['v2', "bucket=metrics/''", 'metrics'],
  ['v2', 'bucket=metrics&rp=two_weeks', 'metrics'],
  ['v2', 'orgID=0123456789abcdef&bucket=Metrics', 'Metrics'],
  ['v3', 'db=metrics&rp=two_weeks', 'metrics'],
  ['v3', 'db=metrics/Two&bucket=other', 'metrics/Two'],
  ['v2', 'bucket=metrics&org=acme', 'metrics'],
  ['v2', 'bucket=metrics%2Ftwo_weeks&org=', 'metrics/two_weeks'],
  ['v2', 'bucket=metrics/Two', 'metrics/Two'],
  ['v2', 'bucket=metrics/autogen', 'metrics'],
  ['v2', 'bucket=metrics/default', 'metrics'],
  ['v2', 'bucket=metrics&db=a&db=b', 'metrics'],
  ['v3', 'db=metrics', 'metrics'],
  ['v3', 'db=metrics/autogen', 'metrics/autogen'],
  ['v3', 'db=a-b_C/9', 'a-b_C/9'],
  ['v3', `db=${'a'.repeat(64)}`, 'a'.repeat(64)],
];
for (const [dialect, query, database] of databases) {
  test(`${dialect} ${query} writes to ${database}`, () => assert.equal(read(dialect, query).database, database));
}

/** Parameters that clients send and that change nothing, whatever they hold and however often they stand. */
const ignored: readonly (readonly [dialect: Dialect, query: string])[] = [
  ['v1', 'consistency=one'], ['v1', 'consistency=all&consistency='], ['v1', 'u=root&u=x'], ['v1', 'p='], ['v1', 'org=acme&orgID=1'],
  ['v1', 'no_sync=maybe'], ['v1', 'bucket=x&bucket=y'], ['v1', 'DB=x'],
  ['v2', 'org=acme&org='], ['v2', 'orgID=0123456789abcdef'], ['v2', 'consistency=any'], ['v2', 'u=x&p=y&p=z'], ['v2', 'db=x&db=y'], ['v2', 'rp=a&rp=b'],
  ['v2', 'no_sync=1&no_sync=2'],
  ['v3', 'org='], ['v3', 'u=x&p=y&p=z'], ['v3', 'consistency=all'], ['v3', 'rp=a&rp=b'], ['v3', 'bucket=x&bucket=y'], ['v3', '=&=x'],
];
for (const [dialect, query] of ignored) {
  test(`${dialect} takes no notice of ${query}`, () => {
    const plain = `${nameParameter(dialect)}=d`;
    for (const whole of [`${plain}&${query}`, `${query}&${plain}`]) assert.deepEqual(read(dialect, whole), read(dialect, plain));
  });
}

test('a request without a database is told which parameter to add', () => {
  for (const dialect of DIALECTS) {
    for (const query of ['', `${nameParameter(dialect)}=`, nameParameter(dialect), 'rp=x', 'DB=x', `${nameParameter(dialect)}=&precision=s`]) {
      assert.throws(() => read(dialect, query), { code: 'database-missing', message: new RegExp(`add ${nameParameter(dialect)}=NAME`) });
    }
  }
});

test('database names outside the rules are refused on every endpoint', () => {
  const wrong = ['_internal', '-a', 'a.b', 'a b', 'é', '/a', 'a/', 'a/b/c', 'a//', 'a/autogen/x', 'x'.repeat(65), 'a\n', 'a"b', '..', 'sshd.service'];
  for (const dialect of DIALECTS) {
    for (const name of wrong) {
      const query = `${nameParameter(dialect)}=${encodeURIComponent(name)}`;
      assert.equal(codeOf(() => read(dialect, query)), 'bad-database-name', `${dialect} ${name}`);
    }
  }
  assert.equal(codeOf(() => read('v1', `db=${'x'.repeat(60)}&rp=long`)), 'bad-database-name');
  assert.equal(codeOf(() => read('v1', 'db=a/b&rp=c')), 'bad-database-name');
  assert.equal(codeOf(() => read('v1', 'db=a&rp=a+b')), 'bad-database-name');
});

test('an error repeats no more than a part of a long name', () => {
  assert.throws(() => read('v3', `db=${'x'.repeat(5000)}`), (error: SluiceError) => error.message.length < 300);
});

test('a text of 80 characters is repeated whole, a longer one is cut there', () => {
  const precision = (length: number) => () => read('v3', `db=d&precision=${'x'.repeat(length)}`);
  assert.throws(precision(80), /precision="x{80}" is none of/);
  assert.throws(precision(81), /precision="x{80}…" is none of/);
});

test('a policy without a database before it, or none behind the slash, is no policy', () => {
  for (const bucket of ['/autogen', '/', 'a/']) assert.equal(bucketDatabase(bucket), bucket);
});

const spellings: readonly [number, readonly string[]][] = [
  [abi.PRECISION_AUTO, ['auto', '']],
  [abi.PRECISION_NS, ['n', 'ns', 'nanosecond']],
  [abi.PRECISION_US, ['u', 'us', 'µ', 'µs', 'μs', 'microsecond']],
  [abi.PRECISION_MS, ['ms', 'millisecond']],
  [abi.PRECISION_S, ['s', 'second']],
  [abi.PRECISION_M, ['m', 'minute']],
  [abi.PRECISION_H, ['h', 'hour']],
];
test('every spelling of a precision holds on every endpoint', () => {
  for (const dialect of DIALECTS) {
    for (const [precision, words] of spellings) {
      for (const word of words) {
        const query = `${nameParameter(dialect)}=d&precision=${encodeURIComponent(word)}`;
        assert.equal(read(dialect, query).precision, precision, `${dialect} ${word}`);
      }
    }
    for (const word of ['S', 'sec', 'seconds', 'min', 'minutes', 'days', 'd', 'w', 'NS', 'Auto', '+s', 's%00', 'constructor']) {
      assert.equal(codeOf(() => read(dialect, `${nameParameter(dialect)}=d&precision=${word}`)), 'bad-parameter', word);
    }
  }
});

test('an absent precision is auto, nanoseconds for Telegraf, and what --legacy-precision says for v1 and v2', () => {
  const telegraf = { 'user-agent': 'Telegraf/1.39.3 Go/1.26.8' };
  for (const dialect of DIALECTS) {
    const query = `${nameParameter(dialect)}=d`;
    assert.equal(read(dialect, query).precision, abi.PRECISION_AUTO);
    assert.equal(read(dialect, query, { 'user-agent': 'curl/8 Telegraf/1' }).precision, abi.PRECISION_AUTO);
    assert.equal(read(dialect, query, telegraf).precision, abi.PRECISION_NS);
    assert.equal(read(dialect, `${query}&precision=s`, telegraf).precision, abi.PRECISION_S);
    const legacy = { legacyPrecision: 'ns', databaseNames: 'plain' } as const;
    assert.equal(read(dialect, query, {}, legacy).precision, dialect === 'v3' ? abi.PRECISION_AUTO : abi.PRECISION_NS);
    assert.equal(read(dialect, `${query}&precision=auto`, {}, legacy).precision, abi.PRECISION_AUTO);
  }
});

test('accept_partial is true by default everywhere; no_sync counts on v3 alone', () => {
  for (const dialect of DIALECTS) {
    const query = `${nameParameter(dialect)}=d`;
    assert.equal(read(dialect, query).acceptPartial, true);
    assert.equal(read(dialect, `${query}&accept_partial=true`).acceptPartial, true);
    assert.equal(read(dialect, `${query}&accept_partial=false`).acceptPartial, false);
    for (const value of ['1', '', 'False']) assert.equal(codeOf(() => read(dialect, `${query}&accept_partial=${value}`)), 'bad-parameter');
    assert.equal(read(dialect, query).noSync, false);
    assert.equal(read(dialect, `${query}&no_sync=true`).noSync, dialect === 'v3');
    assert.equal(codeOf(() => read(dialect, `${query}&no_sync=1`)), dialect === 'v3' ? 'bad-parameter' : 'none');
  }
});

test('a parameter with a meaning may stand once only', () => {
  for (const [dialect, names] of [
    ['v1', ['db', 'rp', 'precision', 'accept_partial', 'p']], ['v2', ['bucket', 'precision', 'accept_partial']],
    ['v3', ['db', 'precision', 'accept_partial', 'no_sync']],
  ] as const) {
    for (const name of names) assert.equal(codeOf(() => read(dialect, `${name}=x&${name}=x`)), 'bad-parameter', `${dialect} ${name}`);
    assert.equal(codeOf(() => read(dialect, `${nameParameter(dialect)}=d&org=a&org=b`)), 'none');
  }
});

test('identity and gzip are the encodings', () => {
  const encoding = (value: string) => read('v3', 'db=d', { 'content-encoding': value }).encoding;
  assert.deepEqual(['', 'identity', 'Identity'].map(encoding), [0, 0, 0]);
  assert.deepEqual(['gzip', 'GZIP', 'x-gzip', ' gzip '].map(encoding), [1, 1, 1, 1]);
  for (const value of ['deflate', 'zstd', 'br', 'gzip, gzip']) assert.equal(codeOf(() => encoding(value)), 'bad-encoding', value);
});
