/** nginx and HAProxy of Debian before each port, set as docs/proxies.md says, and nginx as it comes. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { within } from '../../src/clock.js';
import { root } from '../root.js';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';

const CACHE = process.env['SLUICE_TEST_CACHE'] ?? join(homedir(), '.cache/sluice-test');
const PACKAGES = { nginx: ['nginx', 'nginx-common'], haproxy: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'] } as const;
const READY_MS_MAX = 20_000;

function run(folder: string, tool: string, ...args: string[]): void {
  const { stderr, status, error } = spawnSync(tool, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

/** Debian's packages of a proxy, unpacked. @throws Error when they cannot be had */
function unpacked(name: keyof typeof PACKAGES): string {
  const target = join(CACHE, `${name}-debian`);
  if (existsSync(target)) return target;
  mkdirSync(CACHE, { recursive: true });
  const build = mkdtempSync(`${target}.build-`);
  for (const debian of PACKAGES[name]) if (spawnSync('apt-cache', ['show', debian]).status === 0) run(build, 'apt-get', 'download', debian);
  for (const file of readdirSync(build)) run(build, 'dpkg', '-x', file, '.');
  renameSync(build, target);
  return target;
}

/** The page's lines for a proxy. */
function linesOf(language: string): string {
  return new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readFileSync(join(root, 'docs/proxies.md'), 'utf8'))![1]!;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until somebody listens. */
async function listens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a proxy with a configuration in a folder of its own; returns its port. */
async function startProxy(t: TestContext, name: keyof typeof PACKAGES, lines: string, server: number): Promise<number> {
  const debian = unpacked(name);
  const folder = mkdtempSync(join(tmpdir(), 'sl-proxy-'));
  const port = await freePort();
  const site = lines.replaceAll('8080', String(port)).replaceAll('127.0.0.1:8086', `127.0.0.1:${server}`);
  const config = name === 'haproxy' ? site : `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n`
    + ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};\n`).join('') + `${site}\n}\n`;
  writeFileSync(join(folder, 'conf'), config);
  const [program, args] = name === 'nginx' ? [join(debian, 'usr/sbin/nginx'), ['-p', folder, '-e', 'stderr', '-c', join(folder, 'conf')]] : [join(debian, 'usr/sbin/haproxy'), ['-db', '-f', join(folder, 'conf')]];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LD_LIBRARY_PATH: join(debian, 'usr/lib/x86_64-linux-gnu') } });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await within(READY_MS_MAX, Promise.race([listens(port), ended.then(() => Promise.reject(new Error(`${name} ended: ${said}`)))]));
  return port;
}

const AS_IT_COMES = 'server { listen 8080; location / { proxy_pass http://127.0.0.1:8086; } }';
const PLACES = [
  { name: 'nginx', proxy: 'nginx', lines: linesOf('nginx'), port: 1 },
  { name: 'nginx', proxy: 'nginx', lines: linesOf('nginx').replace('60s', '5s'), port: 0 },
  { name: 'nginx as it comes', proxy: 'nginx', lines: AS_IT_COMES, port: 1 },
  { name: 'HAProxy', proxy: 'haproxy', lines: linesOf('haproxy'), port: 1 },
  { name: 'HAProxy', proxy: 'haproxy', lines: linesOf('haproxy'), port: 0 },
] as const;

test('writes through proxies are stored, small, many and large ones', { timeout: 240_000 }, async (t) => {
  const dataDir = makeDataDir();
  t.after(() => removeDataDir(dataDir));
  const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1', '--http-compat-bind', '127.0.0.1:0']);
  const ports = [...server.said.matchAll(/http:\/\/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  for (const { name, proxy, lines, port } of PLACES) {
    await t.test(`${name} before ${['--http-bind', '--http-compat-bind'][port]}`, async (t) => {
      const url = `http://127.0.0.1:${await startProxy(t, proxy, lines, ports[port]!)}`;
      const write = async (body: string): Promise<number> => (await post(url, writePath('/api/v2/write', 'proxied', 'ns'), Buffer.from(body))).status;
      const statuses = await Promise.all(Array.from({ length: 50 }, (_, i) => write(`m,n=${i} f=1 ${i}`)));
      for (let i = 0; i < 50; i += 1) statuses.push(await write(`m,n=${i} f=2 ${i}`));
      statuses.push(await write('m f=1 1\n'.repeat(100_000)));
      assert.deepEqual(statuses, Array.from({ length: 101 }, () => 204));
    });
  }
  assert.equal(await server.stop(), 0);
});
