/** Every limit (contract C8) as a flag of the real program: what is over it is refused, the rest is stored. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ENDPOINTS, post, write, writePath, type Endpoint, type Reply } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const MiB = 1024 * 1024;
const BOMB_BYTES = 64 * MiB;
/** What refusing the bomb may add to the largest memory the process ever had. */
const BOMB_GROWTH_BYTES_MAX = 32 * MiB;

async function withServer(flags: readonly string[], use: (server: TestServer) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', ...flags]);
    await use(server);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
}

function plain(server: TestServer, database: string, text: string, endpoint: Endpoint = '/api/v3/write_lp'): Promise<Reply> {
  return write(server.url, database, Buffer.from(text), { endpoint, gzip: false, chunked: false }, 'ns');
}

/** One column of the rows, as csv without its head. */
function query(server: TestServer, database: string, sql: string): string {
  const { stdout, stderr } = sluice(['query', '--data-dir', server.dataDir, '--database', database, '--format', 'csv', sql]);
  assert.equal(stderr, '');
  return stdout.trim().split(/\r?\n/).slice(1).join(' ');
}

test('databases, tables and columns over their limits are rejected line by line', () => (
  withServer(['--databases-max', '2', '--tables-max', '3', '--columns-max', '3'], async (server) => {
    for (const database of ['a', 'b']) assert.equal((await plain(server, database, 'm,t=x v=1i 1')).status, 204);
    for (const endpoint of ENDPOINTS) {
      const { status, body, headers } = await plain(server, 'c', 'm v=1i 1', endpoint);
      assert.equal(status, 400, body);
      assert.match(String(headers['content-type']), /^application\/json/);
      assert.match(body, /the limit of databases is reached: 2 exist/);
      assert.doesNotMatch(body, /database not found/, 'the words at which Telegraf would try to create it');
    }
    const tables = await plain(server, 'a', 'third v=1i 1\nfourth v=1i 1\nm v=2i 2');
    assert.equal(tables.status, 400);
    assert.match(tables.body, /"line":2/);
    assert.match(tables.body, /too-many-tables/);
    const columns = await plain(server, 'a', 'm,t=x w=1i 3\nm,t=x more=1i 4\nm,t=x v=5i 5');
    assert.equal(columns.status, 400);
    assert.match(columns.body, /"line":2/);
    assert.match(columns.body, /too-many-columns/);
    assert.equal(query(server, 'a', 'SELECT count(*) FROM third UNION ALL (SELECT epoch_ns(time) + sluice_ns FROM m ORDER BY 1)'), '1 1 2 3 5');
  })
));

