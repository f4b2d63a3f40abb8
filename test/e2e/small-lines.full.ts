/** The smallest lines there are, as many as a body can hold: refused after the limit of lines in bounded memory, and stored when the limit is raised. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { post, writePath } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const MiB = 1024 * 1024;
const LINE = 'm a=1\n';
const LINES = Math.floor(64 * MiB / LINE.length);
/** Two million rows of one field in memtables that grow by doubling, the unpacked body, and its copy in the parser. */
const REFUSAL_BYTES_MAX = 400 * MiB;
const WAIT_MS_MAX = 120_000;

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

function memoryPeakBytes({ child }: TestServer): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]);
}

function rowCount(server: TestServer): string {
  const { stdout, stderr } = sluice(['query', '--data-dir', server.dataDir, '--database', 'd', '--format', 'csv', 'SELECT count(*) FROM m']);
  assert.equal(stderr, '');
  return stdout.trim().split(/\r?\n/).at(-1)!;
}

const packed = gzipSync(Buffer.alloc(LINES * LINE.length, LINE), { level: 9 });
const send = (server: TestServer, body: Buffer = packed): ReturnType<typeof post> => (
  post(server.url, writePath('/api/v2/write', 'd', 'ns'), body, { headers: { 'Content-Encoding': 'gzip' } })
);

/** As a client does: what was not on disk in time is sent again. */
async function sendUntilStored(server: TestServer, body?: Buffer): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; ;) {
    const { status, body: answer } = await send(server, body);
    if (status === 204) return;
    assert.ok(status === 503 && performance.now() < end, `${status} ${answer}`);
  }
}

test('eleven million lines in 100 KB of gzip are refused, and leave nothing but room', () => withServer([], async (server) => {
  assert.ok(packed.length < 100_000, `${packed.length} bytes`);
  assert.equal((await post(server.url, writePath('/api/v2/write', 'd', 'ns'), Buffer.from('m a=1 1'))).status, 204);
  const before = memoryPeakBytes(server);
  for (let round = 0; round < 5; round += 1) {
    const { status, body } = await send(server);
    assert.equal(status, 413, body);
    assert.match(body, /more than 2000000 lines/);
  }
  const grown = memoryPeakBytes(server) - before;
  assert.ok(grown < REFUSAL_BYTES_MAX, `${Math.round(grown / MiB)} MiB`);
  assert.equal((await post(server.url, writePath('/api/v2/write', 'd', 'ns'), Buffer.from('m a=1 2'))).status, 204);
  assert.equal(rowCount(server), '2');
}));

test('they are stored when the limit is raised', () => withServer(['--body-lines-max', '12000000', '--workers', '4', '--max-memory', '4GiB'], async (server) => {
  // Without a timestamp all would be one point: equal points of one body are one row.
  const lines = Array.from({ length: 1000 }, (_, n) => `m a=1 ${n}\n`).join('');
  const distinct = Math.floor(64 * MiB / lines.length);
  const body = gzipSync(Buffer.alloc(distinct * lines.length, lines), { level: 1 });
  await sendUntilStored(server, body);
  await sendUntilStored(server);
  assert.equal(sluice(['flush', '--data-dir', server.dataDir]).code, 0);
  assert.equal(rowCount(server), '1001');
}));
