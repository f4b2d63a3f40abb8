/** Buckets, organizations and databases of v2 and v3, CORS, HEAD and the status pages, on both listeners. */
import assert from 'node:assert/strict';
import type { TokenStore } from '../../src/auth/token-store.js';
import { SluiceError } from '../../src/errors.js';
import { onBoth } from './harness.js';
import type { Options } from './harness.js';
import { post } from './raw-client.js';
import type { RawAnswer, RawClient } from './raw-client.js';

const JSON_TYPE = 'Content-Type: application/json';

function send(method: string, target: string, headers: readonly string[] = []): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
}

async function ask(client: RawClient, request: string | Uint8Array, head = false): Promise<RawAnswer> {
  await client.send(request);
  return client.answer({ head });
}

const METRICS = {
  id: '000000000000000a', orgID: '0000000000000001', type: 'user', name: 'metrics', retentionRules: [{ type: 'expire', everySeconds: 0 }],
  createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z',
  links: { self: '/api/v2/buckets/000000000000000a', org: '/api/v2/orgs/0000000000000001', write: '/api/v2/write?bucket=metrics' }, labels: [],
};

const listings: readonly (readonly [query: string, buckets: readonly string[]])[] = [
  ['', ['metrics', 'metrics/two_weeks', 'empty']],
  ['?org=acme', ['metrics', 'metrics/two_weeks', 'empty']],
  ['?orgID=0123456789abcdef&name=metrics', ['metrics']],
  ['?name=metrics%2Ftwo_weeks&org=', ['metrics/two_weeks']],
  ['?name=metrics/autogen', ['metrics']],
  ['?name=nil', []],
  ['?id=000000000000000c', ['empty']],
  ['?limit=2', ['metrics', 'metrics/two_weeks']],
  ['?limit=1&offset=1', ['metrics/two_weeks']],
  ['?offset=3', []],
  ['?after=000000000000000a', ['metrics/two_weeks', 'empty']],
];
onBoth('buckets are found by name, id and page', {}, async ({ connect }) => {
  const client = await connect();
  for (const [query, expected] of listings) {
    const answer = await ask(client, send('GET', `/api/v2/buckets${query}`));
    assert.equal(answer.status, 200, query);
    assert.deepEqual(JSON.parse(answer.body).buckets.map(({ name }: { name: string }) => name), expected, query);
  }
  assert.deepEqual(JSON.parse((await ask(client, send('GET', '/api/v2/buckets?name=metrics'))).body), {
    links: { self: '/api/v2/buckets?descending=false&limit=20&offset=0' }, buckets: [METRICS],
  });
  const { links } = JSON.parse((await ask(client, send('GET', '/api/v2/buckets?limit=2'))).body);
  assert.deepEqual(JSON.parse((await ask(client, send('GET', links.next))).body).buckets.map(({ name }: { name: string }) => name), ['empty']);
  for (const query of ['?limit=0', '?limit=101', '?limit=x', '?offset=-1', '?limit=']) {
    const answer = await ask(client, send('GET', `/api/v2/buckets${query}`));
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, 'invalid'], query);
  }
});

onBoth('a bucket is made once', {}, async ({ connect, schema }) => {
  const client = await connect();
  const create = (body: string) => ask(client, post('/api/v2/buckets', body, [JSON_TYPE]));
  const made = await create(JSON.stringify({ orgID: '0000000000000001', name: 'new', retentionRules: [{ type: 'expire', everySeconds: 3600 }] }));
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('content-type'), 'application/json');
  const { id, name, orgID } = JSON.parse(made.body);
  assert.deepEqual([id, name, orgID], ['000000000000000d', 'new', '0000000000000001']);
  const again = await create('{"name":"new"}');
  assert.deepEqual([again.status, JSON.parse(again.body).code], [422, 'conflict']);
  assert.match(JSON.parse(again.body).message, /already a bucket of this name: new/);
  assert.equal((await create('{"name":"metrics/autogen"}')).status, 422);
  for (const [body, message] of [
    ['{}', /add "name"/], ['', /not JSON/], ['"x"', /not a JSON object/], ['null', /not a JSON object/], ['{"name":["x"]}', /"name" is not a text/],
    ['{"name":"a b"}', /name is not allowed/], ['{"name":"n","retentionRules":[{"everySeconds":3599}]}', /at least 1h0m0s/],
    ['{"name":"n","retentionRules":[{"everySeconds":3600.5}]}', /no whole number|not a whole number/], ['{"name":"n","retentionRules":{}}', /"retentionRules" is not a list/],
    ['{"name":"n","retentionRules":[{"everySeconds":3600},{"everySeconds":7200}]}', /more than one rule/],
  ] as const) {
    const answer = await create(body);
    assert.equal(answer.status, 400, body);
    assert.match(JSON.parse(answer.body).message, message);
  }
  assert.deepEqual(schema.changes, ['create new 3600', 'create new', 'create metrics']);
});

