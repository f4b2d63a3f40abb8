/** /api/v3/query_sql as HTTP shows it: what is asked, in which form the answer comes, and what becomes of it when one side ends. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { SluiceError } from '../../src/errors.js';
import { IDLE_LIMITS } from '../../src/http/listener/idle-clients.js';
import { onBoth, until } from './harness.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

async function ask(port: number, path: string, init: RequestInit = {}): Promise<{ status: number; type: string | null; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v3/query_sql${path}`, init);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

/** A database of the harness. */
const DB = 'metrics';
/** Looks at a reader that takes nothing, after which nothing more is to come. */
const LOOKS = 200;

onBoth('[issue 14 5] what is asked stands in the URL or in JSON', {}, async (harness) => {
  const { port, queries } = harness;
  const url = new URLSearchParams({ db: DB, q: 'SELECT $a', params: '{"a":"x","n":1.5,"b":true,"z":null}', format: 'jsonl' });
  assert.deepEqual(await ask(port, `?${url}`), { status: 200, type: 'application/jsonl', text: '[]\n' });
  const body = JSON.stringify({ db: DB, q: 'SELECT $a', params: { a: 'x', n: 1.5, b: true, z: null }, format: 'jsonl' });
  assert.equal((await ask(port, '', { method: 'POST', body, headers: JSON_TYPE })).status, 200);
  const asked = { database: DB, sql: 'SELECT $a', parameters: { a: 'x', n: 1.5, b: true, z: null }, format: 'jsonl' };
  assert.deepEqual(queries.asked, [asked, asked]);
});

onBoth('[issue 14 5] the format is the one that is named, else the one that is accepted, else json', {}, async (harness) => {
  const { port } = harness;
  const typeFor = async (format: string, accept?: string): Promise<string | null> =>
    (await ask(port, `?db=metrics&q=SELECT+1${format}`, accept === undefined ? {} : { headers: { accept } })).type;
  assert.equal(await typeFor(''), 'application/json');
  assert.equal(await typeFor('', 'text/html,*/*;q=0.8'), 'application/json');
  assert.equal(await typeFor('', 'text/csv'), 'text/csv');
  assert.equal(await typeFor('', 'text/plain'), 'text/plain; charset=utf-8');
  assert.equal(await typeFor('', 'application/vnd.apache.parquet'), 'application/vnd.apache.parquet');
  assert.equal(await typeFor('&format=pretty', 'text/csv'), 'text/plain; charset=utf-8');
  for (const [format, accept] of [['&format=arrow', '*/*'], ['', 'image/png']] as const) {
    const refused = await ask(port, `?db=metrics&q=SELECT+1${format}`, { headers: { accept } });
    assert.equal(refused.status, 400);
    assert.equal((JSON.parse(refused.text) as { code: string }).code, 'bad-parameter');
  }
});

onBoth('[issue 14 5] what is missing or wrong is said in the form of v3', {}, async (harness) => {
  const { port, queries } = harness;
  const codeOf = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const { status, text } = await ask(port, path, init);
    const { code, error } = JSON.parse(text) as { code: string; error: string };
    assert.equal(typeof error, 'string');
    return [status, code];
  };
  assert.deepEqual(await codeOf('?db=metrics'), [400, 'bad-request']);
  assert.deepEqual(await codeOf('?q=SELECT+1'), [400, 'bad-request']);
  assert.deepEqual(await codeOf('?db=none&q=SELECT+1'), [404, 'database-not-found']);
  assert.deepEqual(await codeOf('?db=metrics&q=SELECT+1&params=%7B'), [400, 'bad-parameter']);
  assert.deepEqual(await codeOf('?db=metrics&q=SELECT+1&params=%7B%22a%22%3A%5B1%5D%7D'), [400, 'bad-request']);
  assert.deepEqual(await codeOf('', { method: 'POST', body: 'SELECT 1' }), [400, 'bad-request']);
  assert.deepEqual(queries.asked, []);
  queries.answer = () => {
    throw new SluiceError('queries-full', 'none ended');
  };
  const full = await fetch(`http://127.0.0.1:${port}/api/v3/query_sql?db=metrics&q=SELECT+1`);
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '1']);
});

onBoth('[issue 14 5] a token must be one that may read the database', { auth: { trustedProxies: [] } }, async (harness) => {
  const { admin, port, tokens } = harness;
  const token = async (permission: 'read' | 'write', database: string): Promise<string> =>
    (await tokens.create({ name: null, rights: [{ databases: [database], permissions: [permission] }], lifeMs: null })).token;
  const statusFor = async (given: string | null): Promise<number> =>
    (await ask(port, '?db=metrics&q=SELECT+1', given === null ? {} : { headers: { authorization: `Bearer ${given}` } })).status;
  assert.equal(await statusFor(null), 401);
  assert.equal(await statusFor(await token('write', DB)), 403);
  assert.equal(await statusFor(await token('read', 'other')), 403);
  assert.equal(await statusFor(await token('read', DB)), 200);
  assert.equal(await statusFor(admin), 200);
});

