/** HTTPS on both listeners: protocols, renewal without a drop, certificates of clients. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { systemClock } from '../../src/clock.js';
import { systemDisk } from '../../src/disk.js';
import { readCertificate, type Certificate } from '../../src/http/listener/certificate.js';
import { makeListener } from '../../src/http/listener/choose.js';
import { LISTENER_OPTIONS, onBoth } from './harness.js';
import { testCertificate, tlsFiles, tlsPath, tlsText } from './test-certificates.js';

const ca = tlsText('ca.pem');
const certificate = await testCertificate('server');

interface Reply {
  readonly status: number;
  /** Whose certificate it was. */
  readonly server: string;
  /** Local port, to tell connections apart. */
  readonly port: number | undefined;
}

/** Sends a write of 200 kB and reads the answer. */
function write(port: number, options: ConnectionOptions & { agent?: Agent } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/write?db=d', method: 'POST', ca, agent: false, ...options }, (answer) => {
      const socket = answer.socket as TLSSocket;
      const reply = { status: answer.statusCode!, server: String(socket.getPeerCertificate().subject.CN), port: socket.localPort };
      answer.resume();
      answer.on('end', () => resolve(reply));
    });
    sent.on('error', reject);
    sent.end(Buffer.alloc(200_000, 'm a=1\n'));
  });
}

/** Shakes hands; returns the protocol of the layer above and the version of TLS. */
function handshake(port: number, options: ConnectionOptions): Promise<{ alpn: string; version: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, ...options }, () => {
      resolve({ alpn: String(socket.alpnProtocol || ''), version: String(socket.getProtocol()) });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

onBoth('writes over TLS, plain requests refused', { certificate }, async ({ port, writer, connect: connectPlain }) => {
  assert.deepEqual({ ...(await write(port)), port: 0 }, { status: 204, server: 'server', port: 0 });
  assert.equal(writer.writes[0]!.bytes.length, 200_000);
  await assert.rejects(write(port, { ca: tlsText('stranger.pem') }), 'a client of another root');
  const plain = await connectPlain();
  await plain.send('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
  await assert.rejects(plain.answer());
});

onBoth('HTTP/1.1 for whoever offers h2 as well, TLS 1.2 at least', { certificate }, async ({ port }) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const offered = await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'], minVersion: version, maxVersion: version });
    assert.notEqual(offered.alpn, 'h2');
    assert.equal(offered.version, version);
  }
  await assert.rejects(handshake(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
});

onBoth('a renewed certificate serves new connections; those that stand go on, with the request under way', { certificate }, async ({ port, listener, writer }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const before = await write(port, { agent });
  let store: () => void = () => {};
  writer.outcome = () => new Promise((resolve) => (store = () => resolve({ kind: 'stored' })));
  const underWay = write(port, { agent });
  await writer.came(2);
  await listener.renew(await testCertificate('renewed'));
  store();
  writer.outcome = () => ({ kind: 'stored' });
  assert.deepEqual(await underWay, before, 'the same connection');
  assert.deepEqual(await write(port, { agent }), before, 'and its next request');
  for (let i = 0; i < 5; i++) assert.equal((await write(port)).server, 'renewed');
  await listener.renew(certificate);
  assert.equal((await write(port)).server, 'server');
  agent.destroy();
});

onBoth('the limit of connections counts those of the certificate before', { certificate, connectionsMax: 1 }, async ({ port, listener }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal((await write(port, { agent })).status, 204);
  await listener.renew(await testCertificate('renewed'));
  await assert.rejects(write(port));
  agent.destroy();
});

onBoth('a port that is taken, by number and with a certificate, is not shared', { certificate }, async ({ port }, kind) => {
  const second = await makeListener(kind, () => {}, { ...LISTENER_OPTIONS, connectionsMax: 1, certificate }, { info: () => {}, warn: assert.fail });
  await assert.rejects(second.listen('127.0.0.1', port), /cannot listen on 127\.0\.0\.1:\d+: .*address/);
});

onBoth('stopping ends connections of every certificate', { certificate }, async ({ port, listener }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await write(port, { agent });
  await listener.renew(await testCertificate('renewed'));
  listener.stopAccepting();
  await listener.close();
  await assert.rejects(write(port, { agent }));
  await assert.rejects(write(port));
});

onBoth('a certificate that the library refuses leaves the one before', { certificate }, async ({ port, listener }) => {
  const gone: Certificate = { ...certificate, files: tlsFiles('none'), cert: Buffer.from('x') };
  await assert.rejects(listener.renew(gone));
  assert.equal((await write(port)).server, 'server');
});

test('with roots for clients only a client of one of them is let in, served by node:https', async (t) => {
  const withRoots = await readCertificate({ ...tlsFiles('server'), clientCa: tlsPath('ca.pem') }, systemDisk, systemClock);
  const listener = await makeListener('uws', (exchange) => exchange.answer({ status: 204, headers: [], body: '' }), { ...LISTENER_OPTIONS, connectionsMax: 10, certificate: withRoots }, { info: () => {}, warn: assert.fail });
  t.after(() => listener.close());
  const { port } = await listener.listen('127.0.0.1', 0);
  const of = (name: string): ConnectionOptions => ({ cert: tlsText(`${name}.pem`), key: tlsText(`${name}.key`) });
  assert.equal((await write(port, of('client'))).status, 204);
  await assert.rejects(write(port, of('stranger')));
  await assert.rejects(write(port));
  await listener.renew(await testCertificate('renewed', 'ca.pem'));
  assert.equal((await write(port, of('client'))).server, 'renewed');
  await assert.rejects(write(port), 'still asked for');
});