onBoth('there is one organization, by every name', {}, async ({ connect }) => {
  const client = await connect();
  for (const [query, id, name] of [
    ['', '0000000000000001', 'sluice'], ['?org=acme+inc', '0000000000000001', 'acme inc'], ['?orgID=00000000000000ff', '00000000000000ff', 'sluice'],
  ] as const) {
    const answer = await ask(client, send('GET', `/api/v2/orgs${query}`));
    assert.equal(answer.status, 200);
    const { orgs } = JSON.parse(answer.body);
    assert.deepEqual([orgs.length, orgs[0].id, orgs[0].name], [1, id, name], query);
  }
});

onBoth('a bucket is shown, changed without effect and dropped by its id', {}, async ({ connect, schema }) => {
  const client = await connect();
  const { self, org } = METRICS.links;
  const shown = await ask(client, send('GET', self));
  assert.deepEqual([shown.status, JSON.parse(shown.body)], [200, METRICS]);
  const { id, name } = JSON.parse((await ask(client, send('GET', org))).body);
  assert.deepEqual([id, name], ['0000000000000001', 'sluice']);
  const patch = (body: string): string => send('PATCH', self, [JSON_TYPE, `Content-Length: ${body.length}`]) + body;
  for (const body of ['{"retentionRules":[{"type":"expire","everySeconds":0}]}', '{"retentionRules":[]}', '{"name":"metrics","description":"mine"}', '{"name":"metrics/autogen"}', '{}']) {
    const changed = await ask(client, patch(body));
    assert.deepEqual([changed.status, JSON.parse(changed.body)], [200, METRICS], body);
  }
  for (const [request, status, message] of [
    [patch('{"name":"other"}'), 400, /sluice does not offer this: a bucket keeps its name, metrics/],
    [patch('x'), 400, /not JSON/],
    [send('GET', '/api/v2/buckets/00000000000000ff'), 404, /database not found: no bucket has the id "00000000000000ff"/],
    [send('GET', '/api/v2/buckets/'), 404, /no bucket has the id ""/],
    [send('GET', `${self}/labels`), 404, /; a bucket has no labels/],
    [post(self, '{}'), 405, /does not take this method/],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, status, answer.body);
    assert.match(JSON.parse(answer.body).message, message);
  }
  const gone = await ask(client, send('DELETE', self));
  assert.deepEqual([gone.status, gone.body], [204, '']);
  assert.equal((await ask(client, send('DELETE', '/api/v2/buckets/00000000000000ff'))).status, 404);
  assert.deepEqual(schema.changes, ['drop metrics']);
});

onBoth('what clients of v2 look at before they write', {}, async ({ connect, writer }) => {
  const client = await connect();
  const json = async (path: string): Promise<unknown> => JSON.parse((await ask(client, send('GET', path))).body);
  assert.deepEqual(await json('/api/v2/setup'), { allowed: false });
  assert.deepEqual(await json('/api/v2/me'), { id: '0000000000000001', name: 'anyone', status: 'active', links: { self: '/api/v2/me' } });
  const mapped = async (query: string): Promise<unknown> => (await json(`/api/v2/dbrps${query}`) as { content: Record<string, unknown>[] }).content
    .map(({ database, retention_policy: policy, bucketID, default: isDefault }) => [database, policy, bucketID, isDefault]);
  assert.deepEqual(await json('/api/v2/dbrps?db=empty'), { content: [{
    id: '000000000000000c', orgID: '0000000000000001', bucketID: '000000000000000c', database: 'empty', retention_policy: 'autogen', default: true, virtual: true,
  }] });
  const weeks = ['metrics', 'two_weeks', '000000000000000b', false];
  assert.deepEqual(await mapped('?orgID=x'), [['metrics', 'autogen', '000000000000000a', true], weeks, ['empty', 'autogen', '000000000000000c', true]]);
  assert.deepEqual(await mapped('?db=metrics&rp=two_weeks'), [weeks]);
  assert.deepEqual(await mapped('?bucketID=000000000000000b&default=false'), [weeks]);
  assert.deepEqual(await mapped('?db=nil'), []);
  assert.equal((await ask(client, post('/api/v2/write/?bucket=metrics', 'm a=1'))).status, 204);
  assert.deepEqual(writer.writes.map(({ request: { dialect, database } }) => [dialect, database]), [['v2', 'metrics']]);
});

