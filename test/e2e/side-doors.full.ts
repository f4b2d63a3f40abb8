/** The doors beside the writes, on the real program: databases made as each client makes them, shown, dropped, and still so after kill -9. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, type Reply } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const DONE = { results: [{ statement_id: 0 }] };

/** One request of a client; `name` is the database. */
type Create = (url: string, name: string) => Promise<Reply>;

const none = Buffer.alloc(0);
const urlForm = (name: string, more = ''): string => `/query?q=${encodeURIComponent(`CREATE DATABASE "${name}"`)}${more}`;

/** By database: how its client asks for it. */
const CREATIONS: Readonly<Record<string, Create>> = {
  telegraf: (url, name) => post(url, '/query', Buffer.from(`q=CREATE+DATABASE+%22${name}%22`), { headers: FORM }),
  node_influx: (url, name) => post(url, `/query?q=create%20database%20%22${name}%22`, none),
  python_v1: (url, name) => post(url, urlForm(name, `&db=${name}`), none, { headers: { 'Content-Type': 'application/json', 'Accept': 'application/x-msgpack', 'Content-Encoding': 'gzip' } }),
  go_v1: (url, name) => post(url, urlForm(name, '&db=&params=%7B%7D'), none, { headers: { 'Content-Type': '' } }),
  k6: (url, name) => post(url, `/query?db=&params=%7B%7D&q=CREATE+DATABASE+${name}`, none, { headers: { 'Content-Type': '' } }),
  aioinflux: (url, name) => post(url, '/query', Buffer.from(`q=CREATE+DATABASE+${name}&db=${name}`), { headers: FORM, chunked: true }),
  influxdb_java: async (url, name) => {
    const answer = await fetch(`${url}${urlForm(name)}`);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  },
};

async function query(url: string, q: string, more: Record<string, string> = {}): Promise<{ results: readonly Record<string, unknown>[] }> {
  const answer = await post(url, '/query', Buffer.from(String(new URLSearchParams({ q, ...more }))), { headers: FORM });
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers['content-type'], 'application/json');
  return JSON.parse(answer.body);
}

async function writes(url: string, database: string, lines: string): Promise<Reply> {
  return post(url, `/write?db=${database}&precision=s`, Buffer.from(lines));
}

async function databases(url: string): Promise<unknown> {
  return (await query(url, 'SHOW DATABASES')).results[0]!['series'];
}

