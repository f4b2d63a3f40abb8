import assert from 'node:assert/strict';
import { TOLD_VERSIONS } from '../../src/http/front/told-version.js';
import { onBoth } from './harness.js';
import { post } from './raw-client.js';
import type { RawClient } from './raw-client.js';

const get = (target: string, headers: readonly string[] = [], method = 'GET') =>
  [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

async function ask(client: RawClient, request: string | Uint8Array, head = false) {
  await client.send(request);
  return client.answer({ head });
}

onBoth('each endpoint hands its request to the writer', {}, async ({ connect, writer }) => {
  const client = await connect();
  for (const target of ['/write?db=a&rp=B&precision=s', '/write/?db=a', '/api/v2/write?bucket=b&accept_partial=false', '/api/v3/write_lp?db=c&no_sync=true']) {
    assert.equal((await ask(client, post(target, 'm a=1'))).status, 204);
  }
  assert.deepEqual(writer.writes.map((write) => write.request), [
    { dialect: 'v1', database: 'a/b', precision: 4, encoding: 0, acceptPartial: true, noSync: false },
    { dialect: 'v1', database: 'a', precision: 0, encoding: 0, acceptPartial: true, noSync: false },
    { dialect: 'v2', database: 'b', precision: 0, encoding: 0, acceptPartial: false, noSync: false },
    { dialect: 'v3', database: 'c', precision: 0, encoding: 0, acceptPartial: true, noSync: true },
  ]);
});

onBoth('outcomes become answers with Content-Length', {}, async ({ connect, writer }) => {
  const client = await connect();
  writer.outcome = () => ({ kind: 'failed', code: 'disk-full', detail: '3 bytes are free' });
  const full = await ask(client, post('/api/v3/write_lp?db=d', 'm a=1'));
  assert.equal(full.status, 503);
  assert.equal(full.headers.get('retry-after'), '1');
  assert.equal(full.headers.get('content-length'), String(Buffer.byteLength(full.body)));
  assert.match(full.headers.get('x-influxdb-error')!, /nearly full.*3 bytes are free/);
  const telegraf = await ask(client, post('/api/v2/write?bucket=d', 'm a=1', ['User-Agent: Telegraf/1.39.3 Go/1.26.8']));
  assert.equal(telegraf.status, 500);
  writer.outcome = () => ({ kind: 'partial', stored: true, accepted: 1, rejected: 1, rejectedRuns: new Uint32Array([2, 2]), rejectedLines: null, errors: [{
    line: 2, column: 3, code: 2, source: 'é x', measurement: 'é', key: '', value: '😀', kindHas: 0, kindCame: 0,
  }] });
  const partial = await ask(client, post('/write?db=d', 'm a=1\né x'));
  assert.equal(partial.status, 400);
  assert.equal(JSON.parse(partial.body).data[0].value, '😀');
});

onBoth('a wrong parameter is 400 before the body is read', {}, async ({ connect, writer }) => {
  const client = await connect();
  const request = post('/api/v3/write_lp?db=d&precision=days', 'm a=1');
  const answer = await ask(client, request.subarray(0, -5));
  assert.equal(answer.status, 400);
  assert.match(JSON.parse(answer.body).error, /precision="days"/);
  await client.send(request.subarray(-5));
  assert.equal((await ask(client, post('/api/v3/write_lp?db=d', 'm a=2'))).status, 204);
  assert.deepEqual(writer.writes.map((write) => write.bytes.toString()), ['m a=2']);
});

onBoth('a writer that breaks its promise is 500 and logged', {}, async ({ connect, writer, errors }) => {
  const client = await connect();
  writer.outcome = () => {
    throw new Error('a defect');
  };
  const answer = await ask(client, post('/api/v3/write_lp?db=d', 'm a=1'));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /a defect/);
  assert.match(errors.join(), /a write to d failed: Error: a defect/);
});

onBoth('a health function that throws is 500 and logged', { health: () => { throw new Error('a defect'); } }, async ({ connect, errors }) => {
  const client = await connect();
  assert.equal((await ask(client, get('/health'))).status, 500);
  assert.match(errors.join(), /GET \/health failed: Error: a defect/);
});

onBoth('an unknown path is 404 in JSON', {}, async ({ connect }) => {
  const client = await connect();
  const answer = await ask(client, get('/nothing?x=1'));
  assert.equal(answer.status, 404);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(JSON.parse(answer.body).code, 'not-found');
  for (const path of ['/', '/prefix/write?db=d', '/WRITE', '/write//', '/api/v3/write_lp/']) {
    assert.equal((await ask(client, post(path, 'm a=1'))).status, 404, path);
  }
  assert.equal(JSON.parse((await ask(client, post('/api/v2/query', '{}'))).body).code, 'not found');
});

