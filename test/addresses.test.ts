import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress, isLoopback, isNetwork, makeNetworks } from '../src/addresses.js';

const members: readonly [network: string, address: string, has: boolean][] = [
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.7', '10.0.0.7', true],
  ['10.0.0.7', '10.0.0.8', false],
  ['0.0.0.0/0', '1.2.3.4', true],
  ['0.0.0.0/0', '::1', false],
  ['fd00::/8', 'fdff::1', true],
  ['fd00::/8', 'fe00::1', false],
  ['::1', '0000:0000:0000:0000:0000:0000:0000:0001', true],
  ['10.0.0.0/8', '::ffff:10.1.1.1', true],
  ['10.0.0.0/8', '0000:0000:0000:0000:0000:ffff:10.1.1.1', true],
  ['10.0.0.0/8', '::ffff:0a01:101', true],
  ['10.0.0.0/8', '', false],
  ['10.0.0.0/8', 'localhost', false],
];
for (const [network, address, has] of members) {
  test(`${network} ${has ? 'has' : 'has not'} ${JSON.stringify(address)}`, () => assert.equal(makeNetworks([network]).has(address), has));
}

for (const wrong of ['10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'proxy.example', '10.0.0.0/ 8', '']) {
  test(`${JSON.stringify(wrong)} is no network`, () => {
    assert.equal(isNetwork(wrong), false);
    assert.throws(() => makeNetworks(['10.0.0.1', wrong]), RangeError);
  });
}

const trusted = makeNetworks(['10.0.0.0/8', 'fd00::/8']);
const hops: readonly [what: string, peer: string, lines: string[], address: string][] = [
  ['no proxy', '9.9.9.9', [], '9.9.9.9'],
  ['a stranger is not believed', '9.9.9.9', ['1.1.1.1'], '9.9.9.9'],
  ['a proxy is', '10.0.0.1', ['1.1.1.1'], '1.1.1.1'],
  ['what a client claims before the proxy is not', '10.0.0.1', ['6.6.6.6, 1.1.1.1'], '1.1.1.1'],
  ['nor in a line of its own', '10.0.0.1', ['6.6.6.6', '1.1.1.1'], '1.1.1.1'],
  ['two proxies', '10.0.0.1', ['1.1.1.1, 10.0.0.2'], '1.1.1.1'],
  ['all hops trusted', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
  ['a proxy that says nothing', '10.0.0.1', [], '10.0.0.1'],
  ['nonsense ends the chain', '10.0.0.1', ['1.1.1.1, nonsense'], '10.0.0.1'],
  ['IPv6', 'fd00::1', ['2001:db8::5'], '2001:db8::5'],
  ['with ports', '10.0.0.1', ['1.1.1.1:4711, [fd00::2]:80'], '1.1.1.1'],
  ['an IPv4 peer of an IPv6 socket in hexadecimal', '0000:0000:0000:0000:0000:ffff:c000:0201', [], '192.0.2.1'],
  ['an IPv4 peer of an IPv6 socket', '::ffff:10.0.0.1', ['1.1.1.1'], '1.1.1.1'],
];
for (const [what, peer, lines, address] of hops) {
  test(`X-Forwarded-For: ${what}`, () => assert.equal(clientAddress(peer, lines, trusted), address));
}

test('addresses that only this machine reaches', () => {
  for (const host of ['127.0.0.1', '127.3.2.1', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost']) assert.equal(isLoopback(host), true, host);
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'fe80::1', '::ffff:10.0.0.1', 'example.org', 'localhost.example.org', '']) assert.equal(isLoopback(host), false, host);
});
