/** Lines per second of server CPU, acknowledged and flushed, beside bare gunzip of the same bodies in the same run. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { post, writePath } from '../test/e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../test/e2e/server.js';
import { cpuSecondsOf, cpuSecondsOfProcess } from './measure.js';
import { fixed, type Part, type Row } from './table.js';
import { tsbs } from './workloads/generated.js';

const BODIES = 200;
const LINES_PER_BODY = 5000;
const CONNECTIONS = 4;
const GZIP_LEVEL = 6;

interface EndToEnd {
  readonly gunzipCpuS: number;
  readonly writeCpuS: number;
  /** Writing and flushing. */
  readonly serverCpuS: number;
  readonly writeWallS: number;
}

export const part: Part = {
  about: `The server itself: ${BODIES} bodies of ${fixed(LINES_PER_BODY)} lines of generated TSBS cpu-only, gzip level ${GZIP_LEVEL}, ${CONNECTIONS} connections, \`/api/v2/write\`, default settings; then \`sluice flush\`. CPU seconds are of the server's process, all threads, from \`/proc/PID/stat\`. Bare gunzip is node:zlib with exact chunkSize over the same bodies.`,
  async run() {
    const bodies = tsbs({ lines: BODIES * LINES_PER_BODY, linesPerBody: LINES_PER_BODY }).bodies;
    const packed = bodies.map((body) => gzipSync(body, { level: GZIP_LEVEL }));
    const sizes = bodies.map((body) => body.length);
    const rows: Row[] = [];
    for (const http of ['uws', 'node']) rows.push(row(http, await endToEnd(packed, sizes, ['--http', http])));
    const columns = ['lines / s of server CPU, acknowledged', '… and flushed', 'CPU s', 'bare gunzip CPU s', '× gunzip', 'wall s of writing'];
    return [{ title: 'end to end: listener', columns, rows }];
  },
};

function row(name: string, { gunzipCpuS, writeCpuS, serverCpuS, writeWallS }: EndToEnd): Row {
  const lines = BODIES * LINES_PER_BODY;
  return {
    name,
    cells: [fixed(lines / writeCpuS), fixed(lines / serverCpuS), fixed(serverCpuS, 2), fixed(gunzipCpuS, 2), fixed(serverCpuS / gunzipCpuS, 2), fixed(writeWallS, 2)],
    speed: lines / serverCpuS,
  };
}

async function endToEnd(packed: readonly Buffer[], sizes: readonly number[], serveArgs: readonly string[]): Promise<EndToEnd> {
  const gunzipCpuS = cpuSecondsOf(() => packed.forEach((body, i) => gunzipSync(body, { chunkSize: sizes[i]! })));
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', ...serveArgs]);
    const pid = server.child.pid!;
    await send(server.url, packed.slice(0, 8));
    const start = { cpu: cpuSecondsOfProcess(pid), wall: performance.now() };
    await send(server.url, packed);
    const written = { cpu: cpuSecondsOfProcess(pid), wall: performance.now() };
    const flush = sluice(['flush', '--data-dir', dataDir]);
    if (flush.code !== 0) throw new Error(flush.stderr);
    const flushed = cpuSecondsOfProcess(pid);
    await server.stop();
    return { gunzipCpuS, writeCpuS: written.cpu - start.cpu, serverCpuS: flushed - start.cpu, writeWallS: (written.wall - start.wall) / 1000 };
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
