/** /metrics, /debug/conflicts, and what is said of clients that lose points. */
import assert from 'node:assert/strict';
import * as abi from '../../assembly/layout/codes.js';
import type { HealthState } from '../../src/http/api/status-endpoints.js';
import type { LineError } from '../../src/model/line-error.js';
import { onBoth, until } from './harness.js';
import { LAST_CHUNK, post, postChunked, chunks, type RawClient } from './raw-client.js';
import { Scrape } from './scrape.js';

const get = (target: string, headers: readonly string[] = []) => [`GET ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

async function ask(client: RawClient, request: string | Uint8Array) {
  await client.send(request);
  return client.answer();
}

async function scrape(client: RawClient): Promise<Scrape> {
  const answer = await ask(client, get('/metrics'));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return new Scrape(answer.body);
}

const conflict = (key: string): LineError => ({
  line: 1, column: 3, code: abi.LINE_TYPE_CONFLICT, source: 'm v=1i', measurement: 'm', key, value: '1i', kindHas: abi.KIND_F64, kindCame: abi.KIND_I64,
});

onBoth('each request ends as answered, shed or aborted, with its bytes', {}, async ({ connect, writer }) => {
  const client = await connect();
  assert.equal((await ask(client, post('/api/v3/write_lp?db=d', '12345'))).status, 204);
  writer.outcome = () => ({ kind: 'failed', code: 'overloaded', detail: 'x' });
  assert.equal((await ask(client, post('/write?db=d', '1234567'))).status, 503);
  assert.equal((await ask(client, post('/api/v2/write?bucket=d', '1234567', ['User-Agent: Telegraf/1.39']))).status, 500);
  assert.equal((await ask(client, get('/nothing'))).status, 404);
  const quitter = await connect();
  await quitter.send(postChunked('/write?db=d'));
  await quitter.send(chunks(Buffer.from('12345678901'), 11));
  for (;;) {
    const held = await scrape(client);
    held.reconciles();
    if (held.value('sluice_wire_bytes_in_flight') === 11) break;
  }
  quitter.destroy();
  let end: Scrape;
  do {
    end = await scrape(client);
    end.reconciles();
  } while (end.value('sluice_requests_aborted_total') === 0);
  assert.equal(end.value('sluice_wire_bytes_aborted_total'), 11);
  assert.equal(end.value('sluice_requests_answered_total', { endpoint: '/api/v3/write_lp', status: '204' }), 1);
  assert.equal(end.value('sluice_wire_bytes_answered_total', { endpoint: '/api/v3/write_lp', status: '204' }), 5);
  assert.equal(end.value('sluice_requests_answered_total', { endpoint: 'other', status: '404' }), 1);
  assert.equal(end.value('sluice_requests_shed_total', { reason: 'overloaded' }), 2);
  assert.equal(end.value('sluice_wire_bytes_shed_total', { reason: 'overloaded' }), 14);
  assert.equal(end.value('sluice_requests_in_flight'), 1, 'the scrape itself');
});

onBoth('every path that is served is an endpoint of its own in metrics, and no other', {}, async ({ connect }) => {
  const client = await connect();
  const served = [
    '/write', '/write/', '/api/v2/write', '/api/v3/write_lp', '/query', '/ping', '/health', '/api/v1/health', '/ready', '/api/v2/buckets', '/api/v2/orgs',
    '/api/v3/configure/database', '/api/v3/configure/token', '/api/v3/configure/token/regenerate', '/api/v3/configure/token/admin', '/debug/conflicts',
  ];
  for (const path of served) assert.equal((await ask(client, `PATCH ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)).status, 405, path);
  for (const path of ['/write//', '/nothing', '/']) await ask(client, get(path));
  const seen = (await scrape(client)).of('sluice_requests_answered_total');
  const expected = served.filter((path) => path !== '/write/').map((path) => [`endpoint="${path}",status="405"`, path === '/write' ? 2 : 1] as const);
  assert.deepEqual(seen, Object.fromEntries([...expected, ['endpoint="other",status="404"', 3]]));
});