test('names over the limit of all are rejected line by line, over several bodies at once and after a start as well', async () => {
  const dataDir = makeDataDir();
  const flags = ['--without-auth', '--names-bytes-max', '64KiB', '--workers', '2'];
  try {
    const server = await TestServer.start(dataDir, flags);
    const long = (table: number, column: number): string => `t${table} ${'k'.repeat(1000)}${column}=1i ${column}`;
    const bodies = Array.from({ length: 20 }, (_, table) => Array.from({ length: 10 }, (_unused, column) => long(table, column)).join('\n'));
    const replies = await Promise.all(bodies.map((body) => plain(server, 'a', body)));
    const refused = replies.flatMap(({ body }) => [...body.matchAll(/"code":"([a-z-]+)"/g)].map(([, code]) => code));
    assert.deepEqual([...new Set(refused)], ['names-full']);
    // A table counts with its name, and each name with 64 bytes besides.
    const room = 64 * 1024;
    const columns = 200 - refused.length;
    assert.ok(columns * 1065 <= room && columns * 1065 > room - 20 * 70 - 1070, `${columns} columns`);
    assert.equal(await server.stop(), 0);
    const again = await TestServer.start(dataDir, flags);
    const { status, body } = await plain(again, 'a', `${long(99, 0)}\n${long(99, 1)}`);
    assert.equal(status, 400);
    assert.match(body, /names-full/);
    assert.equal(await again.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('bodies over their limits are refused, packed ones by what they unpack to, in bounded memory', () => (
  withServer(['--body-bytes-max', '1MiB', '--body-lines-max', '10'], async (server) => {
    const comment = (bytes: number): Buffer => Buffer.concat([Buffer.from('m v=1i 1\n#'), Buffer.alloc(bytes - 10, 'x')]);
    for (const gzip of [false, true]) {
      for (const chunked of [false, true]) {
        const shape = { endpoint: '/api/v2/write', gzip, chunked } as const;
        assert.equal((await write(server.url, 'big', comment(MiB), shape)).status, 204, JSON.stringify(shape));
        const { status, body } = await write(server.url, 'big', comment(MiB + 1), shape);
        assert.equal(status, 413, JSON.stringify(shape));
        assert.match(body, /"code":"request too large"/);
      }
    }
    const bomb = gzipSync(Buffer.alloc(BOMB_BYTES));
    const before = peakBytes(server);
    const refused = await Promise.all(ENDPOINTS.map((endpoint) => (
      post(server.url, writePath(endpoint, 'big'), bomb, { headers: { 'Content-Encoding': 'gzip' } })
    )));
    assert.deepEqual(refused.map(({ status }) => status), [413, 413, 413]);
    assert.ok(peakBytes(server) - before < BOMB_GROWTH_BYTES_MAX, `the bomb took ${peakBytes(server) - before} bytes`);
    const lines = (count: number): string => Array.from({ length: count }, (_, i) => `n v=${i}i ${i}`).join('\n');
    assert.equal((await plain(server, 'big', lines(11))).status, 413);
    assert.equal((await plain(server, 'big', lines(10))).status, 204);
    assert.equal(query(server, 'big', 'SELECT count(*) FROM n UNION ALL SELECT count(*) FROM m'), '10 1', 'a refused body stores nothing');
  })
));

/** The most memory the process ever had. */
function peakBytes(server: TestServer): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))![1]);
}

test('with no room for bodies the answer is 503, for Telegraf on v2 500, and writes go on when there is room again', () => (
  withServer(['--queue-bytes-max', '1MiB', '--body-bytes-max', '1MiB'], async (server) => {
    const slow = await holdBody(server, MiB);
    const replies = await Promise.all([
      plain(server, 'room', 'm v=1i 1', '/write'),
      plain(server, 'room', 'm v=1i 1', '/api/v3/write_lp'),
      post(server.url, writePath('/api/v2/write', 'room'), Buffer.from('m v=1i 1'), { headers: { 'User-Agent': 'Telegraf/1.31.0 Go/1.22' } }),
    ]);
    assert.deepEqual(replies.map(({ status }) => status), [503, 503, 500]);
    assert.deepEqual(replies.map(({ headers }) => headers['retry-after'] !== undefined), [true, true, false]);
    for (const { headers } of replies) assert.match(String(headers['content-type']), /^application\/json/);
    const answer = new Promise<string>((resolve) => slow.once('data', (bytes: Buffer) => resolve(bytes.toString())));
    slow.write('\n');
    assert.match(await answer, /^HTTP\/1\.1 204 /, 'the body that held the room is stored');
    slow.destroy();
    assert.equal((await plain(server, 'room', 'm v=2i 2')).status, 204);
  })
));

/** Turns of the server's loop after which it has read what the kernel held: it takes 512 KiB in one. */
const TURNS = 16;

/** Sends a body of `bytes` but for its last byte, until the server holds it. */
async function holdBody(server: TestServer, bytes: number): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const head = `POST /write?db=room HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${bytes}\r\n\r\n`;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(Buffer.concat([Buffer.from(`${head}m v=0i 0\n#`), Buffer.alloc(bytes - 11, 'x')]), () => resolve());
  });
  for (let turn = 0; turn < TURNS; turn += 1) await fetch(`${server.url}/ping`);
  return socket;
}
