/** Imports that are killed, or whose server is: the same command goes on, and what is stored is what the file says. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { askServer } from '../../src/control/client.js';
import { encodeChecked } from '../../src/json.js';
import { dataPaths } from '../../src/names.js';
import { compareDatabase } from '../e2e/compare.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { parseBody } from '../oracle/line-protocol.js';
import { Model } from '../oracle/model.js';

/** Equal points stand in other blocks with other values: the later ones count. One line in 50 is bad. */
const LINES = Array.from({ length: 6_000 }, (_, i) => (
  i % 50 === 7 ? `bad,host=h${i}` : `m,host=h${i % 10} v${i % 3}=${i}i,note="line ${i}\nis two" ${i % 1000}`
));
const TEXT = `${LINES.join('\n')}\n`;
/** What TEXT leaves. */
const MODEL = new Model();
MODEL.write(1, parseBody(Buffer.from(TEXT), { precision: 'ns', defaultTimeNs: 0n }).points);
const BAD = LINES.filter((line) => line.startsWith('bad'));
/** Between two looks at how far an import is: whoever looks without a pause takes the core that it needs. */
const LOOK_MS = 2;
const SMALL_BODIES = ['--body-bytes-max', '4KiB', '--without-auth'];

interface Case {
  readonly dataDir: string;
  readonly path: string;
  readonly args: readonly string[];
}

async function withCase(packed: boolean, use: (made: Case) => Promise<void>): Promise<void> {
  const dataDir = makeDataDir();
  try {
    mkdirSync(dataDir);
    const path = join(dataDir, '..', 'text');
    writeFileSync(path, packed ? gzipSync(TEXT) : TEXT);
    await use({ dataDir, path, args: ['import', '--data-dir', dataDir, '--database', 'd', '--precision', 'ns', path] });
  } finally {
    removeDataDir(dataDir);
  }
}

/** Resolves when an import says that so many bytes were acknowledged. */
async function reached(dataDir: string, bytes: number, child: ChildProcess): Promise<void> {
  for (const folder = join(dataDir, 'imports'); ; await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    assert.equal(child.exitCode, null, 'it ended too early');
    const [name] = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
    if (name === undefined) continue;
    const state = readFileSync(join(folder, name), 'utf8');
    if (JSON.parse(state).reached.bytes >= bytes) return;
  }
}

async function expectAll({ dataDir, path }: Case): Promise<void> {
  // Without a server the import itself has left no row outside of files.
  await askServer(dataPaths(dataDir).socket, 'flush', { database: null });
  await compareDatabase(dataDir, 'd', MODEL, ['hyparquet']);
  assert.equal(readFileSync(`${path}.rejected.lp`, 'utf8'), `${BAD.join('\n')}\n`, 'each rejected line once');
  assert.equal(readFileSync(`${path}.rejected.jsonl`, 'utf8').trimEnd().split('\n').length, BAD.length);
  assert.deepEqual(readdirSync(join(dataDir, 'imports')), []);
}

const DONE = new RegExp(`: ${LINES.length - BAD.length} lines imported, ${BAD.length} rejected`);

for (const packed of [false, true]) {
  test(`an import that is killed goes on, ${packed ? 'packed' : 'plain'}`, () => withCase(packed, async (made) => {
    const server = await TestServer.start(made.dataDir, SMALL_BODIES);
    for (const share of [0.2, 0.5]) {
      const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: 'ignore' });
      await reached(made.dataDir, TEXT.length * share, child);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const { code, stdout, stderr } = sluice(made.args);
    assert.match(stderr, /: going on after line \d{4,}$/m);
    assert.match(stdout, DONE);
    assert.equal(code, 1, 'lines were rejected');
    await expectAll(made);
    assert.equal(await server.stop(), 0);
  }));
}