onBoth('[issue 14 5] a result comes as fast as its reader takes it', {}, async (harness) => {
  const { port, queries } = harness;
  const [pieces, bytes] = [400, 64 * 1024];
  let made = 0;
  queries.answer = async function* () {
    for (; made < pieces; made += 1) yield Buffer.alloc(bytes, 'abcdefghij'[made % 10]!);
  };
  const client = await harness.connect();
  await client.send(`GET /api/v3/query_sql?db=metrics&q=SELECT+1 HTTP/1.1\r\nHost: x\r\n\r\n`);
  client.socket.pause();
  // What fits between the two is some MiB; then nothing more is made until something is read.
  let looks = 0;
  let before = -1;
  await until(() => {
    looks = made > 0 && made === before ? looks + 1 : 0;
    before = made;
    return looks === LOOKS;
  });
  assert.ok(made < pieces, `all ${made} pieces were made for a reader that reads nothing`);
  client.destroy();
  made = 0;
  const { text } = await ask(port, '?db=metrics&q=SELECT+1&format=csv');
  // Not assert.equal: it would print both.
  assert.ok(text === Array.from({ length: pieces }, (_, at) => 'abcdefghij'[at % 10]!.repeat(bytes)).join(''));
});

onBoth('[issue 14 5] a result that cannot be ended breaks off', {}, async (harness) => {
  const { errors, port, queries } = harness;
  queries.answer = async function* () {
    yield Buffer.from('[{"a":1}');
    throw new SluiceError('query-failed', 'a file could not be read');
  };
  await assert.rejects(ask(port, '?db=metrics&q=SELECT+1'));
  assert.match(errors.join(), /broke off: the query failed: a file could not be read/);
});

onBoth('[issue 14 5] a client that leaves ends its query, before the beginning of its answer and behind it', {}, async (harness) => {
  const { errors, port, queries } = harness;
  for (const before of [true, false]) {
    let began: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (began = resolve));
    const ended = new Promise<void>((resolve) => {
      queries.answer = async function* (_, gone) {
        if (!before) yield Buffer.from('[');
        began();
        await new Promise<void>((over) => gone.addEventListener('abort', () => over()));
        resolve();
      };
    });
    const request = get(`http://127.0.0.1:${port}/api/v3/query_sql?db=metrics&q=SELECT+1`);
    request.on('error', () => undefined);
    if (before) {
      await until(() => queries.asked.length > 0);
      await new Promise((resolve) => setImmediate(resolve));
    } else {
      request.on('response', (response) => response.on('error', () => undefined).resume());
      await hasBegun;
    }
    request.destroy();
    await ended;
    queries.asked.length = 0;
  }
  assert.deepEqual(errors, []);
});

onBoth('[issue 14 5] what is lost of a table is said in a header', {}, async ({ port, queries }) => {
  queries.warnings = ['table db/cpu: 1 of its files is missing (ü\r\n)', 'another'];
  const answer = await fetch(`http://127.0.0.1:${port}/api/v3/query_sql?db=metrics&q=SELECT+1`);
  assert.deepEqual([answer.headers.get('x-sluice-warning'), await answer.text()], ['table db/cpu: 1 of its files is missing (???); another', '[]\n']);
});

onBoth('[issue 14 5] a result is whole also where the connection ends with it', { idleLimits: IDLE_LIMITS }, async ({ clock, port }) => {
  for (const headers of [{}, { connection: 'close' }] as { connection?: string }[]) {
    for (let n = 0; n < 3; n += 1) {
      // A client that comes back after a pause is told to connect anew, where the listener cannot wait for it.
      clock.advance(7000);
      const answer = await fetch(`http://127.0.0.1:${port}/api/v3/query_sql?db=metrics&q=SELECT+1`, { headers });
      assert.deepEqual([answer.status, await answer.text()], [200, '[]\n']);
      if (headers.connection !== undefined) assert.equal(answer.headers.get('connection'), 'close');
    }
  }
});

onBoth('[issue 14 5] HEAD has the head alone, and the connection serves on', {}, async (harness) => {
  const { port, queries } = harness;
  let hasEnded = false;
  queries.answer = async function* () {
    try {
      yield Buffer.from('[]\n');
    } finally {
      hasEnded = true;
    }
  };
  assert.deepEqual(await ask(port, '?db=metrics&q=SELECT+1', { method: 'HEAD' }), { status: 200, type: 'application/json', text: '' });
  await until(() => hasEnded);
  assert.equal((await ask(port, '?db=metrics&q=SELECT+1')).text, '[]\n');
});
