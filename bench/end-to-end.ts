/** Lines per second of server CPU, acknowledged and sealed, beside bare gunzip of the same bodies in the same run. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { post, writePath } from '../test/e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../test/e2e/server.js';
import { tsbsBodies } from './tsbs.js';

const BODIES = 200;
const LINES_PER_BODY = 5000;
const CONNECTIONS = 4;
const GZIP_LEVEL = 6;
/** Linux counts CPU time in these; /proc/PID/stat, fields 14 and 15. */
const TICKS_PER_SECOND = 100;

export interface EndToEnd {
  readonly lines: number;
  readonly lineProtocolBytes: number;
  readonly gunzipCpuS: number;
  readonly writeCpuS: number;
  /** Writing and sealing. */
  readonly serverCpuS: number;
  readonly writeWallS: number;
}

export async function endToEnd(serveArgs: readonly string[]): Promise<EndToEnd> {
  const bodies = tsbsBodies({ bodies: BODIES, linesPerBody: LINES_PER_BODY, hosts: 4000, seed: 123 });
  const packed = bodies.map((body) => gzipSync(body, { level: GZIP_LEVEL }));
  const gunzipCpuS = cpuOf(() => packed.forEach((body) => gunzipSync(body)));
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', ...serveArgs]);
    const pid = server.child.pid!;
    await send(server.url, packed.slice(0, 8));
    const start = { cpu: serverCpu(pid), wall: performance.now() };
    await send(server.url, packed);
    const written = { cpu: serverCpu(pid), wall: performance.now() };
    const flush = sluice(['flush', '--data-dir', dataDir]);
    if (flush.code !== 0) throw new Error(flush.stderr);
    const sealed = serverCpu(pid);
    await server.stop();
    return {
      lines: BODIES * LINES_PER_BODY,
      lineProtocolBytes: bodies.reduce((sum, body) => sum + body.length, 0),
      gunzipCpuS,
      writeCpuS: written.cpu - start.cpu,
      serverCpuS: sealed - start.cpu,
      writeWallS: (written.wall - start.wall) / 1000,
    };
  } finally {
    removeDataDir(dataDir);
  }
}

async function send(url: string, packed: readonly Buffer[]): Promise<void> {
  const queue = [...packed];
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    for (let body = queue.shift(); body !== undefined; body = queue.shift()) {
      const { status, body: answer } = await post(url, writePath('/api/v2/write', 'bench', 'ns'), body, { headers: { 'Content-Encoding': 'gzip' } });
      if (status !== 204) throw new Error(`status ${status}: ${answer}`);
    }
  }));
}

function cpuOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** CPU seconds of a process, all threads, so far. */
function serverCpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
