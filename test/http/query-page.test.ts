/** /query on both listeners: how clients ask, what they are told. */
import assert from 'node:assert/strict';
import { SluiceError } from '../../src/errors.js';
import { onBoth } from './harness.js';
import type { Options } from './harness.js';
import { chunks, LAST_CHUNK, post, postChunked } from './raw-client.js';
import type { RawAnswer, RawClient } from './raw-client.js';

const FORM = 'Content-Type: application/x-www-form-urlencoded';

function get(target: string, headers: readonly string[] = [], method = 'GET'): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
}

async function ask(client: RawClient, request: string | Uint8Array, head = false): Promise<RawAnswer> {
  await client.send(request);
  return client.answer({ head });
}

function queryOf(q: string, more: Readonly<Record<string, string>> = {}): string {
  return String(new URLSearchParams({ q, ...more }));
}

/** A request as a client sends it, which creates the database `made`. */
const creations: readonly (readonly [client: string, request: string | Uint8Array])[] = [
  ['Telegraf', post('/query', 'q=CREATE+DATABASE+%22made%22', [FORM])],
  ['Telegraf with a database of its own', post('/query?db=other', 'q=CREATE+DATABASE+%22made%22', ['Content-Type: application/x-www-form-urlencoded; charset=utf-8'])],
  ['node-influx', post('/query?q=create%20database%20%22made%22', '')],
  ['influxdb-python', post('/query?q=CREATE+DATABASE+%22made%22&db=made', '', ['Content-Type: application/json', 'Accept: application/x-msgpack'])],
  ['influxdb-python with gzip', post('/query?q=CREATE+DATABASE+%22made%22&db=made', '', ['Content-Type: application/json', 'Content-Encoding: gzip'])],
  ['influxdb-python with gzip, without a length', get('/query?q=CREATE+DATABASE+%22made%22', ['Content-Type: application/json', 'Content-Encoding: gzip'], 'POST')],
  ['influxdb1-client', post('/query?db=&params=%7B%7D&q=CREATE+DATABASE+%22made%22', '', ['Content-Type: '])],
  ['k6', post('/query?db=&params=%7B%7D&q=CREATE+DATABASE+made', '', ['Content-Type: '])],
  ['aioinflux', post('/query', queryOf('CREATE DATABASE "made"', { db: 'made' }), [FORM])],
  ['influxdb-java', get('/query?q=CREATE+DATABASE+%22made%22')],
  ['influxdb-java by POST', post('/query', 'q=CREATE%20DATABASE%20%22made%22', [FORM])],
  ['a form in the URL too', post('/query?q=DROP+DATABASE+x', queryOf('CREATE DATABASE made'), [FORM])],
  ['a body without a type', post('/query', queryOf('CREATE DATABASE made'))],
  ['the statement as the body', post('/query', 'CREATE DATABASE "made"', ['Content-Type: application/vnd.influxql'])],
  ['a JSON object', post('/query', JSON.stringify({ q: 'CREATE DATABASE made' }), ['Content-Type: application/json'])],
  ['in chunks', Buffer.concat([Buffer.from(postChunked('/query', [FORM])), chunks(Buffer.from('q=CREATE+DATABASE+made'), 3), Buffer.from(LAST_CHUNK)])],
  ['with a retention policy', post('/query', queryOf('CREATE DATABASE "made" WITH DURATION 1d REPLICATION 1 NAME "r"'), [FORM])],
];
onBoth('CREATE DATABASE as each client sends it', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [name, request] of creations) {
    schema.changes.length = 0;
    const answer = await ask(client, request);
    assert.equal(answer.status, 200, `${name}: ${answer.body}`);
    assert.equal(answer.headers.get('content-type'), 'application/json', name);
    assert.equal(answer.body, '{"results":[{"statement_id":0}]}', name);
    assert.deepEqual(schema.changes, ['create made'], name);
  }
});