onBoth('paths that only InfluxDB has say what is missing and what to use', {}, async ({ connect }) => {
  const client = await connect();
  for (const [method, path, advice] of [
    ['POST', '/api/v2/query?org=x', /sluice query/], ['GET', '/api/v2/authorizations', /sluice token create/],
    ['GET', '/api/v2/tasks/1', /reading\.md/], ['POST', '/api/v3/write?db=d', /write_lp/], ['POST', '/api/v3/configure/table', /DROP MEASUREMENT/],
    ['POST', '/api/v3/configure/last_cache', /no caches/], ['POST', '/api/v1/prom/write', /Telegraf/], ['GET', '/debug/vars', /\/metrics/],
  ] as const) {
    const answer = await ask(client, send(method, path, ['Content-Length: 0']));
    assert.equal(answer.status, 404, path);
    const { message, error = message } = JSON.parse(answer.body);
    assert.match(error, /^there is nothing at this path: \//);
    assert.match(error, advice);
  }
  for (const path of ['/api/v3/query_influxql']) {
    const answer = await ask(client, post(path, '{"db":"d","q":"SELECT 1"}', [JSON_TYPE]));
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, 'not-offered']);
    assert.match(JSON.parse(answer.body).error, /sluice query/);
  }
});

const LISTED = [
  '{"iox::database":"metrics","retention_period":"none"}', '{"iox::database":"metrics/two_weeks","retention_period":"none"}',
  '{"iox::database":"empty","retention_period":"36h"}',
];

onBoth('[issue 14 4] databases of v3 are listed in every format, with their retention', {}, async ({ connect, schema }) => {
  const client = await connect();
  await schema.changeSettings('empty', { retentionS: 129_600 });
  for (const [format, type, text] of [
    ['json', 'application/json', `[${LISTED.join(',')}]`],
    ['jsonl', 'application/jsonl', LISTED.map((line) => `${line}\n`).join('')],
    ['csv', 'text/csv', 'iox::database,retention_period\nmetrics,none\nmetrics/two_weeks,none\nempty,36h\n'],
    ['pretty', 'text/plain; charset=utf-8', [
      '+-------------------+------------------+',
      '| iox::database     | retention_period |',
      '+-------------------+------------------+',
      '| metrics           | none             |',
      '| metrics/two_weeks | none             |',
      '| empty             | 36h              |',
      '+-------------------+------------------+',
    ].join('\n')],
  ] as const) {
    const answer = await ask(client, send('GET', `/api/v3/configure/database?format=${format}`));
    assert.deepEqual([answer.status, answer.headers.get('content-type'), answer.body], [200, type, text]);
  }
});

onBoth('a name that CSV must quote is quoted', {}, async ({ connect, schema }) => {
  schema.put('a, "b"', []);
  const answer = await ask(await connect(), send('GET', '/api/v3/configure/database?format=csv'));
  assert.equal(answer.body.split('\n').at(-2), '"a, ""b""",none');
});

