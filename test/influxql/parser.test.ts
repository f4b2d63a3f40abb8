import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatements } from '../src/influxql.js';
import type { Statement } from '../src/influxql.js';

const create = (database: string, policy = ''): Statement => ({ kind: 'create database', database, policy });
const tags = (sources: readonly (readonly [database: string, policy: string, measurement: string])[], database = ''): Statement => ({
  kind: 'show tag keys', database, sources: sources.map(([named, policy, measurement]) => ({ database: named, policy, measurement })),
});

const read: readonly (readonly [text: string, statements: readonly Statement[]])[] = [
  ['CREATE DATABASE "metrics"', [create('metrics')]],
  ['create database metrics', [create('metrics')]],
  ['CREATE DATABASE my-db_2/rp;', [create('my-db_2/rp')]],
  ['CREATE DATABASE 2026', [create('2026')]],
  ['\t CREATE\nDATABASE  "a b" ', [create('a b')]],
  [String.raw`CREATE DATABASE "a\"b\\c\nd"`, [create('a"b\\c\nd')]],
  ['CREATE DATABASE "with"', [create('with')]],
  ['CREATE DATABASE database', [create('database')]],
  ['CREATE DATABASE "a;b"', [create('a;b')]],
  ['CREATE DATABASE IF NOT EXISTS m', [create('m')]],
  ['CREATE DATABASE if', [create('if')]],
  ['CREATE DATABASE m WITH DURATION 3d REPLICATION 1 SHARD DURATION 1h NAME "liquid"', [create('m', 'liquid')]],
  ['CREATE DATABASE m with name "r"; CREATE DATABASE n WITH SHARD DURATION INF', [create('m', 'r'), create('n')]],
  ['CREATE DATABASE m WITH PAST LIMIT 1d FUTURE LIMIT 1h', [create('m')]],
  ['DROP DATABASE "metrics"', [{ kind: 'drop database', database: 'metrics' }]],
  ['DROP MEASUREMENT "c p,u"', [{ kind: 'drop measurement', measurement: 'c p,u' }]],
  ['drop measurement größe', [{ kind: 'drop measurement', measurement: 'größe' }]],
  ['SHOW DATABASES', [{ kind: 'show databases' }]],
  ['SHOW RETENTION POLICIES', [{ kind: 'show retention policies', database: '' }]],
  ['show retention policies on "m"', [{ kind: 'show retention policies', database: 'm' }]],
  ['SHOW MEASUREMENTS', [{ kind: 'show measurements', database: '' }]],
  ['SHOW MEASUREMENTS ON m', [{ kind: 'show measurements', database: 'm' }]],
  ['SHOW TAG KEYS', [tags([])]],
  ['SHOW TAG KEYS ON m FROM cpu', [tags([['', '', 'cpu']], 'm')]],
  ['SHOW TAG KEYS FROM "rp"."cpu", db..mem,"d"."r"."m"', [tags([['', 'rp', 'cpu'], ['db', '', 'mem'], ['d', 'r', 'm']])]],
  ['SHOW FIELD KEYS FROM cpu', [{ kind: 'show field keys', database: '', sources: [{ database: '', policy: '', measurement: 'cpu' }] }]],
  [';; SHOW DATABASES ;; SHOW DATABASES;', [{ kind: 'show databases' }, { kind: 'show databases' }]],
  ['', []],
  [' ; ', []],
];
for (const [text, statements] of read) {
  test(`${JSON.stringify(text)} is read`, () => assert.deepEqual(parseStatements(text), statements));
}

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ['CREATE DATABASE', /found its end, expected a name/],
  ['CREATE DATABASE ;', /found ; at character 17, expected a name/],
  ['CREATE DATABASE "open', /double quote at character 17 is not closed/],
  ['CREATE DATABASE "open\\', /double quote at character 17 is not closed/],
  ["CREATE DATABASE 'single'", /found ' at character 17, expected a name, in double quotes/],
  ['CREATE DATABASE a b', /found b at character 19, expected ; or the end/],
  ['CREATE DATABASE a.b', /found \. at character 18, expected ;/],
  ['CREATE DATABASE a WITH', /found its end, expected DURATION/],
  ['CREATE DATABASE a WITH pleasure', /found pleasure at character 24, expected DURATION/],
  ['CREATE DATABASE IF EXISTS a', /found EXISTS/],
  ['SHOW MEASUREMENTS LIMIT 5', /found LIMIT at character 19/],
  ['SHOW MEASUREMENTS ON', /found its end, expected a name/],
  ['SHOW TAG KEYS FROM /cpu/', /found \/ at character 20/],
  ['SHOW TAG KEYS FROM a.b.c.d', /expected a measurement with a retention policy/],
  ['SHOW TAG KEYS FROM a,', /found its end/],
  ['SHOW TAG KEYS FROM "a"."', /not closed/],
  ['SHOW DATABASES SHOW DATABASES', /found SHOW at character 16/],
  [`SHOW DATABASES${';SHOW DATABASES'.repeat(100)}`, /more than 100 statements/],
  ['SHOW "DATABASES"', /"SHOW DATABASES" is not answered here/],
];
for (const [text, message] of refused) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused`, () => assert.throws(() => parseStatements(text), { code: 'bad-query', message }));
}

test('every other statement is told what is answered here and where SQL is', () => {
  for (const text of [
    'SELECT * FROM cpu', 'select mean("v") from "cpu" where host=\'a;b\' group by time(1m)', 'SHOW SERIES', 'SHOW TAG VALUES', 'DELETE FROM cpu',
    'DROP SERIES FROM cpu', 'CREATE RETENTION POLICY "r" ON "d" DURATION 1d REPLICATION 1', 'ALTER RETENTION POLICY r ON d', 'SHOW', 'x', '*',
    'CREATE USER "u" WITH PASSWORD \'p\'', 'SHOW DATABASES; SELECT 1', 'EXPLAIN SHOW DATABASES',
  ]) {
    assert.throws(() => parseStatements(text), { code: 'bad-query', message: /error parsing query: ".*" is not answered here.*SHOW FIELD KEYS.*sluice query.*docs\/reading\.md/ }, text);
  }
});

test('long nonsense is refused in time that grows with its length alone', () => {
  for (const text of ['"'.repeat(65_535), `${'\\"'.repeat(32_000)}`, `"${'\\"'.repeat(32_000)}`, `CREATE DATABASE ${'a'.repeat(65_000)} b`, '-'.repeat(65_000)]) {
    const begin = performance.now();
    assert.throws(() => parseStatements(text), (error: Error) => error.message.length < 1000);
    assert.ok(performance.now() - begin < 1000, text.slice(0, 10));
  }
});
