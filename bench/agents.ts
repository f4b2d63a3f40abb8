/** Agents that write every few seconds on connections that stay, on each port, plain and TLS: how many are cut off, and what connecting anew costs. */
import { Agent, request, type RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { makeDataDir, removeDataDir, TestServer } from '../test/e2e/server.js';
import { tlsPath, tlsText } from '../test/http/test-certificates.js';
import { wait } from '../src/clock.js';
import { cpuSecondsOfProcess } from './measure.js';
import { fixed, type Part, type Row } from './table.js';

const MINUTES = Number(process.env['SLUICE_BENCH_MINUTES'] ?? 10);
const AGENTS = Number(process.env['SLUICE_BENCH_AGENTS'] ?? 2000);
const INTERVALS_MS = [5000, 9000, 10_000, 11_000, 30_000];
/** Each interval is longer or shorter by so much at most. */
const JITTER = 0.05;
const ANSWER_MS_MAX = 30_000;
const SETTLED_MS = 3000;

interface Group {
  readonly name: string;
  readonly isCompat: boolean;
  readonly isTls: boolean;
  /** All agents come from one address, as behind a gateway; else each has its own. */
  readonly isShared?: boolean;
}

const GROUPS: readonly Group[] = [
  { name: '--http-bind', isCompat: false, isTls: false },
  { name: '--http-bind, one address', isCompat: false, isTls: false, isShared: true },
  { name: '--http-bind, TLS', isCompat: false, isTls: true },
  { name: '--http-compat-bind', isCompat: true, isTls: false },
  { name: '--http-compat-bind, TLS', isCompat: true, isTls: true },
];

interface Counts {
  answered: number;
  refused: number;
  resets: number;
  unanswered: number;
  connections: number;
}

/** One write. Resolves when it is answered or lost, and counts which. */
function writeOnce(options: RequestOptions, isTls: boolean, counts: Counts): Promise<void> {
  return new Promise((resolve) => {
    const sent = (isTls ? secureRequest : request)({ ...options, method: 'POST', path: '/api/v2/write?bucket=agents', timeout: ANSWER_MS_MAX }, (answer) => {
      if (!sent.reusedSocket) counts.connections += 1;
      if (answer.statusCode === 204) counts.answered += 1;
      else counts.refused += 1;
      answer.resume();
      answer.on('close', resolve);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.message === 'no answer') counts.unanswered += 1;
      else counts.resets += 1;
      resolve();
    });
    sent.end('cpu,host=a usage=1');
  });
}

/** One agent from its first write, somewhere in its first interval, to the end. */
async function live(options: RequestOptions, { isTls }: Group, intervalMs: number, endMs: number, counts: Counts): Promise<void> {
  await wait(Math.random() * intervalMs);
  while (performance.now() < endMs) {
    await writeOnce(options, isTls, counts);
    await wait(intervalMs * (1 - JITTER + 2 * JITTER * Math.random()));
  }
}

async function runGroup(group: Group, at: number, agents: number): Promise<Row> {
  const dataDir = makeDataDir();
  try {
    const tls = group.isTls ? ['--tls-cert', tlsPath('server.pem'), '--tls-key', tlsPath('server.key')] : [];
    const server = await TestServer.start(dataDir, ['--without-auth', '--workers', '1', ...(group.isCompat ? ['--http-compat-bind', '127.0.0.1:0'] : []), ...tls]);
    const urls = [...server.said.matchAll(/https?:\/\/[\d.]+:\d+/g)].map(([url]) => new URL(url));
    const { port } = group.isCompat ? urls[1]! : urls[0]!;
    await wait(SETTLED_MS);
    const counts: Counts = { answered: 0, refused: 0, resets: 0, unanswered: 0, connections: 0 };
    const cpuBefore = cpuSecondsOfProcess(server.child.pid!);
    const endMs = performance.now() + MINUTES * 60_000;
    await Promise.all(Array.from({ length: agents }, (_, i) => {
      const localAddress = group.isShared === true ? `127.${10 + at}.0.1` : `127.${10 + at}.${Math.floor(i / 250)}.${(i % 250) + 1}`;
      const agent = group.isTls ? new SecureAgent({ keepAlive: true, maxSockets: 1, ca: tlsText('ca.pem'), localAddress }) : new Agent({ keepAlive: true, maxSockets: 1, localAddress });
      return live({ host: '127.0.0.1', port, agent }, group, INTERVALS_MS[i % INTERVALS_MS.length]!, endMs, counts).finally(() => agent.destroy());
    }));
    const cpuMs = (cpuSecondsOfProcess(server.child.pid!) - cpuBefore) * 1000;
    await server.stop();
    const { answered, refused, resets, unanswered, connections } = counts;
    return { name: group.name, cells: [agents, answered, refused, resets, unanswered, connections].map((count) => fixed(count)).concat(fixed(cpuMs / answered, 2)), speed: answered / cpuMs };
  } finally {
    removeDataDir(dataDir);
  }
}

export const part: Part = {
  about: `Agents: ${AGENTS} in all, a line a request every ${INTERVALS_MS.map((ms) => ms / 1000).join(', ')} s ± ${JITTER * 100} %, for ${MINUTES} minutes, each from an address of its own unless said; the groups at once, each to a server of its own with one worker. CPU is the server's.`,
  async run() {
    const rows = await Promise.all(GROUPS.map((group, at) => runGroup(group, at, Math.floor(AGENTS / GROUPS.length))));
    return [{ title: 'port', columns: ['agents', '204', 'other answers', 'resets', 'unanswered', 'connections', 'CPU ms a request'], rows }];
  },
};