onBoth('databases of v3 are listed, made and dropped', {}, async ({ connect, schema }) => {
  const client = await connect();
  const path = '/api/v3/configure/database';
  for (const query of ['', '?format=json', '?show_deleted=false&format=json']) {
    const list = await ask(client, send('GET', `${path}${query}`));
    assert.equal(list.headers.get('content-type'), 'application/json');
    assert.equal(list.body, '[{"iox::database":"metrics","retention_period":"none"},{"iox::database":"metrics/two_weeks","retention_period":"none"},'
      + '{"iox::database":"empty","retention_period":"none"}]');
  }
  const made = await ask(client, post(path, '{"db":"new","retention_period":"30d"}', [JSON_TYPE]));
  assert.deepEqual([made.status, made.body], [200, '']);
  const gone = await ask(client, send('DELETE', `${path}?db=new`));
  assert.deepEqual([gone.status, gone.body], [200, '']);
  assert.deepEqual(schema.changes.splice(0), ['create new 2592000', 'drop new']);
  for (const [request, status, error] of [
    [post(path, '{"db":"metrics"}', ['Content-Type: Application/JSON; charset=utf-8']), 409, /already a database of this name: metrics/],
    [post(path, '{"db":"new"}', ['Content-Type: text/plain']), 415, /send application\/json/],
    [post(path, '{"db":"new"}'), 415, /send application\/json/],
    [post(path, '{"database":"new"}', [JSON_TYPE]), 400, /add "db"/],
    [post(path, '{"db":"_internal"}', [JSON_TYPE]), 400, /name is not allowed/],
    [post(path, '{"db":', [JSON_TYPE]), 400, /not JSON/],
    [send('GET', `${path}?format=xml`), 400, /format="xml" is none of json, jsonl, csv, pretty/],
    [send('DELETE', path), 400, /add db=NAME/],
    [send('DELETE', `${path}?db=nil`), 404, /database not found: nil/],
    [send('PATCH', path, ['Content-Length: 0']), 405, /does not take this method/],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, status, answer.body);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.match(JSON.parse(answer.body).error, error);
  }
  schema.fault = new SluiceError('log-failed', 'the disk is gone');
  assert.equal((await ask(client, post(path, '{"db":"x"}', [JSON_TYPE]))).status, 503);
});

onBoth('a database of v3 is made with schema rules, and they are changed', {}, async ({ connect, schema }) => {
  const client = await connect();
  const path = '/api/v3/configure/database';
  const put = (body: string, headers: readonly string[] = [JSON_TYPE]): string => (
    send('PUT', path, [...headers, `Content-Length: ${body.length}`]) + body
  );
  for (const [request, change] of [
    [post(path, '{"db":"a","tags":"fixed"}', [JSON_TYPE]), 'create a fixed'],
    [post(path, '{"db":"b","tags":"grow","types":"split"}', [JSON_TYPE]), 'create b grow split'],
    [post(path, '{"db":"c","tags":null,"types":null}', [JSON_TYPE]), 'create c'],
    [put('{"db":"a","types":"widen"}'), 'set a widen'],
    [put('{"db":"a","tags":"fixed","types":"strict"}'), 'set a fixed strict'],
    [put('{"db":"a","retention_period":"30d"}'), 'set a 2592000'],
    [put('{"db":"a"}'), 'set a for-ever'],
    [put('{"db":"a","tags":"grow","retention_period":null}'), 'set a grow for-ever'],
    [put('{"db":"a","retention_period":"none"}'), 'set a for-ever'],
  ] as const) {
    const answer = await ask(client, request);
    assert.deepEqual([answer.status, answer.body, schema.changes.splice(0)], [200, '', [change]], change);
  }
  for (const [request, status, error] of [
    [post(path, '{"db":"d","tags":"free"}', [JSON_TYPE]), 400, /"tags" is "free": it must be grow or fixed/],
    [post(path, '{"db":"d","types":1}', [JSON_TYPE]), 400, /"types" is 1: it must be strict or widen or split/],
    [put('{"db":"a","types":"loose"}'), 400, /"types" is "loose"/],
    [put('{"db":"a","retention_period":"59m"}'), 400, /at least 1h0m0s; none keeps all rows/],
    [put('{"db":"a","retention_period":"0"}'), 400, /at least 1h0m0s/],
    [put('{"db":"a","retention_period":"soon"}'), 400, /"soon" is no retention period: it must be a time as in/],
    [put('{"db":"a","retention_period":30}'), 400, /"retention_period" is not a text/],
    [put('{"types":"split"}'), 400, /add "db"/],
    [put('{"db":"a"}', []), 415, /send application\/json/],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, status, answer.body);
    assert.match(JSON.parse(answer.body).error, error);
  }
  assert.deepEqual(schema.changes, []);
  assert.match(JSON.parse((await ask(client, put('{"db":"nil","tags":"grow"}'))).body).error, /database not found: nil/);
});

