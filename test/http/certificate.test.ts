/** Files of a certificate that cannot be meant are named in a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TlsFiles } from '../../src/config.js';
import { readCertificate } from '../../src/http/listener/certificate.js';
import { MemoryDisk } from '../fault/memory-disk.js';
import { FakeClock } from './fake-clock.js';
import { tlsText } from './test-certificates.js';

const FILES: TlsFiles = { cert: '/cert.pem', key: '/key.pem', clientCa: '/ca.pem' };
const GOOD = { '/cert.pem': tlsText('server.pem'), '/key.pem': tlsText('server.key'), '/ca.pem': tlsText('ca.pem') };

async function read(change: Readonly<Record<string, string | null>>, clock = atTest()): Promise<readonly string[]> {
  const disk = new MemoryDisk();
  for (const [path, text] of Object.entries({ ...GOOD, ...change })) if (text !== null) disk.place(path, Buffer.from(text));
  return (await readCertificate(FILES, disk, clock)).warnings;
}

/** A clock within the life of the certificates. */
function atTest(): FakeClock {
  const clock = new FakeClock();
  clock.advance(Date.parse('2030-01-01T00:00:00Z') - clock.nowMs());
  return clock;
}

test('good files, also with a chain and several roots', async () => {
  assert.deepEqual(await read({}), []);
  assert.deepEqual(await read({ '/cert.pem': GOOD['/cert.pem'] + GOOD['/ca.pem'], '/ca.pem': GOOD['/ca.pem'] + tlsText('stranger.pem') }), []);
});

const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const wrong: readonly [what: string, change: Readonly<Record<string, string | null>>, words: RegExp][] = [
  ['no certificate', { '/cert.pem': null }, /^there is no certificate \/cert\.pem$/],
  ['no key', { '/key.pem': null }, /^there is no private key \/key\.pem$/],
  ['no root of clients', { '/ca.pem': null }, /^there is no client root certificate \/ca\.pem$/],
  ['an empty certificate', { '/cert.pem': '' }, /^\/cert\.pem holds no certificate in PEM$/],
  ['a key for a certificate', { '/cert.pem': GOOD['/key.pem'] }, /^\/cert\.pem holds no certificate in PEM$/],
  ['a broken certificate', { '/cert.pem': BROKEN }, /^\/cert\.pem holds a certificate that cannot be read: /],
  ['a certificate for a key', { '/key.pem': GOOD['/cert.pem'] }, /^\/key\.pem holds no private key in PEM: /],
  ['another key', { '/key.pem': tlsText('renewed.key') }, /^the private key \/key\.pem does not belong to the certificate \/cert\.pem$/],
  ['an encrypted key', { '/key.pem': '-----BEGIN ENCRYPTED PRIVATE KEY-----\n' }, /^the private key \/key\.pem is encrypted: take its passphrase away$/],
  ['a broken root', { '/ca.pem': BROKEN }, /^\/ca\.pem holds a certificate that cannot be read: /],
];
for (const [what, change, words] of wrong) {
  test(`${what} is refused`, async () => assert.rejects(read(change), (error: Error) => words.test(error.message)));
}

test('a certificate out of its time is warned of', async () => {
  const late = atTest();
  late.advance(200 * 366 * 86_400_000);
  assert.match((await read({}, late)).join('\n'), /^the certificate \/cert\.pem has been out of date since .*\nthe certificate \/ca\.pem has been/);
  assert.match((await read({}, new FakeClock())).join('\n'), /^the certificate \/cert\.pem is not good before /);
});

test('a file that cannot be read is named', async () => {
  const disk = new MemoryDisk();
  for (const [path, text] of Object.entries(GOOD)) disk.place(path, Buffer.from(text));
  disk.failNth('read', 1, 'once');
  await assert.rejects(readCertificate(FILES, disk, atTest()), /^Error: the certificate \/cert\.pem cannot be read: /);
});