onBoth('a body that is refused while it comes counts up to the answer', { limits: { bodyBytesMax: 20 } }, async ({ connect }) => {
  const client = await connect();
  assert.equal((await ask(client, postChunked('/write?db=d') + chunks(Buffer.alloc(15, 'x'), 5).toString() + chunks(Buffer.alloc(15, 'x'), 5).toString() + LAST_CHUNK)).status, 413);
  const other = await connect();
  const end = await scrape(other);
  end.reconciles();
  assert.equal(end.value('sluice_requests_shed_total', { reason: 'body-too-large' }), 1);
  assert.ok(end.value('sluice_wire_bytes_shed_total', { reason: 'body-too-large' }) > 20);
});

onBoth('C11: /metrics that is not open asks for a token that may read every database', { auth: { trustedProxies: [] }, metricsOpen: false }, async ({ connect, admin, tokens }) => {
  const client = await connect();
  const made = async (name: string, databases: string[], permissions: ('read' | 'write')[]) => (await tokens.create({ name, lifeMs: null, rights: [{ databases, permissions }] })).token;
  const asked = async (token: string | null) => ask(client, get('/metrics', token === null ? [] : [`Authorization: Bearer ${token}`]));
  const nobody = await asked(null);
  assert.equal(nobody.status, 401);
  assert.doesNotMatch(nobody.body, /sluice_/);
  assert.equal((await asked('apiv3_wrong')).status, 401);
  const some = await asked(await made('some', ['a', 'b*'], ['read', 'write']));
  assert.equal(some.status, 403);
  assert.match(some.body, /token \\"some\\" may not read all/);
  assert.equal((await asked(await made('writer', ['*'], ['write']))).status, 403);
  for (const token of [admin, await made('prometheus', ['*'], ['read'])]) {
    const seen = await asked(token);
    assert.equal(seen.status, 200);
    assert.match(seen.body, /^sluice_requests_received_total \d+$/m);
  }
});

const TROUBLED: HealthState = { status: 'pass', message: 'ready', checks: ['table home/secret: its files are missing', 'x'].map((message) => ({ name: 'storage', status: 'fail', message })) };

onBoth('C11: /health names tables to who may see /metrics, and to no page of another origin', { auth: { trustedProxies: [] }, metricsOpen: false, health: () => TROUBLED }, async ({ connect, admin }) => {
  const client = await connect();
  const checks = async (...headers: readonly string[]) => JSON.parse((await ask(client, get('/health', headers))).body).checks.map(({ message }: { message: string }) => message);
  const hidden = ['2 things are wrong: the log of the server says what, and /health to a token that may read every database'];
  assert.deepEqual(await checks(), hidden);
  assert.deepEqual(await checks('Authorization: Bearer apiv3_wrong'), hidden);
  assert.deepEqual(await checks(`Authorization: Bearer ${admin}`, 'Origin: https://app.example'), hidden);
  assert.deepEqual(await checks(`Authorization: Bearer ${admin}`), ['table home/secret: its files are missing', 'x']);
});

onBoth('C11: where /metrics is open /health is, but to no page of another origin', { health: () => TROUBLED }, async ({ connect }) => {
  const client = await connect();
  assert.match((await ask(client, get('/health'))).body, /home\/secret/);
  assert.doesNotMatch((await ask(client, get('/health', ['Origin: https://app.example']))).body, /home\/secret/);
});