onBoth('another method is 405 with Allow', {}, async ({ connect, writer }) => {
  const client = await connect();
  for (const [target, method, allow] of [
    ['/write?db=d', 'GET', 'POST, PUT'], ['/api/v2/write?bucket=d', 'PATCH', 'POST, PUT'], ['/api/v3/write_lp?db=d', 'DELETE', 'POST, PUT'],
    ['/ping', 'DELETE', 'GET, POST, HEAD'], ['/health', 'PUT', 'GET, HEAD'],
  ] as const) {
    const answer = await ask(client, get(target, ['Content-Length: 0'], method));
    assert.equal(answer.status, 405, target);
    assert.equal(answer.headers.get('allow'), allow);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
  const head = await ask(client, get('/write', [], 'HEAD'), true);
  assert.equal(head.status, 405);
  assert.ok(Number(head.headers.get('content-length')) > 0);
  assert.equal((await ask(client, get('/ping'))).status, 204);
  assert.equal(writer.writes.length, 0);
});

onBoth('/ping is 204, or JSON for who asks for it', {}, async ({ connect }) => {
  const client = await connect();
  for (const target of ['/ping', '/ping?wait_for_leader=1s', '/ping?verbose=', '/ping?verbose=false', '/ping?verbose=0']) {
    const answer = await ask(client, get(target, ['Content-Encoding: gzip']));
    assert.equal(answer.status, 204, target);
    assert.equal(answer.headers.get('x-influxdb-version'), TOLD_VERSIONS.v1);
    assert.equal(answer.headers.get('x-influxdb-build'), 'sluice v0.1.0-test');
  }
  for (const request of [get('/ping?verbose=true'), get('/ping', ['Accept: application/json'])]) {
    const answer = await ask(client, request);
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.body), { version: TOLD_VERSIONS.v1 });
  }
  assert.equal((await ask(client, get('/ping', [], 'HEAD'), true)).status, 204);
  const head = await ask(client, get('/ping?verbose=1', [], 'HEAD'), true);
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('content-length'), String(JSON.stringify({ version: TOLD_VERSIONS.v1 }).length));
  assert.equal((await ask(client, get('/ping'))).status, 204);
});

onBoth('/health has the shape of v2', {}, async ({ connect }) => {
  const answer = await ask(await connect(), get('/health'));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(JSON.parse(answer.body), {
    name: 'sluice', message: 'ready for queries and writes', status: 'pass', checks: [], version: 'v0.1.0-test',
  });
});

const failing = { status: 'fail', message: 'the disk is full', checks: [{ name: 'disk', status: 'fail', message: 'no byte is free' }] } as const;

onBoth('/health is 503 when the server cannot work, and says why', { health: () => failing }, async ({ connect }) => {
  const answer = await ask(await connect(), get('/health'));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.deepEqual(JSON.parse(answer.body).checks, failing.checks);
});

onBoth('every answer carries version, build and a request id', {}, async ({ connect }) => {
  const client = await connect();
  const ids = new Set<string>();
  const [v1, v2, v3] = [/^1\.8\.\d+$/, /^2\.7\.\d+$/, /^3\.\d+\.\d+$/];
  for (const [request, told] of [
    [post('/write?db=d', 'm a=1'), v1], [post('/write', 'm a=1'), v1], [get('/query?q=SHOW+DATABASES'), v1], [get('/ping'), v1], [get('/none'), v1],
    [get('/health'), v2], [get('/api/v2/buckets'), v2], [post('/api/v2/write?bucket=d', 'm a=1'), v2], [get('/api/v2/none'), v2],
    [post('/api/v3/write_lp?db=d', 'm a=1'), v3], [get('/api/v3/none'), v3],
  ] as const) {
    const { headers } = await ask(client, request);
    assert.match(headers.get('x-influxdb-version')!, told);
    assert.equal(headers.get('x-influxdb-build'), 'sluice v0.1.0-test');
    assert.match(headers.get('request-id')!, /^[0-9a-f]{8}-\d+$/);
    assert.equal(headers.get('x-request-id'), headers.get('request-id'));
    ids.add(headers.get('request-id')!);
  }
  assert.equal(ids.size, 11);
  for (const name of ['Request-Id', 'X-Request-Id']) {
    assert.equal((await ask(client, get('/ping', [`${name}: mine-7`]))).headers.get('x-request-id'), 'mine-7');
  }
  assert.match((await ask(client, get('/ping', [`Request-Id: ${'x'.repeat(200)}`]))).headers.get('request-id')!, /^[0-9a-f]{8}-\d+$/);
});

onBoth('the h2c upgrade that some clients offer is ignored', {}, async ({ connect }) => {
  const client = await connect();
  const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
  assert.equal((await ask(client, post('/write?db=d', 'm a=1', offer))).status, 204);
  assert.equal((await ask(client, post('/write?db=d', 'm a=1', offer))).status, 204);
});
