/** Queries of a table that many flushes made, before and after its files were put together, beside DuckDB alone on the same files. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { post, writePath } from '../test/e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../test/e2e/server.js';
import { cpuSecondsOfProcess } from './measure.js';
import { fixed, short, type Part, type Row } from './table.js';
import { bodyOf } from './workloads/generated.js';
import { tsbsLines } from './workloads/tsbs.js';
import { Random } from '../test/fuzz/random.js';

const LINES = Number(process.env['SLUICE_BENCH_LINES'] ?? '4000000');
const HOSTS = 1000;
const LINES_PER_BODY = 10_000;
const CONNECTIONS = 4;
const TICKS_PER_S = 100;
const MEAN = "SELECT hostname, time_bucket(INTERVAL '1 minute', time) AS minute, avg(usage_user) AS mean FROM TABLE GROUP BY ALL";
const QUERIES: Readonly<Record<string, string>> = {
  'count(*)': 'SELECT count(*) FROM TABLE',
  'a mean per host and minute, counted': `SELECT count(*), sum(mean) FROM (${MEAN})`,
};

export const part: Part = {
  about: `${fixed(LINES)} lines of TSBS cpu-only (SLUICE_BENCH_LINES) of ${HOSTS} hosts, written to the real server with default settings in bodies of ${fixed(LINES_PER_BODY)} lines and flushed by its own limits; then \`sluice compact\`. CPU seconds: of the server's process for compaction, of each query's process with its start, beside a process that runs the same SQL by DuckDB over \`read_parquet\` of the same files.`,
  async run() {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, ['--without-auth', '--maintenance-cpu', '0']);
      await fill(server.url);
      sluice(['flush', '--data-dir', dataDir]);
      const before = { files: filesOf(dataDir), rows: queriesOf(dataDir, 'as flushed') };
      const pid = server.child.pid!;
      const cpuS = cpuSecondsOfProcess(pid);
      const { stderr } = sluice(['compact', '--data-dir', dataDir]);
      if (stderr !== '') throw new Error(stderr);
      const compactionCpuS = cpuSecondsOfProcess(pid) - cpuS;
      const after = { files: filesOf(dataDir), rows: queriesOf(dataDir, 'compacted') };
      const residentMiB = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
      await server.stop();
      return [
        { title: 'compaction', columns: ['files before', 'files after', 'CPU s', 'µs a row', 'most resident MiB of the server'], rows: [{ name: 'all that is due', cells: [fixed(before.files.length), fixed(after.files.length), fixed(compactionCpuS, 2), short((compactionCpuS * 1e6) / LINES), fixed(residentMiB)], speed: LINES / compactionCpuS }] },
        { title: 'query', columns: ['sluice, CPU s', 'DuckDB alone, CPU s', 'ratio', 'sluice, s', 'DuckDB alone, s'], rows: [...before.rows, ...after.rows] },
      ];
    } finally {
      removeDataDir(dataDir);
    }
  },
};

async function fill(url: string): Promise<void> {
  const next = tsbsLines(new Random(1), HOSTS);
  let left = LINES;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    while (left > 0) {
      left -= LINES_PER_BODY;
      const { body, status } = await post(url, writePath('/api/v2/write', 'bench', 'ns'), bodyOf(next, LINES_PER_BODY));
      if (status !== 204) throw new Error(`status ${status}: ${body}`);
    }
  }));
}

function filesOf(dataDir: string): string[] {
  return sluice(['files', 'bench.cpu', '--data-dir', dataDir]).stdout.trim().split('\n');
}

function queriesOf(dataDir: string, when: string): Row[] {
  const alone = fileURLToPath(new URL('./duckdb-alone.js', import.meta.url));
  const files = `read_parquet([${filesOf(dataDir).map((path) => `'${path}'`).join(', ')}])`;
  return Object.entries(QUERIES).map(([what, sql]) => {
    const ours = measured(() => sluice(['query', '--data-dir', dataDir, '--format', 'csv', sql.replace('TABLE', 'bench.cpu')]).code);
    const theirs = measured(() => spawnSync(process.execPath, [alone, sql.replace('TABLE', files)], { encoding: 'utf8' }).status);
    return { name: `${what}, ${when}`, cells: [fixed(ours.cpuS, 2), fixed(theirs.cpuS, 2), fixed(ours.cpuS / theirs.cpuS, 2), fixed(ours.wallS, 2), fixed(theirs.wallS, 2)], speed: 1 / ours.cpuS };
  });
}

/** CPU time of the processes that it starts and waits for. */
function measured(run: () => number | null): { cpuS: number; wallS: number } {
  const [cpuS, wallMs] = [childrenCpuS(), performance.now()];
  if (run() !== 0) throw new Error('the query failed');
  return { cpuS: childrenCpuS() - cpuS, wallS: (performance.now() - wallMs) / 1000 };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, fields 16 and 17. */
function childrenCpuS(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S;
}