test('an import whose server is killed ends with a sentence, and goes on with the next server or without one', () => withCase(false, async (made) => {
  for (const share of [0.2, 0.5]) {
    const server = await TestServer.start(made.dataDir, SMALL_BODIES);
    const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = textOf(child.stderr);
    await reached(made.dataDir, TEXT.length * share, child);
    await server.kill();
    await once(child, 'exit');
    assert.equal(child.exitCode, 1);
    assert.match(await said, /the server went away.*; all up to line \d+ is stored, the same command goes on from there$/m);
  }
  const { code, stdout, stderr } = sluice(made.args);
  assert.deepEqual([code, DONE.test(stdout)], [1, true], stdout + stderr);
  await expectAll(made);
}));

test('files that an interrupted command had finished are not imported again by the same command', () => withCase(false, async ({ args, dataDir }) => {
  const server = await TestServer.start(dataDir, SMALL_BODIES);
  const first = join(dataDir, '..', 'first');
  writeFileSync(first, 'm v=1i 1\n');
  const both = [...args.slice(0, -1), first, ...args.slice(-1)];
  const child = spawn(process.execPath, [PROGRAM, ...both], { stdio: 'ignore' });
  for (;;) {
    await reached(dataDir, 1, child);
    if (readdirSync(join(dataDir, 'imports')).filter((name) => name.endsWith('.json')).length === 2) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const { stdout } = sluice(both);
  assert.match(stdout, /first was imported already, before the command was interrupted\n/);
  assert.match(stdout, DONE);
  assert.match(sluice(both).stdout, /first: 1 line imported/, 'a command that came to its end begins anew');
  assert.equal(await server.stop(), 0);
}));

test('a file that was changed is imported from its start', () => withCase(false, async (made) => {
  const server = await TestServer.start(made.dataDir, SMALL_BODIES);
  const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: 'ignore' });
  await reached(made.dataDir, 1, child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  writeFileSync(made.path, TEXT.replace('v0=0i', 'v0=9i'));
  const { stdout, stderr } = sluice(made.args);
  assert.doesNotMatch(stderr, /going on/);
  assert.match(stdout, DONE);
  assert.equal(await server.stop(), 0);
}));

/** What an interrupted import left: its progress, changed, and the same command once more. */
async function goOnAfter(made: Case, change: (path: string) => void): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const server = await TestServer.start(made.dataDir, SMALL_BODIES);
  const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: 'ignore' });
  await reached(made.dataDir, TEXT.length / 2, child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const folder = join(made.dataDir, 'imports');
  const [name] = readdirSync(folder).filter((file) => file.endsWith('.json'));
  change(join(folder, name!));
  const ended = sluice(made.args);
  await expectAll(made);
  assert.equal(await server.stop(), 0);
  return ended;
}

/** Each of them would skip lines, or go on inside of one. */
const DAMAGES: readonly (readonly [says: string, change: (text: string) => string])[] = [
  ['a higher offset', (text) => text.replace(/"bytes":(\d+),"physicalLines"/, (_, bytes) => `"bytes":${Number(bytes) + 100},"physicalLines"`)],
  ['done', (text) => text.replace('"isDone":false', '"isDone":true')],
  ['cut', (text) => text.slice(0, -10)],
  ['empty', () => ''],
  ['of format 1, which had no checksum', (text) => text.replace('"format":2', '"format":1').replace(/,"crc":"\w+"\}\n$/, '}')],
];

for (const [says, change] of DAMAGES) {
  test(`progress that is ${says} is not believed: stderr says so and all is imported`, () => withCase(false, async (made) => {
    const { stderr, stdout } = await goOnAfter(made, (path) => writeFileSync(path, change(readFileSync(path, 'utf8'))));
    assert.match(stderr, /imports\/\w+\.json cannot be used to go on, so the import begins anew: /);
    assert.match(stdout, DONE);
  }));
}

