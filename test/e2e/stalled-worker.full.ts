/** Work that never ends, in a body, in a frame of the log and in a flush: its worker is ended, and nothing else is lost. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { readDatabase } from './delta-folder.js';
import { makeDataDir, removeDataDir, TestServer } from './server.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;
const FLAGS = ['--without-auth', '--workers', '1', '--task-time-max', '1s'];
/** Loaded into every thread: a body that begins with `endless`, and the sorting of a table of that name, is a WASM loop without an end. */
const ENDLESS = `
const { Instance, Module } = WebAssembly;
// (module (func (export "f") (loop br 0)))
const code = Uint8Array.of(0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11);
const loop = () => new Instance(new Module(code)).exports.f();
const says = (memory, at) => Buffer.from(memory.buffer, at, 7).toString() === 'endless';
WebAssembly.Instance = function (...args) {
  const { exports } = new Instance(...args);
  const parse = (...values) => {
    if (process.env.ENDLESS_BODIES === '1' && says(exports.memory, exports.input(0) >>> 0)) loop();
    return exports.parse(...values);
  };
  const flushSort = (table) => {
    if (process.env.ENDLESS_FLUSHES === '1' && says(exports.memory, new DataView(exports.memory.buffer).getUint32(table + 32, true))) loop();
    return exports.flushSort(table);
  };
  return { exports: { ...exports, parse, flushSort } };
};`;

async function until(what: string, server: TestServer, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !(await isTrue()); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms: ${server.said}`);
  }
}

async function withEndless(use: (dataDir: string, start: (env: Record<string, string>, flags?: readonly string[]) => Promise<TestServer>) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  const preload = join(dirname(dataDir), 'endless.cjs');
  writeFileSync(preload, ENDLESS);
  try {
    await use(dataDir, (env, flags = []) => TestServer.start(dataDir, [...FLAGS, ...flags], { NODE_OPTIONS: `--require ${preload}`, ...env }));
  } finally {
    removeDataDir(dataDir);
  }
}

const send = (server: TestServer, text: string): ReturnType<typeof write> => write(server.url, 'db', Buffer.from(text), SHAPE, 'ns');
const health = async (server: TestServer): Promise<string> => (await fetch(`${server.url}/health`)).text();
const rowsInFiles = (dataDir: string): number =>
  [...readDatabase(dataDir, 'db').values()].flatMap(({ files }) => files).reduce((sum, { rows }) => sum + rows, 0);

test('the body is refused for good, those beside it in the list are stored, and its worker\'s rows come back', { timeout: 180_000 }, () => withEndless(async (dataDir, start) => {
  const server = await start({ ENDLESS_BODIES: '1' });
  assert.equal((await send(server, 'm v=0i 0')).status, 204);
  // The first keeps the worker; what comes meanwhile is one list.
  const replies = await Promise.all(['endless v=1i 1', 'm v=1i 1', 'm v=2i 2', 'm v=3i 3'].map((text) => send(server, text)));
  assert.equal(replies[0]!.status, 400, replies[0]!.body);
  assert.match(replies[0]!.body, /parsing the body takes too long/);
  for (const { status, body } of replies.slice(1)) assert.ok(status === 204 || status === 503, `${status} ${body}`);
  assert.match(server.said, /worker 0 is ended: body 1 of its list did not end within 1000 ms/);
  assert.equal(server.said.match(/is ended/g)?.length, 2, 'once in company, once alone');
  assert.match(await health(server), /did not come back from a body of 14 bytes for database \\"db\\", 2 times, last at .*; it is refused/);
  const began = server.said.match(/is ended/g)!.length;
  assert.equal((await send(server, 'endless v=1i 1')).status, 400);
  assert.equal(server.said.match(/is ended/g)!.length, began, 'it is known when it is sent again');
  await until('writes are taken', server, async () => (await send(server, 'm v=4i 4')).status === 204);
  assert.equal(await server.stop(), 0);
  const again = await start({}, ['--log-age-max', '1s']);
  const stored = 2 + replies.filter(({ status }) => status === 204).length;
  await until('all that was acknowledged is in files', again, () => rowsInFiles(dataDir) >= stored);
  assert.equal(await again.stop(), 0);
}));

test('a frame of the log is set aside, and the start goes on', { timeout: 180_000 }, () => withEndless(async (dataDir, start) => {
  const before = await start({});
  assert.equal((await send(before, 'm v=1i 1')).status, 204);
  assert.equal((await send(before, 'endless v=1i 1')).status, 204);
  assert.equal((await send(before, 'm v=2i 2')).status, 204);
  await before.kill();
  const server = await start({ ENDLESS_BODIES: '1' }, ['--log-age-max', '1s']);
  await until('the others are in files', server, () => rowsInFiles(dataDir) === 2);
  assert.match(await health(server), /kept in quarantine: it ended a worker twice: the worker did not come back within 1000 ms/);
  assert.ok(readdirSync(join(dataDir, 'quarantine')).some((name) => name.endsWith('.body')));
  assert.equal(await server.stop(), 0);
}));

test('a table whose flushes do not end is set aside; it and the others lose nothing', { timeout: 180_000 }, () => withEndless(async (dataDir, start) => {
  const server = await start({ ENDLESS_FLUSHES: '1' }, ['--log-age-max', '1s']);
  await until('it is written', server, async () => (await send(server, 'endless v=1i 1\nm v=1i 1')).status === 204);
  await until('health tells it', server, async () => /table db\/endless is set aside/.test(await health(server)));
  await until('the other table is in files', server, () => rowsInFiles(dataDir) === 1);
  assert.equal(server.said.match(/a flush of table 1 did not end within 1000 ms/g)?.length, 2);
  await until('writes are taken', server, async () => (await send(server, 'm v=2i 2')).status === 204);
  await server.kill();
  assert.ok(!existsSync(join(dataDir, 'quarantine')) || readdirSync(join(dataDir, 'quarantine')).length === 0);
  const again = await start({}, ['--log-age-max', '1s']);
  await until('all rows are in files', again, () => rowsInFiles(dataDir) === 3);
  assert.equal(await again.stop(), 0);
}));
