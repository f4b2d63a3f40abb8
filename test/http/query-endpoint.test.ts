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
  ['a JSON object with more', post('/query', JSON.stringify({ q: 'CREATE DATABASE made', chunked: false, epoch: 'ms' }), ['Content-Type: application/json'])],
  ['curl with a file', post('/query', [
    '--b0', 'Content-Disposition: form-data; name="db"', '', 'other', '--b0', 'Content-Disposition: form-data; name="q"; filename="a.txt"', 'Content-Type: text/plain', '',
    'CREATE DATABASE', '"made"', '--b0--', '',
  ].join('\r\n'), ['Content-Type: multipart/form-data; boundary=b0'])],
  ['with a retention policy', post('/query', queryOf('CREATE DATABASE "fresh" WITH DURATION 1d REPLICATION 1 NAME "r"'), [FORM])],
];
onBoth('CREATE DATABASE as each client sends it', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [name, request] of creations) {
    schema.changes.length = 0;
    const answer = await ask(client, request);
    assert.equal(answer.status, 200, `${name}: ${answer.body}`);
    assert.equal(answer.headers.get('content-type'), 'application/json', name);
    assert.equal(answer.body, '{"results":[{"statement_id":0}]}', name);
    assert.deepEqual(schema.changes, [name === 'with a retention policy' ? 'create fresh 86400' : 'create made'], name);
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
  ['SHOW MEASUREMENTS LIMIT 1', { db: 'metrics' }, one(names('measurements', 'bare metal'))],
  ['SHOW MEASUREMENTS LIMIT 5 OFFSET 1', { db: 'metrics' }, one(names('measurements', 'cpu'))],
  ['SHOW MEASUREMENTS OFFSET 2', { db: 'metrics' }, one()],
  ['SHOW MEASUREMENTS WITH MEASUREMENT = cpu', { db: 'metrics' }, one(names('measurements', 'cpu'))],
  ['SHOW MEASUREMENTS WITH MEASUREMENT =~ /(?i)CPU|METAL$/ LIMIT 100', { db: 'metrics' }, one(names('measurements', 'bare metal', 'cpu'))],
  ['SHOW MEASUREMENTS WITH MEASUREMENT =~ /^metal/', { db: 'metrics' }, one()],
  ['SHOW MEASUREMENT CARDINALITY ON metrics', {}, one({ columns: ['cardinality estimation'], values: [[2]] })],
  ['SHOW MEASUREMENT EXACT CARDINALITY', { db: 'empty' }, one({ columns: ['count'], values: [[0]] })],
  ['SHOW TAG KEYS', { db: 'metrics' }, one(CPU_TAGS)],
  ['SHOW TAG KEYS FROM /^c/ LIMIT 1', { db: 'metrics' }, one({ ...CPU_TAGS, values: [['host']] })],
  ['SHOW FIELD KEYS FROM metrics.two_weeks././', { db: 'empty' }, one(fieldsOf('old'))],
  ['SHOW USERS', {}, one({ columns: ['user', 'admin'] })],
  ['SHOW SUBSCRIPTIONS', {}, one()],
  ['SHOW CONTINUOUS QUERIES', {}, one(...['metrics', 'metrics/two_weeks', 'empty'].map((name) => ({ name, columns: ['name', 'query'] })))],
  ['SHOW QUERIES', {}, one({ columns: ['qid', 'query', 'database', 'duration', 'status'] })],
  ['SHOW STATS', {}, one(...[['metrics', 2], ['metrics/two_weeks', 1], ['empty', 0]].map(([database, count]) => ({
    name: 'database', tags: { database }, columns: ['numMeasurements'], values: [[count]],
  })))],
  ["SHOW STATS FOR 'runtime'", {}, one()],
  ["SHOW DIAGNOSTICS FOR 'build'", {}, one({ name: 'build', columns: ['Branch', 'Build Time', 'Commit', 'Version'], values: [['', '', '', '1.8.10']] })],
  ["SHOW DIAGNOSTICS FOR 'sluice'", {}, one({ name: 'sluice', columns: ['version'], values: [['v0.1.0-test']] })],
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

const PASSED_OVER = 'DEFAULT is passed over: writes without a policy go to metrics, which has rows and keeps them as before; '
  + 'ALTER RETENTION POLICY autogen ON "metrics" DURATION changes that';
const UNREAD = 'error parsing query: "x" is not answered here; this endpoint answers CREATE, ALTER and DROP of databases, retention policies '
  + 'and measurements, DELETE, DROP SERIES, SHOW DATABASES, MEASUREMENTS, TAG KEYS, FIELD KEYS, RETENTION POLICIES, STATS and DIAGNOSTICS; rows are read with SQL: '
  + '/api/v3/query_sql, `sluice query --database NAME "SELECT ..."`, or any engine that opens the tables (docs/reading.md)';
const changed: readonly (readonly [q: string, more: Record<string, string>, answer: unknown, changes: readonly string[]])[] = [
  ['CREATE DATABASE metrics', {}, one(), ['create metrics']],
  ['CREATE DATABASE "a.b"', {}, failed('the database name is not allowed: holds something else than ASCII letters, digits, _, - and one / (sluice serve --database-names any takes more)'), []],
  ['CREATE DATABASE "a/b/c"', {}, failed('the database name is not allowed: holds more than one /'), []],
  ['CREATE RETENTION POLICY r ON empty DURATION 30d REPLICATION 1 DEFAULT', {}, one(), ['create empty/r 2592000', 'set empty 2592000']],
  ['DROP DATABASE empty', {}, one(), ['drop empty']],
  ['DROP DATABASE nil', {}, one(), ['drop nil']],
  ['DROP MEASUREMENT cpu', { db: 'metrics' }, one(), ['drop metrics cpu']],
  ['DROP MEASUREMENT cpu', { db: 'metrics' }, failed('measurement not found: cpu'), ['drop metrics cpu']],
  ['DROP MEASUREMENT old', { db: 'metrics', rp: 'two_weeks' }, one(), ['drop metrics/two_weeks old']],
  ['DROP MEASUREMENT cpu', { db: 'nil' }, failed('database not found: nil'), []],
  ['DROP MEASUREMENT cpu', {}, NO_DATABASE, []],
  ['CREATE DATABASE kept WITH DURATION 7d', {}, one(), ['create kept 604800']],
  ['CREATE DATABASE metrics WITH DURATION INF REPLICATION 1', {}, one(), ['create metrics for-ever']],
  ['CREATE DATABASE metrics WITH DURATION 7d', {}, failed('retention policy conflicts with an existing policy'), ['create metrics 604800']],
  ['CREATE DATABASE short WITH DURATION 59m', {}, failed('retention policy duration must be at least 1h0m0s'), []],
  ['CREATE RETENTION POLICY r ON metrics DURATION 30d REPLICATION 1', {}, one(), ['create metrics/r 2592000']],
  ['CREATE RETENTION POLICY "Two_Weeks" ON metrics DURATION 14d REPLICATION 1', {}, failed('retention policy conflicts with an existing policy'), ['create metrics/two_weeks 1209600']],
  ['CREATE RETENTION POLICY "Two_Weeks" ON metrics DURATION INF REPLICATION 1', {}, one(), ['create metrics/two_weeks for-ever']],
  ['CREATE RETENTION POLICY r ON metrics DURATION 1m REPLICATION 1', {}, failed('retention policy duration must be at least 1h0m0s'), []],
  ['CREATE RETENTION POLICY r ON metrics DURATION 30d REPLICATION 1 DEFAULT', {}, { results: [{ statement_id: 0, messages: [{ level: 'warning', text: PASSED_OVER }] }] },
    ['create metrics/r 2592000']],
  ['ALTER RETENTION POLICY autogen ON metrics DURATION 1d; SHOW RETENTION POLICIES ON metrics', {},
    { results: [{ statement_id: 0 }, { statement_id: 1, series: [{ columns: POLICY_COLUMNS, values: [['autogen', '24h0m0s', '0s', 1, true], ['two_weeks', '0s', '0s', 1, false], ['r', '720h0m0s', '0s', 1, false]] }] }] },
    ['set metrics 86400']],
  ['ALTER RETENTION POLICY two_weeks ON metrics DURATION 90m SHARD DURATION 1h', {}, one(), ['set metrics/two_weeks 5400']],
  ['ALTER RETENTION POLICY two_weeks ON metrics REPLICATION 2', {}, one(), []],
  ['ALTER RETENTION POLICY two_weeks ON metrics DURATION 1s', {}, failed('retention policy duration must be at least 1h0m0s'), []],
  ['ALTER RETENTION POLICY nil ON metrics DURATION 1d', {}, failed('retention policy not found: nil'), []],
  ['CREATE RETENTION POLICY r ON nil DURATION 30d REPLICATION 1', {}, failed('database not found: nil'), []],
  ['DROP RETENTION POLICY "Two_Weeks" ON metrics', {}, one(), ['drop metrics/two_weeks']],
  ['DROP RETENTION POLICY "1h" ON metrics', {}, one(), []],
  ['DROP RETENTION POLICY autogen ON metrics', {}, failed('"autogen" is the database itself; DROP DATABASE drops it'), []],
  ['DROP CONTINUOUS QUERY q ON metrics; DROP SHARD 1', {}, { results: [{ statement_id: 0 }, { statement_id: 1 }] }, []],
  ['CREATE DATABASE "ntopng";CREATE RETENTION POLICY "raw" ON "ntopng" DURATION 30d REPLICATION 1 DEFAULT', {},
    { results: [{ statement_id: 0 }, { statement_id: 1 }] }, ['create ntopng', 'create ntopng/raw 2592000', 'set ntopng 2592000']],
  ['CREATE USER u WITH PASSWORD \'p\'; x; CREATE DATABASE d; CREATE DATABASE "e', {}, {
    results: [
      { statement_id: 0, error: 'sluice does not offer this: CREATE USER: there are tokens here and no users; `sluice token create` makes a token with rights of its own' },
      { statement_id: 1, error: UNREAD }, { statement_id: 2 },
      { statement_id: 3, error: 'error parsing query: the double quote at character 72 is not closed' },
    ],
  }, ['create d']],
  ['SELECT * FROM cpu', {}, failed('sluice does not offer this: SELECT: rows are read with SQL: /api/v3/query_sql, `sluice query --database NAME "SELECT ..."`, or any engine that opens the tables (docs/reading.md)'), []],
  ['CREATE DATABASE a; SHOW MEASUREMENTS ON nil; CREATE DATABASE b', {}, {
    results: [{ statement_id: 0 }, { statement_id: 1, error: 'database not found: nil' }, { statement_id: 2, error: 'not executed' }],
  }, ['create a']],
  ['CREATE DATABASE c; SHOW MEASUREMENTS ON c;DROP DATABASE c', {}, { results: [{ statement_id: 0 }, { statement_id: 1 }, { statement_id: 2 }] }, ['create c', 'drop c']],
];
onBoth('SHOW DIAGNOSTICS says since when', {}, async ({ connect, clock }) => {
  const client = await connect();
  const started = new Date(clock.nowMs()).toISOString();
  clock.advance(61_250);
  const answer = await ask(client, get(`/query?${queryOf("SHOW DIAGNOSTICS FOR 'system'")}`));
  assert.deepEqual(JSON.parse(answer.body), one({
    name: 'system', columns: ['currentTime', 'started', 'uptime'], values: [[new Date(clock.nowMs()).toISOString(), started, '61.250s']],
  }));
});

onBoth('results are pretty, a line each, or CSV for who asks', {}, async ({ connect }) => {
  const client = await connect();
  const q = 'SHOW DATABASES; SHOW MEASUREMENTS ON empty; SHOW FIELD KEYS ON metrics FROM cpu; SELECT 1; SHOW STATS';
  const plain = await ask(client, get(`/query?${queryOf(q)}`));
  const results: readonly unknown[] = JSON.parse(plain.body).results;
  const pretty = await ask(client, get(`/query?${queryOf(q, { pretty: 'true' })}`));
  assert.match(pretty.body, /^\{\n {4}"results": \[\n/);
  assert.deepEqual(JSON.parse(pretty.body), { results });
  const chunked = await ask(client, post('/query', JSON.stringify({ q, chunked: true }), ['Content-Type: application/json']));
  assert.deepEqual(chunked.body.split('\n').map((line) => (line === '' ? null : JSON.parse(line))), [...results.map((result) => ({ results: [result] })), null]);
  for (const accept of ['text/csv', 'application/csv; charset=utf-8']) {
    const csv = await ask(client, get(`/query?${queryOf(q)}`, [`Accept: ${accept}`]));
    assert.equal(csv.headers.get('content-type'), accept.split(';')[0]);
    assert.equal(csv.body, [
      'name,tags,name', 'databases,,metrics', 'databases,,metrics/two_weeks', 'databases,,empty', '',
      'name,tags,fieldKey,fieldType', 'cpu,,"a ""name""",string', 'cpu,,bytes,unsigned', 'cpu,,cores,integer', 'cpu,,load,float', 'cpu,,up,boolean', '',
      'error', '"sluice does not offer this: SELECT: rows are read with SQL: /api/v3/query_sql, `sluice query --database NAME ""SELECT ...""`, or any engine that opens the tables (docs/reading.md)"', '',
      'name,tags,numMeasurements', 'database,database=metrics,2', 'database,database=metrics/two_weeks,1', 'database,database=empty,0', '',
    ].join('\n'));
  }
  const both = await ask(client, get(`/query?${queryOf(q)}`, ['Accept: application/json, text/csv']));
  assert.equal(both.body, plain.body);
});

onBoth('a pattern that costs too much for so many measurements is refused', {}, async ({ connect, schema }) => {
  const client = await connect();
  schema.put('long', Array.from({ length: 100 }, (_, i) => ({ measurement: `${'a'.repeat(10_000)}${i}`, columns: [] })));
  const shownBy = async (pattern: string): Promise<string> => (
    (await ask(client, get(`/query?${queryOf(`SHOW MEASUREMENTS ON long WITH MEASUREMENT =~ /${pattern}/`)}`))).body);
  const order: string[] = [];
  const other = await connect();
  const long = shownBy('(a|a|a|a|a|a|a|a|a)*b').then((body) => {
    order.push('pattern');
    return body;
  });
  assert.equal((await ask(other, get('/ping'))).status, 204);
  order.push('ping');
  assert.match(await long, /takes too long for so many measurements/);
  assert.deepEqual(order, ['ping', 'pattern'], 'others have their turn meanwhile');
  assert.equal(JSON.parse(await shownBy('a99$')).results[0].series[0].values.length, 1);
});

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
    [get(`/query?${queryOf('SELECTED * FROM cpu')}`), /error parsing query: "SELECTED \*" is not answered here; .*sluice query.*docs\/reading\.md/],
    [get(`/query?${queryOf('x; CREATE DATABASE "a')}`), /error parsing query: "x" is not answered here/],
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
    ['CREATE RETENTION POLICY r ON made_1 DURATION 1d REPLICATION 1', {}, one()],
    ['CREATE RETENTION POLICY r ON made_1 DURATION 1d REPLICATION 1; DROP RETENTION POLICY "1h" ON made_1', {}, { results: [{ statement_id: 0 }, { statement_id: 1 }] }],
    ['SHOW STATS', {}, one(...[['metrics', 2], ['empty', 0], ['made_1', 0], ['made_1/r', 0]].map(([database, count]) => ({
      name: 'database', tags: { database }, columns: ['numMeasurements'], values: [[count]],
    })))],
    ['SHOW CONTINUOUS QUERIES', {}, one(...['metrics', 'empty', 'made_1', 'made_1/r'].map((name) => ({ name, columns: ['name', 'query'] })))],
  ] as const) {
    const answer = await ask(client, get(`/query?${queryOf(q, { ...more, u: 'x', p: token })}`));
    assert.equal(answer.status, 200, `${q}: ${answer.body}`);
    assert.deepEqual(JSON.parse(answer.body), expected, q);
  }
  assert.deepEqual(schema.changes.splice(0), ['create made_1', 'create made_1/r 86400', 'create made_1/r 86400']);
  const both = await ask(client, get(`/query?${queryOf('CREATE DATABASE "made_1/1h"; DROP RETENTION POLICY "1h" ON made_1', { p: token })}`));
  assert.match(JSON.parse(both.body).results[1].error, /needs an admin token/);
  assert.deepEqual(schema.changes.splice(0), ['create made_1/1h']);
  for (const [q, more] of [
    ['CREATE DATABASE other', {}],
    ['CREATE DATABASE empty', {}],
    ['DROP DATABASE metrics', {}],
    ['DROP MEASUREMENT cpu', { db: 'metrics' }],
    ['DROP RETENTION POLICY two_weeks ON metrics', {}],
    ['DROP RETENTION POLICY nil ON other', {}],
    ['ALTER RETENTION POLICY autogen ON empty DURATION 1d', {}],
    ['ALTER RETENTION POLICY autogen ON metrics DURATION 1d', {}],
    ['CREATE RETENTION POLICY r ON metrics DURATION 1d REPLICATION 1', {}],
    ['SHOW MEASUREMENT CARDINALITY ON other', {}],
    ['SHOW MEASUREMENTS WITH MEASUREMENT = metrics.two_weeks.old', { db: 'metrics' }],
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