onBoth('[issue 14 4] the retention of a bucket is made, shown and changed; 0 seconds and no rule are for ever', {}, async ({ connect, schema }) => {
  const client = await connect();
  const made = await ask(client, post('/api/v2/buckets', '{"name":"new","retentionRules":[{"everySeconds":86400}]}', [JSON_TYPE]));
  const { links: { self }, retentionRules } = JSON.parse(made.body);
  assert.deepEqual(retentionRules, [{ type: 'expire', everySeconds: 86_400 }]);
  const patch = (body: string): string => send('PATCH', self, [JSON_TYPE, `Content-Length: ${body.length}`]) + body;
  for (const [body, seconds] of [
    ['{"retentionRules":[{"type":"expire","everySeconds":7200,"shardGroupDurationSeconds":3600}]}', 7200], ['{"name":"new"}', 7200], ['{"retentionRules":null}', 7200],
    ['{"retentionRules":[{"type":"expire","everySeconds":0}]}', 0], ['{"retentionRules":[{"everySeconds":3600}]}', 3600], ['{"retentionRules":[]}', 0],
  ] as const) {
    const changed = await ask(client, patch(body));
    assert.deepEqual([changed.status, JSON.parse(changed.body).retentionRules], [200, [{ type: 'expire', everySeconds: seconds }]], body);
    assert.equal((await ask(client, send('GET', self))).body, changed.body);
  }
  assert.deepEqual(schema.changes.splice(0), ['create new 86400', 'set new 7200', 'set new for-ever', 'set new 3600', 'set new for-ever']);
  const short = await ask(client, patch('{"retentionRules":[{"everySeconds":60}]}'));
  assert.deepEqual([short.status, schema.changes], [400, []]);
  assert.match(JSON.parse(short.body).message, /retention policy duration must be at least 1h0m0s/);
});

onBoth('[issue 14 4] the retention of a v3 database has a path of its own', {}, async ({ connect, schema }) => {
  const client = await connect();
  const path = '/api/v3/configure/database/retention_period';
  for (const [request, change] of [
    [post(`${path}?db=metrics&duration=3600s`, ''), 'set metrics 3600'], [post(`${path}?db=metrics&duration=1mo`, ''), 'set metrics 2592000'],
    [send('DELETE', `${path}?db=metrics`), 'set metrics for-ever'],
  ] as const) {
    const answer = await ask(client, request);
    assert.deepEqual([answer.status, answer.body, schema.changes.splice(0)], [204, '', [change]]);
  }
  for (const [request, status] of [
    [post(`${path}?db=metrics`, ''), 400], [post(`${path}?duration=1d`, ''), 400], [send('DELETE', path), 400], [send('DELETE', `${path}?db=nil`), 404],
  ] as const) assert.equal((await ask(client, request)).status, status);
});

const AUTH: Options = { auth: { trustedProxies: [] } };

onBoth('[issue 14 4] who changes a retention must be an admin: a shorter one deletes', AUTH, async ({ connect, schema, tokens, admin }) => {
  const client = await connect();
  const own = await agent(tokens);
  const bucket = '/api/v2/buckets/000000000000000a';
  const sent = (method: string, path: string, body: string, headers: readonly string[]): string => send(method, path, [JSON_TYPE, ...headers, `Content-Length: ${body.length}`]) + body;
  const orders = [
    ['PATCH', bucket, '{"retentionRules":[{"everySeconds":3600}]}'], ['PUT', '/api/v3/configure/database', '{"db":"metrics","retention_period":"1h"}'],
    ['POST', '/api/v3/configure/database/retention_period?db=metrics&duration=1h', ''], ['DELETE', '/api/v3/configure/database/retention_period?db=metrics', ''],
  ] as const;
  for (const [method, path, body] of orders) assert.equal((await ask(client, sent(method, path, body, own))).status, 403, path);
  assert.deepEqual(schema.changes, []);
  assert.equal((await ask(client, sent('PATCH', bucket, '{"retentionRules":[{"everySeconds":0}]}', own))).status, 200, 'nothing changes');
  for (const [method, path, body] of orders) assert.ok((await ask(client, sent(method, path, body, [`Authorization: Token ${admin}`]))).status < 300, path);
});


/** The header of a token that may write to two databases. */
async function agent(tokens: TokenStore): Promise<string[]> {
  const { token } = await tokens.create({ name: 'agent', lifeMs: null, rights: [{ databases: ['metrics', 'mine'], permissions: ['write'] }] });
  return [`Authorization: Token ${token}`];
}

