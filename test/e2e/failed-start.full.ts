/** A start that fails late undoes what it began: the program says why, once, and ends, and the next start finds the folder free. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../root.js';
import { post } from './client.js';
import { makeDataDir, PROGRAM, removeDataDir, SERVER_ENV, TestServer } from './server.js';

const END_MS_MAX = 60_000;
/** Loaded into every thread: the last step of a start that asks the disk for anything fails. */
const NO_STATFS = `
const { promises } = require('node:fs');
promises.statfs = () => Promise.reject(new Error('this disk tells no free bytes'));`;
/** Something that nobody ends: it would keep the process there for ever. */
const LEFT_RUNNING = `
if (require('node:worker_threads').isMainThread) setInterval(() => {}, 1000);`;

/** A port that another has. */
const other = createServer();
before(() => new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve)));
after(() => other.close());
const takenPort = (): number => (other.address() as AddressInfo).port;

interface Scene {
  readonly dataDir: string;
  /** Beside the data folder. */
  readonly folder: string;
}

function makeScene(): Scene {
  const dataDir = makeDataDir();
  return { dataDir, folder: dirname(dataDir) };
}

/** A script that every thread of the program runs first. */
function preload({ folder }: Scene, name: string, text: string): Record<string, string> {
  writeFileSync(join(folder, name), text);
  return { NODE_OPTIONS: `--require ${join(folder, name)}` };
}

function tlsFiles({ folder }: Scene, cert: string, key: string): string[] {
  for (const name of [`${cert}.pem`, `${key}.key`]) copyFileSync(join(root, 'test/data/tls', name), join(folder, name));
  return ['--tls-cert', join(folder, `${cert}.pem`), '--tls-key', join(folder, `${key}.key`)];
}

interface Kind {
  readonly what: string;
  readonly says: RegExp;
  readonly args?: (scene: Scene) => readonly string[];
  readonly script?: string;
}

const KINDS: readonly Kind[] = [
  { what: 'a port that another program has', says: /cannot listen on 127\.0\.0\.1:\d+/, args: () => ['--http-bind', `127.0.0.1:${takenPort()}`] },
  { what: 'an address that is none of ours', says: /cannot listen on 203\.0\.113\.5:8181/, args: () => ['--http-bind', '203.0.113.5:8181'] },
  { what: 'a certificate that is not there', says: /there is no certificate .*none\.pem/, args: ({ folder }) => ['--tls-cert', join(folder, 'none.pem'), '--tls-key', join(folder, 'none.key')] },
  { what: 'a certificate with the key of another', says: /server\.pem/, args: (scene) => tlsFiles(scene, 'server', 'stranger') },
  { what: 'an admin token file that is not there', says: /there is no admin token file .*none\.json/, args: ({ folder }) => ['--admin-token-file', join(folder, 'none.json')] },
  { what: 'a disk that fails once the workers run', says: /this disk tells no free bytes/, script: NO_STATFS },
];

for (const http of ['uws', 'node']) {
  for (const { what, says, args, script } of KINDS) {
    test(`a start on ${http} with ${what} ends the program with the reason, said once`, () => {
      const scene = makeScene();
      try {
        const { status, signal, stderr, stdout } = spawnSync(
          process.execPath,
          [PROGRAM, 'serve', '--data-dir', scene.dataDir, '--http-bind', '127.0.0.1:0', '--http', http, '--workers', '2', '--log-level', 'warn', ...(args?.(scene) ?? [])],
          { encoding: 'utf8', timeout: END_MS_MAX, env: { ...SERVER_ENV, ...preload(scene, 'left.cjs', `${LEFT_RUNNING}${script ?? ''}`) } },
        );
        assert.deepEqual([status, signal], [1, null], stderr);
        const lines = stderr.trim().split('\n').filter((line) => line !== '');
        assert.equal(lines.length, 1, stderr);
        assert.match(lines[0]!, /^sluice: /);
        assert.match(lines[0]!, says);
        assert.equal(stdout, '');
      } finally {
        removeDataDir(scene.dataDir);
      }
    });
  }
}

test('the folder of a start that failed is free for the next', async () => {
  const scene = makeScene();
  try {
    await assert.rejects(TestServer.start(scene.dataDir, ['--without-auth'], preload(scene, 'no-statfs.cjs', NO_STATFS)), /the server ended with 1: .*tells no free bytes/s);
    const server = await TestServer.start(scene.dataDir);
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(scene.dataDir);
  }
});

test('a start that fails with rows to read back ends, and loses none of them', async () => {
  const scene = makeScene();
  try {
    const first = await TestServer.start(scene.dataDir);
    for (let i = 0; i < 50; i += 1) assert.equal((await post(first.url, '/write?db=late', Buffer.from(`m v=${i}i ${i}`))).status, 204);
    await first.kill();
    await assert.rejects(TestServer.start(scene.dataDir, ['--without-auth', '--http-bind', `127.0.0.1:${takenPort()}`]), /the server ended with 1: .*cannot listen/s);
    const again = await TestServer.start(scene.dataDir);
    assert.equal(await again.stop(), 0);
    assert.ok(readdirSync(join(scene.dataDir, 'tables/late/m')).some((name) => name.endsWith('.parquet')), again.said);
  } finally {
    removeDataDir(scene.dataDir);
  }
});

test('one table folder that cannot go to trash, and one unfinished file that cannot be removed, stop neither a start nor the others', async () => {
  const scene = makeScene();
  const script = `
const { promises } = require('node:fs');
const { rename, rm } = promises;
promises.rename = (from, to) => (/tables\\/gone\\/a$/.test(from) ? Promise.reject(new Error('this folder cannot be moved')) : rename(from, to));
promises.rm = (path, how) => (/tmp\\/1$/.test(path) ? Promise.reject(new Error('this folder cannot be removed')) : rm(path, how));`;
  try {
    const first = await TestServer.start(scene.dataDir);
    for (const table of ['a', 'b', 'c']) assert.equal((await post(first.url, '/write?db=gone', Buffer.from(`${table} v=1i 1`))).status, 204);
    assert.equal(await first.stop(), 0);
    const blocked = await TestServer.start(scene.dataDir, ['--without-auth'], preload(scene, 'blocked.cjs', "require('node:fs').promises.rename = () => Promise.reject(new Error('nothing can be moved'));"));
    await post(blocked.url, '/query?q=DROP+DATABASE+gone', Buffer.from(''));
    await blocked.kill();
    mkdirSync(join(scene.dataDir, 'tmp/1'), { recursive: true });
    mkdirSync(join(scene.dataDir, 'tmp/2'), { recursive: true });
    const again = await TestServer.start(scene.dataDir, ['--without-auth'], preload(scene, 'some.cjs', script));
    assert.equal((await post(again.url, '/write?db=after', Buffer.from('m v=1i 1'))).status, 204);
    assert.equal(await again.stop(), 0);
    assert.match(again.said, /dropped table gone\/a could not go to trash: this folder cannot be moved/);
    assert.match(again.said, /unfinished files of earlier starts stay for now: this folder cannot be removed/);
    assert.deepEqual(readdirSync(join(scene.dataDir, 'tables/gone')), ['a']);
    assert.ok(!readdirSync(join(scene.dataDir, 'tmp')).includes('2'));
  } finally {
    removeDataDir(scene.dataDir);
  }
});
