/** Deletes over HTTP on both listeners: who may, what is passed on, and what is refused. */
import assert from 'node:assert/strict';
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import { onBoth } from './harness.js';
import { post } from './raw-client.js';
import type { RawAnswer, RawClient } from './raw-client.js';

const JSON_TYPE = 'Content-Type: application/json';
const ORDER = { start: '1970-01-01T00:00:00.000000001Z', stop: '1970-01-01T00:00:01Z' };

async function ask(client: RawClient, request: string | Uint8Array): Promise<RawAnswer> {
  await client.send(request);
  return client.answer();
}

onBoth('[issue 14 4] /api/v2/delete passes on what it says', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [query, order, change] of [
    ['bucket=metrics&org=o', ORDER, 'delete metrics * 1 1000000000'],
    ['bucket=metrics/autogen', { ...ORDER, predicate: '_measurement="cpu" AND host="a"' }, 'delete metrics cpu 1 1000000000 host=a'],
    ['bucketID=000000000000000a', { ...ORDER, predicate: '' }, 'delete metrics * 1 1000000000'],
    ['db=metrics', { ...ORDER, predicate: "host='a' and region=b" }, 'delete metrics * 1 1000000000 host=a region=b'],
  ] as const) {
    schema.changes.length = 0;
    const answer = await ask(client, post(`/api/v2/delete?${query}`, JSON.stringify(order), [JSON_TYPE]));
    assert.deepEqual([answer.status, answer.body, schema.changes], [204, '', [change]], query);
  }
  schema.changes.length = 0;
  for (const [query, order, status, code] of [
    ['bucket=none', ORDER, 404, 'not found'], ['bucketID=00000000000000ff', ORDER, 404, 'not found'], ['', ORDER, 400, 'invalid'],
    ['bucket=empty', { start: ORDER.start }, 400, 'invalid'], ['bucket=empty', { ...ORDER, predicate: 'a="b" or c="d"' }, 400, 'invalid'], ['bucket=empty', { ...ORDER, stop: 'soon' }, 400, 'invalid'],
  ] as const) {
    const answer = await ask(client, post(`/api/v2/delete?${query}`, JSON.stringify(order), [JSON_TYPE]));
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [status, code], `${query} ${answer.body}`);
  }
  assert.deepEqual(schema.changes, ['delete none * 1 1000000000']);
});

onBoth('[issue 14 4] DELETE and DROP SERIES pass on what they say', {}, async ({ connect, schema }) => {
  const client = await connect();
  for (const [statement, changes] of [
    ["DELETE FROM cpu WHERE time <= 9 AND host = 'a'", [`delete metrics cpu ${FIRST_NS} 9 host=a`]],
    ['DELETE FROM cpu', [`delete metrics cpu ${FIRST_NS} ${LAST_NS}`]],
    ['delete where time > 9', [`delete metrics * 10 ${LAST_NS}`]],
    ["DROP SERIES FROM /^c/, \"bare metal\" WHERE region = 'b'", [`delete metrics cpu ${FIRST_NS} ${LAST_NS} region=b`, `delete metrics bare metal ${FIRST_NS} ${LAST_NS} region=b`]],
    ['DROP SERIES FROM nothing', []],
  ] as const) {
    schema.changes.length = 0;
    const answer = await ask(client, post(`/query?${new URLSearchParams({ db: 'metrics', q: statement })}`, ''));
    assert.deepEqual([answer.status, answer.body, schema.changes], [200, '{"results":[{"statement_id":0}]}', changes], statement);
  }
  schema.changes.length = 0;
  for (const [statement, words] of [
    ['DELETE', /expected FROM or WHERE/], ['DROP SERIES', /expected FROM or WHERE/], ['DELETE FROM cpu host', /expected WHERE/], ['DELETE FROM cpu WHERE', /expected conditions/], ['DELETE FROM rp.cpu', /retention policy or a database/],
    ["DROP SERIES FROM cpu WHERE time > 5", /doesn't support time/], ["DELETE FROM cpu WHERE host =~ /a/", /named with = and a value/],
  ] as const) assert.match((await ask(client, post(`/query?${new URLSearchParams({ db: 'metrics', q: statement })}`, ''))).body, words, statement);
  assert.deepEqual(schema.changes, []);
});

onBoth('[issue 14 4] who deletes needs the right to write', { auth: { trustedProxies: [] } }, async ({ connect, schema, tokens }) => {
  const client = await connect();
  const headerOf = async (name: string, permission: 'read' | 'write'): Promise<string> => {
    const { token } = await tokens.create({ name, lifeMs: null, rights: [{ databases: ['metrics'], permissions: [permission] }] });
    return `Authorization: Token ${token}`;
  };
  const [reader, writer] = [await headerOf('reader', 'read'), await headerOf('writer', 'write')];
  for (const path of ['/api/v2/delete?bucket=metrics', '/query?db=metrics&q=DELETE+FROM+cpu']) {
    const of = async (...headers: readonly string[]): Promise<number> => (await ask(client, post(path, JSON.stringify(ORDER), [...headers, JSON_TYPE]))).status;
    assert.deepEqual([await of(), await of(reader)], [401, 403], path);
    assert.deepEqual(schema.changes, []);
    assert.ok((await of(writer)) < 300, path);
    schema.changes.length = 0;
  }
  assert.equal((await ask(client, post('/api/v2/delete?bucket=empty', JSON.stringify(ORDER), [writer, JSON_TYPE]))).status, 403);
});