onBoth('a token sees and makes its own databases on v2 and v3', AUTH, async ({ connect, schema, tokens, admin }) => {
  const client = await connect();
  const own = await agent(tokens);
  for (const [request, status] of [
    [send('GET', '/api/v2/buckets'), 401], [send('GET', `/api/v2/orgs?p=${admin}`), 401], [send('GET', `/api/v3/configure/database?p=${admin}`), 401],
    [post('/api/v2/buckets', '{"name":"other"}', own), 403], [post('/api/v2/buckets', '{"name":"mine"}', own), 201],
    [post('/api/v3/configure/database', '{"db":"other"}', [...own, JSON_TYPE]), 403], [post('/api/v3/configure/database', '{"db":"mine"}', [...own, JSON_TYPE]), 409],
    [send('DELETE', '/api/v3/configure/database?db=mine', own), 403],
    [send('PUT', '/api/v3/configure/database', [...own, 'Content-Length: 0']), 403],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, status, answer.body);
  }
  assert.deepEqual(JSON.parse((await ask(client, send('GET', '/api/v2/buckets', own))).body).buckets.map(({ name }: { name: string }) => name), ['metrics', 'mine']);
  assert.equal((await ask(client, send('GET', '/api/v3/configure/database', own))).body, '[{"iox::database":"metrics","retention_period":"none"},{"iox::database":"mine","retention_period":"none"}]');
  assert.deepEqual(schema.changes, ['create mine', 'create mine']);
});

onBoth('a token that is not known is 401 on every path of an API, before anything else is said of it', AUTH, async ({ connect, admin }) => {
  const client = await connect();
  const paths = [
    'POST /api/v3/query_sql', 'POST /api/v3/query_influxql', 'GET /api/v2/nothing', 'POST /api/v2/query', 'GET /api/v2/me', 'GET /api/v2/dbrps',
    'GET /api/v2/buckets/000000000000000a', 'GET /api/v2/orgs/1', 'GET /api/v3/nothing', 'POST /api/v1/prom/write',
  ];
  for (const path of paths) {
    const [method = '', target = ''] = path.split(' ');
    for (const headers of [[], ['Authorization: Bearer nope']]) {
      const answer = await ask(client, send(method, target, [...headers, 'Content-Length: 0']));
      assert.equal(answer.status, 401, path);
      assert.match(answer.body, /authorization failed/);
    }
    assert.notEqual((await ask(client, send(method, target, [`Authorization: Bearer ${admin}`, 'Content-Length: 0']))).status, 401, path);
  }
  assert.equal((await ask(client, send('GET', '/nothing'))).status, 404);
  assert.equal((await ask(client, send('GET', '/api/v2/setup'))).status, 200);
});

onBoth('a token shows and changes the buckets it may see, and drops none', AUTH, async ({ connect, schema, tokens }) => {
  const client = await connect();
  const own = await agent(tokens);
  for (const [method, id, status] of [
    ['GET', '0a', 200], ['PATCH', '0a', 200], ['DELETE', '0a', 403], ['GET', '0c', 404], ['PATCH', '0c', 404], ['DELETE', '0c', 403],
  ] as const) {
    const answer = await ask(client, `${send(method, `/api/v2/buckets/00000000000000${id}`, [...own, 'Content-Length: 2'])}{}`);
    assert.equal(answer.status, status, `${method} ${id} ${answer.body}`);
  }
  assert.equal(JSON.parse((await ask(client, send('GET', '/api/v2/me', own))).body).name, 'agent');
  assert.deepEqual(JSON.parse((await ask(client, send('GET', '/api/v2/dbrps', own))).body).content.map(({ database }: { database: string }) => database), ['metrics']);
  assert.deepEqual(schema.changes, []);
});

const SHARED = ['/write', '/write/', '/api/v2/write', '/api/v2/write/', '/api/v3/write_lp', '/ping', '/health', '/api/v1/health', '/ready'];
const OWN = ['/query', '/metrics', '/debug/conflicts', '/api/v2/buckets', '/api/v2/orgs', '/api/v3/configure/database', '/api/v3/configure/token', '/api/v3/configure/token/admin', '/nothing'];

onBoth('C11: a preflight is 204 on every path, before credentials, and lets pages of other origins write and ask for the health alone', AUTH, async ({ connect }) => {
  const client = await connect();
  const asked = ['Origin: https://app.example', 'Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization, content-type'];
  for (const path of [...SHARED, ...OWN]) {
    const answer = await ask(client, send('OPTIONS', path, asked));
    assert.equal(answer.status, 204, path);
    const isShared = SHARED.includes(path);
    for (const [name, value] of [['allow-origin', '*'], ['allow-methods', '*'], ['allow-headers', '*, Authorization'], ['max-age', '86400']] as const) {
      assert.equal(answer.headers.get(`access-control-${name}`), isShared ? value : undefined, `${path} ${name}`);
    }
  }
});