const one = (...series: readonly unknown[]): unknown => ({ results: [series.length === 0 ? { statement_id: 0 } : { statement_id: 0, series }] });
const failed = (error: string): unknown => ({ results: [{ statement_id: 0, error }] });
const names = (name: string, ...values: readonly string[]): unknown => ({ name, columns: ['name'], values: values.map((value) => [value]) });
const POLICY_COLUMNS = ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'];
const CPU_TAGS = { name: 'cpu', columns: ['tagKey'], values: [['host'], ['region']] };
const CPU_FIELDS = {
  name: 'cpu', columns: ['fieldKey', 'fieldType'],
  values: [['a "name"', 'string'], ['bytes', 'unsigned'], ['cores', 'integer'], ['load', 'float'], ['up', 'boolean']],
};
const fieldsOf = (measurement: string): unknown => ({ name: measurement, columns: ['fieldKey', 'fieldType'], values: [['v', 'float']] });
const NO_DATABASE = failed('the request names no database: database name required: add db=NAME to the query string, or ON NAME to the statement');

const shown: readonly (readonly [q: string, more: Record<string, string>, answer: unknown])[] = [
  ['SHOW DATABASES', {}, one(names('databases', 'metrics', 'metrics/two_weeks', 'empty'))],
  ['SHOW RETENTION POLICIES ON metrics', {}, one({ columns: POLICY_COLUMNS, values: [['autogen', '0s', '0s', 1, true], ['two_weeks', '0s', '0s', 1, false]] })],
  ['SHOW RETENTION POLICIES', { db: 'empty' }, one({ columns: POLICY_COLUMNS, values: [['autogen', '0s', '0s', 1, true]] })],
  ['SHOW RETENTION POLICIES', {}, NO_DATABASE],
  ['SHOW RETENTION POLICIES ON nil', {}, failed('database not found: nil')],
  ['SHOW MEASUREMENTS', { db: 'metrics' }, one(names('measurements', 'bare metal', 'cpu'))],
  ['SHOW MEASUREMENTS ON metrics', { db: 'empty' }, one(names('measurements', 'bare metal', 'cpu'))],
  ['SHOW MEASUREMENTS', { db: 'metrics', rp: 'autogen' }, one(names('measurements', 'bare metal', 'cpu'))],
  ['SHOW MEASUREMENTS', { db: 'metrics', rp: 'Two_Weeks' }, one(names('measurements', 'old'))],
  ['SHOW MEASUREMENTS', { db: 'empty' }, one()],
  ['SHOW MEASUREMENTS', {}, NO_DATABASE],
  ['SHOW MEASUREMENTS', { db: 'nil' }, failed('database not found: nil')],
  ['SHOW TAG KEYS', { db: 'metrics' }, one(CPU_TAGS)],
  ['SHOW TAG KEYS FROM cpu', { db: 'metrics' }, one(CPU_TAGS)],
  ['SHOW TAG KEYS FROM "bare metal"', { db: 'metrics' }, one()],
  ['SHOW TAG KEYS FROM nil', { db: 'metrics' }, one()],
  ['SHOW TAG KEYS ON nil', { db: 'metrics' }, failed('database not found: nil')],
  ['SHOW FIELD KEYS', { db: 'metrics' }, one(fieldsOf('bare metal'), CPU_FIELDS)],
  ['SHOW FIELD KEYS ON metrics FROM cpu', {}, one(CPU_FIELDS)],
  ['SHOW FIELD KEYS FROM cpu, two_weeks.old', { db: 'metrics' }, one(CPU_FIELDS, fieldsOf('old'))],
  ['SHOW FIELD KEYS FROM metrics..cpu', { db: 'empty' }, one(CPU_FIELDS)],
  ['SHOW FIELD KEYS FROM "metrics"."two_weeks"."old"', {}, one(fieldsOf('old'))],
  ['SHOW FIELD KEYS FROM cpu', {}, NO_DATABASE],
  [';', {}, { results: [] }],
];
onBoth('SHOW answers in the shape of InfluxDB 1', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [q, more, expected] of shown) {
    for (const request of [get(`/query?${queryOf(q, more)}`), post('/query', queryOf(q, more), [FORM])]) {
      const answer = await ask(client, request);
      assert.equal(answer.status, 200, q);
      assert.equal(answer.headers.get('content-type'), 'application/json');
      assert.deepEqual(JSON.parse(answer.body), expected, `${q} ${JSON.stringify(more)}`);
    }
  }
  assert.deepEqual(schema.changes, []);
  const head = await ask(client, get(`/query?${queryOf('SHOW DATABASES')}`, [], 'HEAD'), true);
  assert.equal(head.status, 200);
  assert.ok(Number(head.headers.get('content-length')) > 0);
});

