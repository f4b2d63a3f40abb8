/** One row a request from many clients over many tables, for minutes: what a request costs at the start and at the end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeDataDir, removeDataDir, TestServer } from '../test/e2e/server.js';
import { cpuSecondsOfProcess } from './measure.js';
import { fixed, short, type Part, type Row } from './table.js';

const CLIENTS = 64;
const TABLES = 200;
const FIELDS = 10;
const PERIODS = 10;
const MINUTES = Number(process.env['SLUICE_BENCH_MINUTES'] ?? '5');
const PROBE_MS = 1000;

/** What one period saw. */
interface Period {
  readonly requests: number;
  readonly cpuS: number;
  readonly rssMiB: number;
  readonly mainTurnMsMax: number;
  readonly workerTurnMsMax: number;
}

export const part: Part = {
  about: `${CLIENTS} clients, each with one request of one row of ${FIELDS} fields under way, over ${TABLES} tables, for ${MINUTES} minutes (SLUICE_BENCH_MINUTES), default settings; a tenth of that time a row. CPU and resident memory are of the server's process. The longest turns are of the event loops of the main thread and of the workers; on a busy machine a thread that waits for a core counts too.`,
  async run() {
    const dataDir = makeDataDir();
    const probes = mkdtempSync(join(tmpdir(), 'sluice-probe-'));
    try {
      const probe = pathToFileURL(fileURLToPath(new URL('./loop-probe.js', import.meta.url))).href;
      const server = await TestServer.start(dataDir, ['--without-auth', '--log-level', 'warn'], { NODE_OPTIONS: `--import=${probe}`, SLUICE_LOOP_PROBE: probes });
      const periods = await load(server, probes);
      await server.stop();
      return [{ title: 'one row a request', columns: ['requests / s', 'CPU µs a request', 'RSS MiB', 'longest turn of main, ms', 'of workers, ms'], rows: periods.map(row) }];
    } finally {
      removeDataDir(dataDir);
      rmSync(probes, { recursive: true, force: true });
    }
  },
};

function row({ requests, cpuS, rssMiB, mainTurnMsMax, workerTurnMsMax }: Period, index: number): Row {
  const seconds = (MINUTES * 60) / PERIODS;
  const cells = [fixed(requests / seconds), short((cpuS * 1e6) / requests), fixed(rssMiB), short(mainTurnMsMax), short(workerTurnMsMax)];
  return { name: `period ${index + 1} of ${PERIODS}`, cells, speed: requests / cpuS };
}

async function load(server: TestServer, probes: string): Promise<Period[]> {
  const pid = server.child.pid!;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const end = performance.now() + MINUTES * 60_000;
  let requests = 0;
  let failure: Error | null = null;
  const client = async (seq: number): Promise<void> => {
    for (let n = 0; performance.now() < end && failure === null; n += 1) {
      const status = await write(server.url, agent, line((seq + n * CLIENTS) % TABLES, seq, n));
      if (status !== 204) failure = new Error(`status ${status}`);
      requests += 1;
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, seq) => client(seq)));
  const periods: Period[] = [];
  let before = { requests: 0, cpuS: cpuSecondsOfProcess(pid) };
  for (let period = 1; period <= PERIODS; period += 1) {
    const until = end - ((PERIODS - period) * MINUTES * 60_000) / PERIODS;
    const turns = await longestTurns(probes, until);
    const now = { requests, cpuS: cpuSecondsOfProcess(pid) };
    periods.push({ requests: now.requests - before.requests, cpuS: now.cpuS - before.cpuS, rssMiB: rssMiB(pid), ...turns });
    before = now;
  }
  await clients;
  agent.destroy();
  if (failure !== null) throw failure;
  return periods;
}

function line(table: number, client: number, n: number): string {
  const fields = Array.from({ length: FIELDS }, (_, i) => `f${i}=${n % 1000}.${i}`).join(',');
  return `table${table},client=c${client} ${fields} ${1_767_225_600_000_000_000 + n * 1000}`;
}

function write(url: string, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/api/v2/write?bucket=bench`, { method: 'POST', agent, headers: { 'Content-Length': Buffer.byteLength(body) } }, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode!));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The longest turns that the probes report up to a time of `performance.now()`. */
async function longestTurns(folder: string, until: number): Promise<{ mainTurnMsMax: number; workerTurnMsMax: number }> {
  let [mainTurnMsMax, workerTurnMsMax] = [0, 0];
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(PROBE_MS, Math.max(until - performance.now(), 0))));
    for (const name of readdirSync(folder)) {
      const ms = Number(readFileSync(join(folder, name), 'utf8').split(' ')[0]);
      if (name === '0.ms') mainTurnMsMax = Math.max(mainTurnMsMax, ms);
      else workerTurnMsMax = Math.max(workerTurnMsMax, ms);
    }
  }
  return { mainTurnMsMax, workerTurnMsMax };
}

/** Resident memory of a process. */
function rssMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}