onBoth('conflicts are listed for admins, with the first and the last client', { auth: { trustedProxies: ['127.0.0.1'] } }, async ({ connect, writer, admin, tokens }) => {
  const client = await connect();
  const headers = (address: string, agent: string) => [`Authorization: Bearer ${admin}`, `X-Forwarded-For: ${address}`, `User-Agent: ${agent}`];
  writer.outcome = () => ({ kind: 'partial', stored: true, accepted: 0, rejected: 2, errors: [conflict('v'), conflict('v')], rejectedRuns: new Uint32Array(), rejectedLines: null });
  await ask(client, post('/write?db=d', 'm v=1i', headers('10.0.0.1', 'first/1')));
  await ask(client, post('/write?db=d', 'm v=1i', headers('10.0.0.2', 'second/2')));
  const answer = await ask(client, get('/debug/conflicts', [`Authorization: Bearer ${admin}`]));
  assert.equal(answer.status, 200);
  const { conflicts } = JSON.parse(answer.body);
  assert.equal(conflicts.length, 1);
  const [{ first, last, ...rest }] = conflicts;
  assert.deepEqual(rest, { database: 'd', table: 'm', column: 'v', type_has: 'float', type_came: 'integer', count: 4 });
  assert.deepEqual([first.address, first.user_agent, last.address, last.user_agent], ['10.0.0.1', 'first/1', '10.0.0.2', 'second/2']);
  assert.match(first.time, /^\d{4}-\d\d-\d\dT/);
  const seen = await scrape(client);
  assert.equal(seen.value('sluice_type_conflicts', { database: 'd', table: 'm', column: 'v', type_has: 'float', type_came: 'integer' }), 4);
  assert.equal((await ask(client, get('/debug/conflicts'))).status, 401);
  const made = await tokens.create({ name: 'reader', rights: [{ databases: ['*'], permissions: ['read'] }], lifeMs: null });
  assert.equal((await ask(client, get('/debug/conflicts', [`Authorization: Bearer ${made.token}`]))).status, 403);
});

onBoth('of conflicts the last thousand are listed', {}, async ({ connect, writer }) => {
  const client = await connect();
  let batch = 0;
  writer.outcome = () => ({
    kind: 'partial', stored: true, accepted: 0, rejected: 100, rejectedRuns: new Uint32Array(), rejectedLines: null,
    errors: Array.from({ length: 100 }, (_, i) => conflict(`c${batch * 100 + i}`)),
  });
  for (; batch < 11; batch += 1) await ask(client, post('/write?db=d', 'x'));
  const { conflicts } = JSON.parse((await ask(client, get('/debug/conflicts'))).body);
  assert.equal(conflicts.length, 1000);
  assert.deepEqual([conflicts[0].column, conflicts[999].column], ['c100', 'c1099']);
  assert.equal((await scrape(client)).value('sluice_type_conflicts_forgotten_total'), 100);
});

onBoth('answers after which a Telegraf drops its points are counted, and logged once a minute an address', { auth: { trustedProxies: [] }, limits: { bodyBytesMax: 20 } }, async ({ connect, warnings, clock, admin, tokens }) => {
  const reader = await tokens.create({ name: 'reader', rights: [{ databases: ['d'], permissions: ['read'] }], lifeMs: null });
  const telegraf = ['User-Agent: Telegraf/1.39.3'];
  const authorized = [...telegraf, `Authorization: Token ${admin}`];
  const large = 'x'.repeat(21);
  const client = await connect();
  for (const [path, headers, status] of [
    ['/write?db=d', telegraf, 401], ['/write?db=d', telegraf, 401], ['/api/v2/write?bucket=d', telegraf, 401], ['/write?db=d', [], 401],
    ['/write?db=d', [...telegraf, `Authorization: Token ${reader.token}`], 403],
    ['/write/?db=d', authorized, 413], ['/api/v2/write?bucket=d', authorized, 413], ['/api/v3/write_lp?db=d', authorized, 413],
  ] as const) {
    assert.equal((await ask(await connect(), post(path, large, headers))).status, status, path);
  }
  const losses = (await scrape(client)).of('sluice_client_loss_total');
  assert.deepEqual(losses, { 'reason="v1-unauthorized"': 2, 'reason="v1-forbidden"': 1, 'reason="v1-too-large"': 1, 'reason="v3-too-large"': 1 });
  const said = () => warnings.filter((warning) => warning.startsWith('the Telegraf at'));
  assert.deepEqual(said(), ['the Telegraf at 127.0.0.1 was answered 401 on /write: it drops what it sent']);
  clock.advance(60_000);
  await ask(client, post('/api/v3/write_lp?db=d', large, authorized));
  await until(() => said().length === 2);
  assert.match(said()[1]!, /413 on \/api\/v3\/write_lp: it drops what it sent if it sets database_tag/);
});