const changed: readonly (readonly [q: string, more: Record<string, string>, answer: unknown, changes: readonly string[]])[] = [
  ['CREATE DATABASE metrics', {}, one(), ['create metrics']],
  ['CREATE DATABASE "a.b"', {}, failed('the database name is not allowed: holds something else than ASCII letters, digits, _, - and one /'), []],
  ['CREATE DATABASE "a/b/c"', {}, failed('the database name is not allowed: holds more than one /'), []],
  ['DROP DATABASE empty', {}, one(), ['drop empty']],
  ['DROP DATABASE nil', {}, one(), ['drop nil']],
  ['DROP MEASUREMENT cpu', { db: 'metrics' }, one(), ['drop metrics cpu']],
  ['DROP MEASUREMENT cpu', { db: 'metrics' }, failed('measurement not found: cpu'), ['drop metrics cpu']],
  ['DROP MEASUREMENT old', { db: 'metrics', rp: 'two_weeks' }, one(), ['drop metrics/two_weeks old']],
  ['DROP MEASUREMENT cpu', { db: 'nil' }, failed('database not found: nil'), []],
  ['DROP MEASUREMENT cpu', {}, NO_DATABASE, []],
  ['CREATE DATABASE a; SHOW MEASUREMENTS ON nil; CREATE DATABASE b', {}, {
    results: [{ statement_id: 0 }, { statement_id: 1, error: 'database not found: nil' }, { statement_id: 2, error: 'not executed' }],
  }, ['create a']],
  ['CREATE DATABASE c; SHOW MEASUREMENTS ON c;DROP DATABASE c', {}, { results: [{ statement_id: 0 }, { statement_id: 1 }, { statement_id: 2 }] }, ['create c', 'drop c']],
];
onBoth('CREATE and DROP change the databases', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [q, more, expected, changes] of changed) {
    schema.changes.length = 0;
    const answer = await ask(client, post('/query', queryOf(q, more), [FORM]));
    assert.equal(answer.status, 200, q);
    assert.deepEqual(JSON.parse(answer.body), expected, q);
    assert.deepEqual(schema.changes, changes, q);
  }
});

onBoth('what cannot be read is 400, and nothing of it is done', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [request, message] of [
    [get('/query'), /missing required parameter "q"/],
    [get('/query?q=&db=metrics'), /missing required parameter "q"/],
    [post('/query', '', [FORM]), /missing required parameter "q"/],
    [post('/query', 'Q=SHOW+DATABASES', [FORM]), /missing required parameter "q"/],
    [get(`/query?${queryOf('CREATE DATABASE a; SELECT * FROM cpu')}`), /"SELECT \*" is not answered here; .*sluice query.*docs\/reading\.md/],
    [post('/query', queryOf('CREATE DATABASE a b'), [FORM]), /error parsing query: found b at character 19/],
    [post('/query', '{"q":', ['Content-Type: application/json']), /not JSON/],
    [post('/query', '[]', ['Content-Type: application/json']), /not a JSON object/],
    [post('/query', '{"q":1}', ['Content-Type: application/json']), /"q" is not a text/],
    [post('/query', 'q=CREATE+DATABASE+a', [FORM, 'Content-Encoding: gzip']), /Content-Encoding is not supported.*not packed on this path/],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, 400, answer.body);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.match(JSON.parse(answer.body).error, message);
    assert.match(answer.headers.get('x-influxdb-error')!, /./);
  }
  assert.deepEqual(schema.changes, []);
});

onBoth('a body over 64 KiB is 413, stated or not', {}, async ({ connect, schema, memory }) => {
  const client = await connect();
  const exact = `q=CREATE+DATABASE+a${'+'.repeat(65_536 - 19)}`;
  assert.equal((await ask(client, post('/query', exact, [FORM]))).status, 200);
  assert.equal((await ask(client, post('/query', `${exact}+`, [FORM]))).status, 413);
  await client.send(postChunked('/query', [FORM]));
  const unstated = await ask(client, Buffer.concat([chunks(Buffer.from(`${exact}+`), 8192), Buffer.from(LAST_CHUNK)]));
  assert.equal(unstated.status, 413);
  assert.match(JSON.parse(unstated.body).error, /65536/);
  assert.equal((await ask(client, get(`/query?${queryOf('SHOW DATABASES')}`))).status, 200);
  assert.deepEqual(schema.changes, ['create a']);
  assert.equal(memory.freeBlocks, memory.blockCount);
});

