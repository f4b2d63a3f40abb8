/** Addresses and networks of IPv4 and IPv6: which is in which, how they are written, and where a request behind proxies came from. */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address as `::ffff:1.2.3.4`, in whichever spelling, is the IPv4 address in it. */
function plain(address: string): string {
  const [, dotted, high, low] = /^(?:::|(?:0{1,4}:){5})ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((pair) => [parseInt(pair, 16) >> 8, parseInt(pair, 16) & 255]).join('.');
}

/** A set of networks. */
export interface Networks {
  readonly isEmpty: boolean;
  has(address: string): boolean;
}

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

function parseNetwork(text: string): Network | null {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  const bitsMax = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
  if (version === 0 || rest.length > 0 || !(prefix <= bitsMax)) return null;
  return { address, bits: prefix, family: version === 6 ? 'ipv6' : 'ipv4' };
}

/** Whether a text is an address or a network in CIDR notation, of IPv4 or IPv6. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null;
}

/** The set of a list of networks. @throws RangeError for one that is none */
export function makeNetworks(list: readonly string[]): Networks {
  const networks = new BlockList();
  for (const text of list) {
    const network = parseNetwork(text);
    if (network === null) throw new RangeError(`${JSON.stringify(text)} is no network`);
    networks.addSubnet(network.address, network.bits, network.family);
  }
  return {
    isEmpty: list.length === 0,
    has: (address) => {
      const version = isIP(plain(address));
      return version !== 0 && networks.check(plain(address), version === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** Host and port as a URL has them. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Every address of this machine: those of IPv6, which take IPv4 as well; those of IPv4 on a machine that has no other. */
export function everyAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

const LOOPBACK = makeNetworks(['127.0.0.0/8', '::1']);

/** Whether only this machine reaches a server that listens there. @param host an address, or a name of this machine's hosts file */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK.has(host);
}

/**
 * Where a request came from: the peer, or, as far as proxies are trusted, whom they say they speak for.
 * @param peer address of the connection's other end
 * @param forwardedFor the lines of X-Forwarded-For in their order; each proxy adds the one it heard at the end
 */
export function clientAddress(peer: string, forwardedFor: readonly string[], trusted: Networks): string {
  let address = plain(peer);
  if (trusted.isEmpty) return address;
  const named = forwardedFor.join(',').split(',').map((text) => text.trim());
  while (trusted.has(address)) {
    const before = withoutPort(named.pop() ?? '');
    if (isIP(before) === 0) break;
    address = plain(before);
  }
  return address;
}

/** Some proxies write `1.2.3.4:5678` and `[::1]:5678`. */
function withoutPort(text: string): string {
  const match = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text);
  return match === null ? text : (match[1] ?? match[2])!;
}
