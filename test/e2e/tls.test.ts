/** HTTPS in the running program: started, renewed by SIGHUP under load, and refused with a sentence. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { IDLE_LIMITS } from '../../src/http/listener/idle-clients.js';
import { root } from '../root.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const given = join(root, 'test/data/tls');
const ca = readFileSync(join(given, 'ca.pem'));

interface Reply {
  readonly status: number;
  readonly server: string;
  readonly port: number | undefined;
}

function write(server: TestServer, agent: Agent | false, client: { cert?: Buffer; key?: Buffer } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/write?db=d&precision=ns`, { method: 'POST', ca, agent, ...client }, (answer) => {
      const socket = answer.socket as TLSSocket;
      const reply = { status: answer.statusCode!, server: String(socket.getPeerCertificate().subject.CN), port: socket.localPort };
      answer.resume();
      answer.on('end', () => resolve(reply));
    });
    sent.on('error', reject);
    sent.end('m v=1i 1');
  });
}

/** A folder with a certificate under fixed names. */
function makeFiles(dataDir: string): { args: string[]; use(name: string): void; spoil(): void } {
  const folder = join(dataDir, '..', 'tls');
  mkdirSync(folder, { recursive: true });
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const use = (name: string): void => {
    copyFileSync(join(given, `${name}.pem`), cert);
    copyFileSync(join(given, `${name}.key`), key);
  };
  use('server');
  return { args: ['--tls-cert', cert, '--tls-key', key], use, spoil: () => writeFileSync(cert, 'nonsense') };
}

/** Sends SIGHUP and waits for what the server says. */
async function reload(server: TestServer, words: RegExp): Promise<void> {
  const from = server.said.length;
  server.child.kill('SIGHUP');
  while (!words.test(server.said.slice(from))) await new Promise((resolve) => server.child.stderr!.once('data', resolve));
}

/** Asks for a page that needs no token, on a connection of its own. */
function ping(server: TestServer): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${server.url}/ping`, { ca, agent: false }, (answer) => answer.resume().on('end', resolve)).on('error', reject).end();
  });
}

for (const http of ['uws', 'node']) {
  test(`SIGHUP renews the certificate, connections that stand go on, a bad one is refused (${http})`, async () => {
    const dataDir = makeDataDir();
    try {
      const files = makeFiles(dataDir);
      const server = await TestServer.start(dataDir, ['--without-auth', '--http', http, ...files.args]);
      assert.match(server.url, /^https:/);
      // A client that is not known to be busy is told to connect anew.
      for (let i = 0; i < IDLE_LIMITS.burstMax; i += 1) await ping(server);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const before = await write(server, agent);
      assert.deepEqual([before.status, before.server], [204, 'server']);
      files.use('renewed');
      // Writes go on over the standing connection all the while.
      let renewing = true;
      const load = (async () => {
        while (renewing) assert.deepEqual(await write(server, agent), before);
      })();
      await reload(server, /SIGHUP: certificates read again/);
      renewing = false;
      await load;
      assert.equal((await write(server, false)).server, 'renewed');
      files.spoil();
      await reload(server, /SIGHUP: certificates kept as they were: .*cert\.pem holds no certificate in PEM/);
      assert.equal((await write(server, false)).server, 'renewed');
      assert.deepEqual(await write(server, agent), before);
      agent.destroy();
      assert.equal(await server.stop(), 0);
    } finally {
      removeDataDir(dataDir);
    }
  });
}

test('--tls-client-ca lets in who shows a certificate of its root', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--tls-client-ca', join(given, 'ca.pem'), ...makeFiles(dataDir).args]);
    const of = (name: string): { cert: Buffer; key: Buffer } => ({ cert: readFileSync(join(given, `${name}.pem`)), key: readFileSync(join(given, `${name}.key`)) });
    assert.equal((await write(server, false, of('client'))).status, 204);
    await assert.rejects(write(server, false, of('stranger')));
    await assert.rejects(write(server, false));
    assert.equal(await server.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});

test('files that are wrong at start are named in a sentence', () => {
  const dataDir = makeDataDir();
  try {
    const serve = (...args: string[]): { stderr: string; code: number | null } => sluice(['serve', '--data-dir', dataDir, '--http-bind', '127.0.0.1:0', ...args]);
    const none = serve('--tls-cert', '/none/cert.pem', '--tls-key', join(given, 'server.key'));
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^sluice: there is no certificate \/none\/cert\.pem$/m);
    const other = serve('--tls-cert', join(given, 'server.pem'), '--tls-key', join(given, 'client.key'));
    assert.match(other.stderr, /^sluice: the private key .*client\.key does not belong to the certificate .*server\.pem$/m);
    assert.equal(serve('--tls-cert', join(given, 'server.pem')).code, 2);
  } finally {
    removeDataDir(dataDir);
  }
});