onBoth('C11: answers to writes and of the health may be read by pages of any origin, no others', AUTH, async ({ connect, tokens }) => {
  const client = await connect();
  const own = await agent(tokens);
  for (const [request, status, isShared] of [
    [post('/write?db=metrics', 'm a=1', own), 204, true], [post('/write?db=metrics', 'm a=1'), 401, true], [post('/write?db=other', 'm a=1', own), 403, true], [post('/write', '', own), 400, true],
    [post('/write?db=metrics', 'm a=1', [...own, 'Origin: https://app.example', 'Sec-Fetch-Site: cross-site']), 204, true],
    [send('GET', '/query?q=SHOW+DATABASES', own), 200, false], [send('GET', '/query?q=SELECTED', own), 400, false], [send('GET', '/nothing'), 404, false], [send('DELETE', '/ping'), 405, true],
    [send('GET', '/health', ['Origin: https://app.example']), 200, true], [send('GET', '/metrics'), 200, false],
  ] as const) {
    const answer = await ask(client, request);
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('access-control-allow-origin'), isShared ? '*' : undefined, `${status}`);
  }
});

onBoth('C11: a page of another origin drops, makes and lists nothing, also where no token is asked for', {}, async ({ connect, schema }) => {
  const client = await connect();
  const form = ['Content-Type: application/x-www-form-urlencoded'];
  const foreign = [['Origin: https://app.example'], ['Origin: null'], ['Origin: http://x:8181'], ['Sec-Fetch-Site: cross-site'], ['Origin: http://x', 'Sec-Fetch-Site: same-site']];
  for (const headers of foreign) {
    for (const request of [
      post('/query', 'q=DROP+DATABASE+metrics', [...form, ...headers]), send('GET', '/query?q=DROP+DATABASE+metrics', headers), send('DELETE', '/api/v3/configure/database?db=metrics', headers),
      post('/api/v3/configure/token/admin', '', headers), post('/api/v2/buckets', '{"name":"mine"}', headers), send('GET', '/metrics', headers),
    ]) {
      const answer = await ask(client, request);
      assert.equal(answer.status, 403, headers.join());
      assert.match(answer.body, /web pages of other origins may write/);
    }
  }
  assert.deepEqual(schema.changes, []);
  // `Host: x` is what these requests say; a proxy may have put another there, and then the browser's own word counts.
  for (const headers of [['Origin: http://x'], ['Origin: https://x'], ['Origin: https://public.example', 'Sec-Fetch-Site: same-origin'], ['Sec-Fetch-Site: none'], []]) {
    assert.equal((await ask(client, send('GET', '/query?q=SHOW+DATABASES', headers))).status, 200, headers.join());
  }
});

onBoth('HEAD is taken wherever GET is, and answers as GET without a body', {}, async ({ connect }) => {
  const client = await connect();
  for (const path of ['/ping?verbose=1', '/health', '/api/v1/health', '/ready', '/query?q=SHOW+DATABASES', '/api/v2/buckets', '/api/v2/orgs', '/api/v3/configure/database']) {
    const whole = await ask(client, send('GET', path));
    const head = await ask(client, send('HEAD', path), true);
    assert.equal(head.status, 200, path);
    assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(whole.body)), path);
    assert.equal(head.headers.get('content-type'), 'application/json', path);
  }
  assert.equal((await ask(client, send('GET', '/ping'))).status, 204, 'no bytes were left behind');
});

onBoth('/ready says since when', {}, async ({ connect, clock }) => {
  const client = await connect();
  const first = await ask(client, send('GET', '/ready'));
  assert.equal(first.status, 200);
  const { status, started, up } = JSON.parse(first.body);
  assert.deepEqual([status, started, up], ['ready', new Date(clock.nowMs()).toISOString(), '0.000s']);
  clock.advance(61_250);
  assert.equal(JSON.parse((await ask(client, send('GET', '/ready'))).body).up, '61.250s');
});

const FAILING: Options = { health: () => ({ status: 'fail', message: 'the disk is full', checks: [] }) };
onBoth('/ready is 503 while writes are refused', FAILING, async ({ connect }) => {
  const answer = await ask(await connect(), send('GET', '/ready'));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.match(answer.body, /the disk is full/);
});