test('a folder where progress should be: stderr says so, and the command ends with a sentence when none can be kept', () => withCase(false, async (made) => {
  const server = await TestServer.start(made.dataDir, SMALL_BODIES);
  const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: 'ignore' });
  await reached(made.dataDir, 1, child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [name] = readdirSync(join(made.dataDir, 'imports')).filter((file) => file.endsWith('.json'));
  rmSync(join(made.dataDir, 'imports'), { recursive: true });
  mkdirSync(join(made.dataDir, 'imports', name!), { recursive: true });
  const { code, stderr } = sluice(made.args);
  assert.equal(code, 1);
  assert.match(stderr, /cannot be used to go on, so the import begins anew: it is a folder/);
  rmSync(join(made.dataDir, 'imports'), { recursive: true });
  writeFileSync(join(made.dataDir, 'imports'), '');
  const asFile = sluice(made.args);
  assert.equal(asFile.code, 1);
  assert.match(asFile.stderr, /how far an import comes cannot be kept in .*\/imports: /);
  assert.equal(await server.stop(), 0);
}));

test('a place where no line of the file begins is not believed, though its checksum is right', () => withCase(false, async (made) => {
  const { stderr } = await goOnAfter(made, (path) => {
    const { crc: _, ...state } = JSON.parse(readFileSync(path, 'utf8'));
    state.reached.bytes += 3;
    writeFileSync(path, encodeChecked(state));
  });
  assert.match(stderr, /begins anew: no line of the file begins at \d+\n/);
}));

test("the server's log and memory limits hold while an import runs", () => withCase(false, async ({ args, dataDir, path }) => {
  const limit = 1024 * 1024, segment = 256 * 1024, body = 64 * 1024;
  const server = await TestServer.start(dataDir, [
    '--log-bytes-max', String(limit), '--log-segment-bytes', String(segment), '--body-bytes-max', String(body), '--without-auth',
  ]);
  const lines = 70_000;
  writeFileSync(path, Array.from({ length: lines }, (_, i) => `m,host=h${i % 10},zone=z${i % 3} v=${i}i,w=${i / 7} ${i}\n`).join(''));
  assert.ok(statSync(path).size > 2 * limit);
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  let bytesMax = 0;
  while (child.exitCode === null) {
    bytesMax = Math.max(bytesMax, logBytes(dataDir));
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  assert.deepEqual(await ended, [0, null]);
  assert.ok(bytesMax > 0 && bytesMax <= limit + 2 * segment + body, `the log had ${bytesMax} bytes`);
  const { stdout } = sluice(['query', '--data-dir', dataDir, '--database', 'd', '--format', 'csv', 'SELECT count(*) AS n FROM m']);
  assert.equal(stdout.trim().split(/\r?\n/)[1], String(lines));
  assert.equal(await server.stop(), 0);
}));

function logBytes(dataDir: string): number {
  const folder = join(dataDir, 'log');
  return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

test('D18: a signal ends an import with a last line, what was being written is acknowledged, and the same command goes on', async () => {
  await withCase(false, async (made) => {
    const server = await TestServer.start(made.dataDir, SMALL_BODIES);
    const child = spawn(process.execPath, [PROGRAM, ...made.args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = textOf(child.stderr);
    const ended = once(child, 'close');
    await reached(made.dataDir, 8192, child);
    child.kill('SIGINT');
    const [code] = (await ended) as [number | null];
    assert.equal(code, 130, await said);
    assert.match(await said, /text: stopped by SIGINT; all up to line [1-9]\d* is stored, the same command goes on from there\n$/);
    const again = sluice(made.args);
    assert.match(again.stderr, /text: going on after line [1-9]\d*\n/);
    await expectAll(made);
    await server.stop();
  });
});

test('D18: a signal ends an import from a stdin that says nothing', async () => {
  await withCase(false, async ({ dataDir }) => {
    const server = await TestServer.start(dataDir, SMALL_BODIES);
    const child = spawn(process.execPath, [PROGRAM, 'import', '--data-dir', dataDir, '--database', 'd', '-'], { stdio: ['pipe', 'ignore', 'pipe'], cwd: join(dataDir, '..') });
    const ended = once(child, 'close');
    const said = textOf(child.stderr);
    child.stdin.write(TEXT.slice(0, 50_000));
    while ((JSON.parse(sluice(['tables', '--data-dir', dataDir, '--format', 'json']).stdout) as unknown[]).length === 0);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    assert.match(await said, /stdin: stopped by SIGTERM; all up to line [1-9]\d* is stored\n$/);
    await server.stop();
  });
});
