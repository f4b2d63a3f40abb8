/** Rejected lines of the real program: printed, followed, and written again once the cause is mended. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { post, writePath } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from './server.js';

const LIMIT = { timeout: 240_000 };

interface Printed {
  readonly database: string;
  readonly line: number;
  readonly code: string;
  readonly precision: string;
  readonly default_time: string;
  readonly source: string;
}

function rejected(dataDir: string, ...args: readonly string[]): Printed[] {
  const { stdout, stderr, code } = sluice(['rejected', '--data-dir', dataDir, '--format', 'jsonl', ...args]);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Printed);
}

/** The files are written behind the answer: looks again until so many lines are there. */
async function kept(dataDir: string, lines: number): Promise<Printed[]> {
  for (;;) {
    const found = rejected(dataDir);
    if (found.length >= lines) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function withServer(use: (server: TestServer, dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    await use(await TestServer.start(dataDir), dataDir);
  } finally {
    removeDataDir(dataDir);
  }
}

async function send(server: TestServer, database: string, text: string | Buffer, precision = 'ns', more = ''): Promise<number> {
  return (await post(server.url, writePath('/api/v3/write_lp', database, precision) + more, Buffer.from(text))).status;
}

/** Rows of a table as csv without its head. */
function rows(dataDir: string, sql: string): string[] {
  const { stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--database', 'a', '--format', 'csv', sql]);
  assert.equal(stderr, '');
  return stdout.trim().split(/\r?\n/).slice(1);
}

test('sluice rejected prints what was refused, by database and code, and follows', LIMIT, () => withServer(async (server, dataDir) => {
  assert.equal(await send(server, 'a', 'm v=1i 1\nm v=2.5 2\n\nno line\n'), 400);
  assert.equal(await send(server, 'b', Buffer.from([0x6d, 0x20, 0x76, 0xff])), 400);
  const found = await kept(dataDir, 3);
  assert.deepEqual(found.map(({ database, line, code }) => [database, line, code]), [
    ['a', 2, 'type-conflict'], ['a', 4, 'fields-missing'], ['b', 1, 'not-utf8'],
  ]);
  assert.deepEqual(rejected(dataDir, '--database', 'b').map(({ code }) => code), ['not-utf8']);
  assert.deepEqual(rejected(dataDir, '--code', 'type-conflict').map(({ source }) => source), ['m v=2.5 2']);
  const wrong = sluice(['rejected', '--data-dir', dataDir, '--code', 'nonsense']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--code is "nonsense": it must be one of .*type-conflict/);

  const pretty = sluice(['rejected', '--data-dir', dataDir, '--database', 'a']);
  assert.deepEqual(pretty.stdout.split('\n').map((row) => row.replace(/^\S+ +/, '')), [
    'database  line  column  code            reason                       source',
    '--------  ----  ------  --------------  ---------------------------  ---------',
    'a            2       5  type-conflict   field type conflict          m v=2.5 2',
    'a            4       4  fields-missing  the line has no valid field  no line',
    'rows)', '',
  ]);
  assert.equal((JSON.parse(sluice(['rejected', '--data-dir', dataDir, '--format', 'json', '--database', 'b']).stdout) as Printed[])[0]!.code, 'not-utf8');
  const unknown = sluice(['rejected', '--data-dir', dataDir, '--database', 'nowhere']);
  assert.deepEqual(unknown, { stdout: '', stderr: 'sluice: there is no database nowhere\n', code: 1 });

  const follower = spawn(process.execPath, [PROGRAM, 'rejected', '--data-dir', dataDir, '--follow', '--code', 'type-conflict'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => (JSON.parse((await lines.next()).value as string) as Printed).source;
    assert.equal(await next(), 'm v=2.5 2');
    assert.equal(await send(server, 'a', 'm v=t 3'), 400);
    assert.equal(await next(), 'm v=t 3');
  } finally {
    follower.kill();
  }
}));

test('sluice import --rejected stores what was refused, with the times it had, once the cause is mended', LIMIT, () => withServer(async (server, dataDir) => {
  assert.equal(await send(server, 'a', 'm v=1i 1'), 204);
  assert.equal(await send(server, 'a', 'm v=2.5 2\nm v=3.5 ', 's'), 400);
  assert.equal(await send(server, 'a', 'm v=4.5 4', 'ns', '&accept_partial=false'), 400);
  assert.equal(await send(server, 'a', 'm v="open 5\nm v=5.5 5'), 400);
  const found = await kept(dataDir, 5);
  const { default_time: time } = found.find(({ source }) => source === 'm v=3.5 ')!;
  assert.match(time, /^\d{10}000000000$/);

  const before = sluice(['import', '--data-dir', dataDir, '--rejected', '--code', 'type-conflict']);
  assert.deepEqual([before.code, before.stdout], [1, '0 lines are stored, 4 were rejected again, 0 are no line protocol and stay\n']);
  assert.equal((await kept(dataDir, 5)).length, 5, 'each is there once');

  const drop = await fetch(`${server.url}/query?db=a&q=${encodeURIComponent('DROP MEASUREMENT m')}`, { method: 'POST' });
  assert.equal(drop.status, 200);
  const other = sluice(['import', '--data-dir', dataDir, '--rejected', '--database', 'other']);
  assert.deepEqual([other.code, other.stdout], [0, '0 lines are stored, 0 were rejected again, 0 are no line protocol and stay\n']);
  const after = sluice(['import', '--data-dir', dataDir, '--rejected']);
  assert.deepEqual([after.code, after.stdout], [0, '4 lines are stored, 0 were rejected again, 1 is no line protocol and stays\n'], after.stderr);
  assert.deepEqual(rejected(dataDir).map(({ source }) => source), ['m v="open 5']);
  const stored = rows(dataDir, 'SELECT epoch_us(time) * 1000 + sluice_ns AS t, v FROM m ORDER BY t');
  assert.deepEqual(stored, ['4,4.5', '5,5.5', '2000000000,2.5', `${time},3.5`]);
}));

test('sluice import --rejected works with no server, and asks for files or --rejected', LIMIT, () => withServer(async (server, dataDir) => {
  assert.equal(await send(server, 'a', 'm v=1i 1\nm v=2.5 2'), 400);
  assert.equal((await fetch(`${server.url}/query?db=a&q=${encodeURIComponent('DROP MEASUREMENT m')}`, { method: 'POST' })).status, 200);
  assert.equal(await server.stop(), 0);
  const done = sluice(['import', '--data-dir', dataDir, '--rejected']);
  assert.deepEqual([done.code, done.stdout], [0, '1 line is stored, 0 were rejected again, 0 are no line protocol and stay\n'], done.stderr);
  assert.deepEqual(rows(dataDir, 'SELECT v FROM m'), ['2.5']);
  assert.deepEqual(rejected(dataDir), []);
  assert.equal(sluice(['import', '--data-dir', dataDir]).code, 2);
  assert.equal(sluice(['import', '--data-dir', dataDir, '--rejected', 'file.lp']).code, 2);
  assert.equal(sluice(['import', '--data-dir', dataDir, '--code', 'type-conflict', 'file.lp']).code, 2);
}));