onBoth('faults of the server are no results: 503 to try again, 500 in the log', {}, async ({ connect, schema, errors }) => {
  const client = await connect();
  schema.fault = new SluiceError('log-failed', 'the disk is gone');
  const down = await ask(client, post('/query', queryOf('CREATE DATABASE a'), [FORM]));
  assert.equal(down.status, 503);
  assert.equal(down.headers.get('retry-after'), '1');
  assert.match(JSON.parse(down.body).error, /the disk is gone/);
  schema.fault = new SluiceError('too-many-databases', '64 exist');
  const full = await ask(client, post('/query', queryOf('CREATE DATABASE a'), [FORM]));
  assert.deepEqual([full.status, JSON.parse(full.body)], [200, failed('the limit of databases is reached: 64 exist')]);
  schema.fault = new Error('a defect');
  const broken = await ask(client, post('/query', queryOf('CREATE DATABASE a'), [FORM]));
  assert.equal(broken.status, 500);
  assert.doesNotMatch(broken.body, /a defect/);
  assert.match(errors.join(), /POST \/query failed: Error: a defect/);
});

const AUTH: Options = { auth: { trustedProxies: [] } };

onBoth('a token sees and makes its own databases, and drops none', AUTH, async ({ connect, schema, tokens }) => {
  const client = await connect();
  const { token } = await tokens.create({
    name: 'agent', lifeMs: null,
    rights: [{ databases: ['metrics', 'made*'], permissions: ['write'] }, { databases: ['empty'], permissions: ['read'] }],
  });
  for (const [q, more, expected] of [
    ['SHOW DATABASES', {}, one(names('databases', 'metrics', 'empty'))],
    ['SHOW RETENTION POLICIES ON metrics', {}, one({ columns: POLICY_COLUMNS, values: [['autogen', '0s', '0s', 1, true]] })],
    ['SHOW MEASUREMENTS', { db: 'metrics' }, one(names('measurements', 'bare metal', 'cpu'))],
    ['SHOW MEASUREMENTS', { db: 'empty' }, one()],
    ['SHOW MEASUREMENTS', {}, NO_DATABASE],
    ['CREATE DATABASE made_1', {}, one()],
  ] as const) {
    const answer = await ask(client, get(`/query?${queryOf(q, { ...more, u: 'x', p: token })}`));
    assert.equal(answer.status, 200, `${q}: ${answer.body}`);
    assert.deepEqual(JSON.parse(answer.body), expected, q);
  }
  assert.deepEqual(schema.changes.splice(0), ['create made_1']);
  for (const [q, more] of [
    ['CREATE DATABASE other', {}],
    ['CREATE DATABASE empty', {}],
    ['DROP DATABASE metrics', {}],
    ['DROP MEASUREMENT cpu', { db: 'metrics' }],
    ['CREATE DATABASE made_2; DROP DATABASE made_2', {}],
    ['SHOW MEASUREMENTS', { db: 'metrics', rp: 'two_weeks' }],
    ['SHOW RETENTION POLICIES ON nil', {}],
    ['SHOW TAG KEYS FROM metrics.two_weeks.old', { db: 'metrics' }],
    ['SHOW FIELD KEYS FROM cpu, two_weeks.old', { db: 'metrics' }],
  ] as const) {
    const answer = await ask(client, post('/query', queryOf(q, more), [FORM, `Authorization: Token ${token}`]));
    assert.equal(answer.status, 403, `${q}: ${answer.body}`);
    assert.match(JSON.parse(answer.body).error, /does not allow/);
  }
  for (const request of [get(`/query?${queryOf('SHOW DATABASES')}`), get(`/query?${queryOf('SHOW DATABASES', { p: 'wrong' })}`), post('/query', queryOf('DROP DATABASE metrics', { p: token }), [FORM])]) {
    const answer = await ask(client, request);
    assert.equal(answer.status, 401);
    assert.match(JSON.parse(answer.body).error, /^authorization failed/);
  }
  assert.deepEqual(schema.changes, []);
});

onBoth('an admin drops', AUTH, async ({ connect, schema, admin }) => {
  const client = await connect();
  for (const [q, more] of [['DROP DATABASE empty', {}], ['DROP MEASUREMENT cpu', { db: 'metrics' }]] as const) {
    assert.equal((await ask(client, post('/query', queryOf(q, more), [FORM, `Authorization: Bearer ${admin}`]))).status, 200);
  }
  assert.deepEqual(schema.changes, ['drop empty', 'drop metrics cpu']);
});
