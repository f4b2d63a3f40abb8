/** Two ports, one handler; a second that is taken is left out; an addon that is not the one looked at is not loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config.js';
import type { Exchange } from '../../src/http/listener/listener.js';
import { Ports } from '../../src/http/listener/ports.js';
import { UWS_BUILDS } from '../../src/http/listener/uws-builds.js';
import { loadBuild } from '../../src/http/listener/uws-library.js';
import { LISTENER_OPTIONS } from './harness.js';
import { RawClient } from './raw-client.js';

const handler = (exchange: Exchange): void => exchange.answer({ status: 204, headers: [], body: '' });

function open(compat: string, warnings: string[] = []): Promise<Ports> {
  const config = parseConfig({ 'http-bind': '127.0.0.1:0', 'http-compat-bind': compat }, {});
  return Ports.open(config, handler, LISTENER_OPTIONS, { info: () => {}, warn: (message) => warnings.push(message) });
}

async function statusOf(port: number, version: string): Promise<number> {
  const client = await RawClient.connect(port);
  await client.send(`GET /ping HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const { status } = await client.answer();
  client.destroy();
  return status;
}

test('both ports answer, the second in HTTP/1.0 too', async () => {
  const ports = await open('127.0.0.1:0');
  const [first, second] = ports.addresses;
  assert.deepEqual([await statusOf(first!.port, '1.1'), await statusOf(second!.port, '1.1'), await statusOf(second!.port, '1.0')], [204, 204, 204]);
  ports.stopAccepting();
  await assert.rejects(RawClient.connect(first!.port));
  await assert.rejects(RawClient.connect(second!.port));
  await ports.close();
});

test('a second port that is taken is left out with one warning; none is none', async () => {
  const warnings: string[] = [];
  const other = await open('127.0.0.1:0');
  const taken = other.addresses[1]!.port;
  const ports = await open(`127.0.0.1:${taken}`, warnings);
  assert.equal(ports.addresses.length, 1);
  assert.deepEqual(warnings, [`127.0.0.1:${taken} is taken, so there is no port for old and slow clients (--http-compat-bind)`]);
  const alone = await open('none', warnings);
  assert.deepEqual([alone.addresses.length, warnings.length], [1, 1]);
  for (const each of [other, ports, alone]) await each.close();
});

test('a second address that is none of ours is an error, and the first port is free again', async () => {
  await assert.rejects(open('203.0.113.5:8086'), /cannot listen on 203\.0\.113\.5:8086/);
});

test('an addon whose SHA-256 is another is not loaded', async () => {
  const build = UWS_BUILDS.at(-1)!;
  const sha256 = Object.fromEntries(Object.keys(build.sha256).map((name) => [name, '0'.repeat(64)]));
  await assert.rejects(loadBuild({ ...build, sha256 }), /is not the file it should be/);
  await assert.rejects(loadBuild({ ...build, sha256: {} }), /has no build for this machine/);
});
