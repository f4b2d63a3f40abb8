/** A backup while writes go on, again, killed on its way, and put back: the folder that comes of it has all that was acknowledged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askServer } from '../../src/control/client.js';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, PROGRAM, removeDataDir, sluice, TestServer } from '../e2e/server.js';

const TABLES = 4;
/** A writer that notes what was acknowledged: each number is a point of one of some tables. */
class Writer {
  readonly #url: string;
  #running = true;
  #writing: Promise<void> = Promise.resolve();
  acknowledged = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async write(): Promise<void> {
    const n = this.acknowledged + 1;
    // Now and then a column that no table had.
    const line = `t${n % TABLES},tag=a n=${n}i${n % 50 === 0 ? `,c${n}=1` : ''} ${1_735_689_600_000_000_000n + BigInt(n)}`;
    const { status, body } = await post(this.#url, writePath('/write', 'home', 'ns'), Buffer.from(line));
    assert.equal(status, 204, body);
    this.acknowledged = n;
  }

  begin(): void {
    const go = async (): Promise<void> => {
      while (this.#running) await this.write();
    };
    this.#writing = go();
  }

  async end(): Promise<void> {
    this.#running = false;
    await this.#writing;
  }
}

/** Runs a command beside the writer. */
function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The numbers of all points of a data folder. */
async function numbersIn(dataDir: string): Promise<number[]> {
  const sql = Array.from({ length: TABLES }, (_, table) => `SELECT n FROM t${table}`).join(' UNION ALL ');
  const { code, stdout, stderr } = await run('query', '--data-dir', dataDir, '--database', 'home', '--format', 'csv', `${sql} ORDER BY n`);
  assert.equal(code, 0, stderr); // a command without a server may say that it ended before a table was looked at
  return stdout.trim().split('\n').slice(1).map(Number);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('[issue 14 4] backup', { timeout: 240_000 }, () => {
  let dataDir: string;
  let server: TestServer;
  let writer: Writer;
  let target: string;
  const made: string[] = [];

  /** A new data folder with the backup in it. */
  async function restored(from = target): Promise<string> {
    const folder = makeDataDir();
    made.push(folder);
    const { code, stderr } = await run('restore', from, '--data-dir', folder);
    assert.deepEqual([code, stderr], [0, '']);
    return folder;
  }

  before(async () => {
    dataDir = makeDataDir();
    target = join(dataDir, '../backup');
    server = await TestServer.start(dataDir, ['--without-auth', '--flush-rows-max', '100']);
    writer = new Writer(server.url);
  });
  after(async () => {
    await server?.stop();
    for (const folder of [dataDir, ...made]) if (folder !== undefined) removeDataDir(folder);
  });

  test('while writes go on: all that was acknowledged when it began is there, and what is there is whole', async () => {
    for (let n = 0; n < 20; n += 1) await writer.write();
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    writer.begin();
    for (let round = 0; round < 3; round += 1) {
      const least = writer.acknowledged;
      const { code, stdout, stderr } = await run('backup', target, '--data-dir', dataDir);
      assert.deepEqual([code, stderr], [0, ''], stdout);
      const most = writer.acknowledged + 1;
      const folder = await restored();
      const opened = await TestServer.start(folder);
      const numbers = await numbersIn(folder);
      assert.ok(numbers.length >= least && numbers.length <= most, `${numbers.length} of ${least} to ${most}`);
      assert.deepEqual(numbers, upTo(numbers.length));
      assert.equal(await opened.stop(), 0);
      assert.doesNotMatch(opened.said, /damaged|missing|quarantine|"level":"(warn|error)"/);
      const { code: checked, stdout: said } = await run('check', '--data-dir', folder);
      assert.equal(checked, 0, said);
    }
    await writer.end();
  });

  test('again into the same place copies what is new alone, and what is gone goes', async () => {
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    assert.equal((await run('backup', target, '--data-dir', dataDir)).code, 0);
    const inodes = (): Map<string, number> => new Map(readdirSync(join(target, 'files/tables/home'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet')).map((name) => [name, statSync(join(target, 'files/tables/home', name)).ino]));
    const before = inodes();
    assert.ok(before.size > TABLES);
    const again = await run('backup', target, '--data-dir', dataDir);
    assert.match(again.stdout, /of which [0-4] files? of \d+ bytes (is|are) new\n$/);
    for (let n = 0; n < TABLES; n += 1) await writer.write();
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    assert.equal((await run('backup', target, '--data-dir', dataDir)).code, 0);
    const now = inodes();
    for (const [name, inode] of before) assert.equal(now.get(name), inode, name);
    assert.ok(now.size > before.size);
    const named = (JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8')) as { files: { stored: string }[] }).files.map(({ stored }) => stored);
    const there = readdirSync(join(target, 'files'), { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(target, 'files', name)).isFile());
    assert.deepEqual(there.sort(), named.sort());
    assert.deepEqual(await numbersIn(await restored()), upTo(writer.acknowledged));
  });

  test('killed on its way it leaves the backup before, and the next one goes on where it was', async () => {
    const acknowledged = writer.acknowledged;
    for (let n = 0; n < 40; n += 1) await writer.write();
    assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    const manifest = readFileSync(join(target, 'backup.json'));
    const child = spawn(process.execPath, [PROGRAM, 'backup', target, '--data-dir', dataDir]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    const progress = join(target, 'progress.jsonl');
    for (const end = performance.now() + 30_000; !existsSync(progress) && performance.now() < end;) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    await ended;
    assert.ok(existsSync(progress), 'it was killed in the middle');
    assert.deepEqual(readFileSync(join(target, 'backup.json')), manifest);
    assert.deepEqual(await numbersIn(await restored()), upTo(acknowledged));
    writeFileSync(progress, `${readFileSync(progress, 'utf8')}{"path":"torn`);
    assert.equal((await run('backup', target, '--data-dir', dataDir)).code, 0);
    assert.equal(existsSync(progress), false);
    assert.deepEqual(await numbersIn(await restored()), upTo(writer.acknowledged));
  });

  test('tokens stay secret, and the token of a first start stays behind', async () => {
    const own = makeDataDir();
    made.push(own);
    const first = await TestServer.start(own, []);
    await first.stop();
    const from = join(own, '../backup');
    assert.equal((await run('backup', from, '--data-dir', own)).code, 0);
    const folder = await restored(from);
    for (const path of [join(from, 'files/tokens.json'), join(folder, 'tokens.json')]) assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(existsSync(join(folder, 'admin-token')), false);
    assert.deepEqual(readFileSync(join(folder, 'tokens.json')), readFileSync(join(own, 'tokens.json')));
  });

  test('a backup that is damaged is not put back, and what began is no data folder', async () => {
    const { files } = JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8')) as { files: { stored: string; bytes: number }[] };
    const victim = join(target, 'files', files.find(({ stored, bytes }) => stored.endsWith('.parquet') && bytes > 0)!.stored);
    const whole = readFileSync(victim);
    const flipped = Buffer.from(whole);
    flipped[flipped.length >> 1]! ^= 1;
    chmodSync(victim, 0o600);
    const folder = makeDataDir();
    made.push(folder);
    writeFileSync(victim, flipped);
    const { code, stderr } = await run('restore', target, '--data-dir', folder);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: the backup is damaged: \S+\.parquet is not what was copied into it\n$/);
    await assert.rejects(TestServer.start(folder), /is not all there: run sluice restore again/);
    rmSync(victim);
    assert.match((await run('restore', target, '--data-dir', folder)).stderr, /^sluice: the backup is not whole: \S+ is missing\n$/);
    writeFileSync(victim, whole);
    assert.equal((await run('restore', target, '--data-dir', folder)).code, 0);
    assert.deepEqual(await numbersIn(folder), upTo(writer.acknowledged));
    assert.match((await run('restore', target, '--data-dir', folder)).stderr, /is not empty/);
    assert.match((await run('restore', join(target, 'files'), '--data-dir', join(folder, 'x'))).stderr, /holds no backup/);
    const json = readFileSync(join(target, 'backup.json'), 'utf8');
    writeFileSync(join(target, 'backup.json'), json.replace('"format":1', '"format":7'));
    assert.match((await run('restore', target, '--data-dir', join(folder, 'x'))).stderr, /is no list of a backup: its checksum is wrong/);
    writeFileSync(join(target, 'backup.json'), json);
  });

  test('without a server, and beside one that was killed', async () => {
    for (let n = 0; n < 5; n += 1) await writer.write();
    await server.kill();
    assert.equal((await run('backup', target, '--data-dir', dataDir)).code, 0);
    assert.deepEqual(await numbersIn(await restored()), upTo(writer.acknowledged));
  });
});

test('[issue 14 4] while the log is held no segment of it goes, and afterwards they do', { timeout: 60_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--log-segment-bytes', '1MiB']);
    const socket = join(dataDir, 'sluice.sock');
    const segments = (): string[] => readdirSync(join(dataDir, 'log')).filter((name) => name.endsWith('.log'));
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 4; n += 1) {
        const lines = Array.from({ length: 1000 }, (_, at) => `m,t=${at} text="${'x'.repeat(600)}" ${1_735_689_600_000_000_000n + BigInt(n)}`);
        assert.equal((await post(server.url, writePath('/write', 'home', 'ns'), Buffer.from(lines.join('\n')))).status, 204);
      }
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    };
    /** Waits until the log is trimmed to its newest segment. */
    const trimmed = async (): Promise<boolean> => {
      for (const end = performance.now() + 4000; segments().length > 1 && performance.now() < end;) await new Promise((resolve) => setTimeout(resolve, 50));
      return segments().length === 1;
    };
    const { hold, segments: held } = (await askServer(socket, 'log-hold', { hold: null }))!;
    assert.deepEqual(held.map(({ name }) => name), segments());
    await fill();
    assert.ok(segments().length >= 3);
    assert.equal(await trimmed(), false);
    const again = (await askServer(socket, 'log-hold', { hold }))!;
    assert.deepEqual(again.segments.map(({ name }) => name), segments());
    for (const { name, bytes } of again.segments) assert.equal(bytes, statSync(join(dataDir, 'log', name)).size);
    assert.deepEqual(await askServer(socket, 'log-release', { hold }), { held: true });
    assert.equal(await trimmed(), true);
    assert.deepEqual(await askServer(socket, 'log-release', { hold }), { held: false });
    await assert.rejects(askServer(socket, 'log-hold', { hold }), /was not kept whole/);
    await server.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