function rows(dataDir: string, database: string, sql: string): unknown {
  const { code, stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--database', database, '--format', 'json', sql]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('databases are made as each client makes them, and are there after kill -9', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start(dataDir);
    const wanted = Object.keys(CREATIONS);
    for (const [name, create] of Object.entries(CREATIONS)) {
      for (const time of ['first', 'second']) {
        const answer = await create(first.url, name);
        assert.equal(answer.status, 200, `${name}, ${time}: ${answer.body}`);
        assert.deepEqual(JSON.parse(answer.body), DONE, name);
      }
    }
    const v3 = await post(first.url, '/api/v3/configure/database', Buffer.from('{"db":"v3"}'), { headers: { 'Content-Type': 'application/json' } });
    assert.equal(v3.status, 200);
    const bucket = await post(first.url, '/api/v2/buckets', Buffer.from('{"name":"v2","orgID":"0000000000000001","retentionRules":[]}'));
    assert.equal(bucket.status, 201);
    const expected = [{ name: 'databases', columns: ['name'], values: [...wanted, 'v3', 'v2'].map((name) => [name]) }];
    assert.deepEqual(await databases(first.url), expected);
    await first.kill();

    const second = await TestServer.start(dataDir);
    assert.deepEqual(await databases(second.url), expected);
    const { buckets } = await (await fetch(`${second.url}/api/v2/buckets?name=v2&org=any`)).json() as { buckets: { id: string; createdAt: string }[] };
    const made = JSON.parse(bucket.body) as { id: string; createdAt: string };
    assert.deepEqual(buckets, [made]);
    assert.ok(Math.abs(Date.parse(made.createdAt) - Date.now()) < 600_000, made.createdAt);
    assert.deepEqual(await query(second.url, 'DROP DATABASE telegraf; DROP DATABASE k6'), { results: [{ statement_id: 0 }, { statement_id: 1 }] });
    assert.equal((await fetch(`${second.url}/api/v3/configure/database?db=v3`, { method: 'DELETE' })).status, 200);
    await second.kill();

    const third = await TestServer.start(dataDir);
    const left = await (await fetch(`${third.url}/api/v3/configure/database?format=json`)).json();
    assert.deepEqual(left, ['node_influx', 'python_v1', 'go_v1', 'aioinflux', 'influxdb_java', 'v2'].map((name) => ({ 'iox::database': name, 'retention_period': 'none' })));
    assert.equal(await third.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a measurement is shown, dropped, and written anew with other types, through kill -9', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start(dataDir);
    assert.equal((await writes(first.url, 'd', 'm,host=a,dc=x v=1i,on=t,text="é",n=1u 1700000000\nkept v=1.5 1700000000')).status, 204);
    const shown = await query(first.url, 'SHOW MEASUREMENTS; SHOW TAG KEYS; SHOW FIELD KEYS', { db: 'd' });
    assert.deepEqual(shown.results.map(({ series }) => series), [
      [{ name: 'measurements', columns: ['name'], values: [['kept'], ['m']] }],
      [{ name: 'm', columns: ['tagKey'], values: [['dc'], ['host']] }],
      [
        { name: 'kept', columns: ['fieldKey', 'fieldType'], values: [['v', 'float']] },
        { name: 'm', columns: ['fieldKey', 'fieldType'], values: [['n', 'unsigned'], ['on', 'boolean'], ['text', 'string'], ['v', 'integer']] },
      ],
    ]);
    const anew = 'm,v=tag host=2.5 1700000001';
    assert.equal((await writes(first.url, 'd', anew)).status, 400, 'v is a field and host a tag');
    // Half of what is dropped is in files, half in memory.
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    assert.equal((await writes(first.url, 'd', 'm,host=b v=2i 1700000002')).status, 204);
    assert.deepEqual(await query(first.url, 'DROP MEASUREMENT m', { db: 'd' }), DONE);
    assert.deepEqual((await query(first.url, 'SHOW MEASUREMENTS', { db: 'd' })).results, [{ statement_id: 0, series: [{ name: 'measurements', columns: ['name'], values: [['kept']] }] }]);
    assert.deepEqual((await query(first.url, 'DROP MEASUREMENT m', { db: 'd' })).results, [{ statement_id: 0, error: 'measurement not found: m' }]);
    assert.equal((await writes(first.url, 'd', anew)).status, 204);
    await first.kill();

    const second = await TestServer.start(dataDir);
    assert.equal((await writes(second.url, 'd', 'm,v=tag host=3.5 1700000003')).status, 204);
    const expected = [{ v: 'tag', host: 2.5 }, { v: 'tag', host: 3.5 }];
    assert.deepEqual(rows(dataDir, 'd', 'SELECT v, host FROM m ORDER BY time'), expected);
    assert.deepEqual(rows(dataDir, 'd', 'SELECT v FROM kept'), [{ v: 1.5 }]);
    assert.deepEqual(await query(second.url, 'DROP MEASUREMENT m', { db: 'd' }), DONE);
    await second.kill();

    const third = await TestServer.start(dataDir);
    assert.deepEqual((await query(third.url, 'SHOW MEASUREMENTS ON d')).results, [{ statement_id: 0, series: [{ name: 'measurements', columns: ['name'], values: [['kept']] }] }]);
    assert.equal(await third.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('with tokens the doors ask for one, and the status pages do not', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, []);
    const statuses = async (suffix: string, headers: Record<string, string>): Promise<number[]> => Promise.all(
      ['/query?q=SHOW+DATABASES', '/api/v2/buckets?', '/api/v2/orgs?', '/api/v3/configure/database?'].map(async (path) => (await fetch(`${server.url}${path}${suffix}`, { headers })).status),
    );
    assert.deepEqual(await statuses('', {}), [401, 401, 401, 401]);
    assert.deepEqual(await statuses('', { Authorization: `Token ${server.token}` }), [200, 200, 200, 200]);
    assert.deepEqual(await statuses(`&u=any&p=${server.token}`, {}), [200, 401, 401, 401], 'p is of v1 alone');
    for (const [path, status] of [['/ping', 204], ['/ping?verbose=true', 200], ['/health', 200], ['/ready', 200]] as const) {
      const answer = await fetch(`${server.url}${path}`);
      assert.equal(answer.status, status, path);
      assert.ok(answer.headers.get('x-influxdb-version') && answer.headers.get('x-influxdb-build'), path);
    }
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('a measurement is dropped again and again while it is written: no other table loses a row, and the last table holds what came last', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start(dataDir, ['--without-auth', '--flush-rows-max', '20']);
    let dropping = true;
    const written = [0, 1, 2, 3].map(async (client) => {
      const values: string[] = [];
      for (let v = 0; dropping; v += 1) {
        // Of one type here, of another there: which one the table has changes with every drop.
        const reply = await writes(first.url, 'd', `m,c=${client} v=${client % 2 === 0 ? `${v}i` : `"${v}"`} ${v}\nkept,c=${client} v=${v}i ${v}`);
        assert.ok(reply.status === 204 || /field type conflict/.test(reply.body), reply.body);
        values.push(`${client},${v}`);
      }
      return values;
    });
    let dropped = 0;
    while (dropped < 20) {
      const [result] = (await query(first.url, 'DROP MEASUREMENT m', { db: 'd' })).results;
      if (result!['error'] === undefined) dropped += 1;
      else assert.match(String(result!['error']), /^(database|measurement) not found: [dm]$/);
    }
    dropping = false;
    const expected = (await Promise.all(written)).flat().sort();
    assert.ok(expected.length > 0);
    await query(first.url, 'DROP MEASUREMENT m', { db: 'd' });
    assert.equal((await writes(first.url, 'd', 'm,c=last v=t 1')).status, 204);
    await first.kill();

    const second = await TestServer.start(dataDir);
    const kept = rows(dataDir, 'd', 'SELECT c, v FROM kept') as { c: string; v: number }[];
    assert.deepEqual(kept.map(({ c, v }) => `${c},${v}`).sort(), expected);
    assert.deepEqual(rows(dataDir, 'd', 'SELECT c, v FROM m'), [{ c: 'last', v: true }]);
    assert.equal(await second.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});
