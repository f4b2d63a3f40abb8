/** `sluice status`: of a server, of none, once and again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Status } from '../../src/cli/status-screen.js';
import { VERSION } from '../../src/version.js';
import { write, type Shape } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = makeDataDir();
  server = await TestServer.start(dataDir);
});
after(() => removeDataDir(dataDir));

test('D19: status says what the server is at', async () => {
  assert.equal((await write(server.url, 'db', Buffer.from('m v=1i 1\nm v=2i 2\nother v=1i 1'), SHAPE, 'ns')).status, 204);
  const { code, stderr, stdout } = sluice(['status', '--data-dir', dataDir, '--format', 'json']);
  assert.deepEqual([code, stderr], [0, '']);
  const status = JSON.parse(stdout) as Status;
  assert.deepEqual([status.running, status.version, status.pid, status.data_dir, status.listeners], [true, VERSION, server.child.pid, dataDir, [server.url]]);
  assert.deepEqual([status.lines.stored, status.unflushed, status.databases, status.tables], [3, { rows: 3, tables: 2 }, 1, 2]);
  assert.deepEqual([status.refusal, status.problems, status.refused_per_second], [null, [], { lines: {}, requests: {} }]);
  assert.ok(status.log.bytes > 0 && status.log.oldest_row_seconds !== null && status.memory.resident > status.memory.heap);
  assert.ok(status.workers.some(({ row_bytes: bytes }) => bytes > 0));

  const screen = sluice(['status', '--data-dir', dataDir]);
  assert.deepEqual([screen.code, screen.stderr], [0, '']);
  assert.match(screen.stdout, new RegExp(`^sluice +${VERSION} · pid ${server.child.pid} · up `));
  assert.match(screen.stdout, /^in log only 3 rows of 2 tables$/m);
  assert.ok(!screen.stdout.includes('\u001b'), 'no terminal, no colours');
});

test('[issue 14] maintenance that fails is in status and in /health, which is well all the same', { timeout: 240_000 }, async () => {
  const trash = join(dataDir, 'trash');
  writeFileSync(trash, 'no folder');
  const wanted = /^housekeeping of the trash fails since 20\d\d-.*Z, and is tried again: /;
  const health = async () => (await (await fetch(`${server.url}/health`, { headers: { connection: 'close' } })).json()) as { status: string; checks: { name: string; message: string }[] };
  const isShown = async (): Promise<boolean> => (await health()).checks.some(({ name, message }) => name === 'maintenance' && wanted.test(message));
  while (!(await isShown())) await setTimeout(20);
  assert.equal((await health()).status, 'pass');
  const { problems } = JSON.parse(sluice(['status', '--data-dir', dataDir, '--format', 'json']).stdout) as Status;
  assert.ok(problems.some((problem) => wanted.test(problem)), problems.join());
  rmSync(trash);
  while (await isShown()) await setTimeout(20);
});

test('D19: a server that hangs is waited for no longer than a sentence takes', async () => {
  server.child.kill('SIGSTOP');
  try {
    const { code, stderr } = sluice(['status', '--data-dir', dataDir]);
    assert.deepEqual([code, stderr], [1, `sluice: whoever listens at ${dataDir}/sluice.sock does not answer\n`]);
  } finally {
    server.child.kill('SIGCONT');
  }
});

test('D19: --watch goes on, and refusals show with their codes, until the server goes', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'status', '--data-dir', dataDir, '--watch', '--format', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Status> => JSON.parse((await lines.next()).value as string) as Status;
  assert.equal((await next()).running, true);
  assert.equal((await write(server.url, 'db', Buffer.from('m v=2.5 1\nm v=3i 3'), SHAPE, 'ns')).status, 400);
  const seen = await next();
  assert.ok(seen.refused_per_second.lines['type-conflict']! > 0, JSON.stringify(seen));
  assert.ok(seen.lines.stored_per_second > 0);
  assert.equal(await server.stop(), 0);
  for (let status = await next(); ; status = await next()) {
    if (!status.running) break;
  }
  assert.deepEqual(await ended, [1, null]);
});

test('D19: with no server it says so, and opens nothing', () => {
  assert.deepEqual(sluice(['status', '--data-dir', dataDir]), { code: 1, stdout: '', stderr: `sluice: no server runs on ${dataDir}\n` });
  assert.deepEqual(sluice(['status', '--data-dir', '/nowhere/at all', '--format', 'json']), { code: 1, stdout: '{"running":false,"data_dir":"/nowhere/at all"}\n', stderr: '' });
});
