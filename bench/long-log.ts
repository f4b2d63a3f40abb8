/** Long Delta logs and many of them: what a commit costs, what is kept, and how soon a server serves after a kill. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KIND_F64, KIND_TAG } from '../assembly/layout/codes.js';
import type { Table } from '../src/catalog/catalog.js';
import { systemClock } from '../src/clock.js';
import { parseConfig } from '../src/config.js';
import { systemDisk } from '../src/disk.js';
import { Committers } from '../src/flush/committers.js';
import type { FlushedFile } from '../src/model/flushed-file.js';
import type { ColumnDefinition } from '../src/model/schema.js';
import { dataFileName, dataPaths, type DataPaths } from '../src/names.js';
import { TableCommitter } from '../src/tables/commit.js';
import { localTableStore } from '../src/tables/local-store.js';
import { LogThread } from '../src/tables/log-thread.js';
import type { TableStore } from '../src/tables/table-store.js';
import { write } from '../test/e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../test/e2e/server.js';
import { longestSlice } from './flush-probe.js';
import { secondsSince } from './measure.js';
import { fixed, type Part, type Row } from './table.js';

const NODE = '0a1b2c3d';
const COLUMNS: readonly ColumnDefinition[] = Array.from({ length: 20 }, (_, at) => (
  { id: at + 1, kind: at < 10 ? KIND_TAG : KIND_F64, key: `column ${at}`, name: `column${at}` }
));
const LENGTHS = [10, 10_000];
const COMMITS_MEASURED = 200;
const FILES_EACH = 2;
const MANY_TABLES = 10_000;
const STARTS: readonly Start[] = [
  { tables: 1, commits: 1 }, { tables: 1, commits: 5000 }, { tables: 20, commits: 1000 }, { tables: 1, commits: 10_000 },
  { tables: 1, commits: 10_000, isCared: true }, { tables: 20, commits: 1000, isCared: true },
];
/** Behind a checkpoint, at most. */
const COMMITS_BEHIND = 49;

/** Tables of so many commits, with a checkpoint and a cleaned log or without. */
interface Start {
  readonly tables: number;
  readonly commits: number;
  readonly isCared?: boolean;
}

export const part: Part = {
  about: `Delta logs of ${COLUMNS.length} columns and ${FILES_EACH} files a commit. Commits and loads: in a store in memory, CPU of this process; heap after a forced collection (\`node --expose-gc\`). Starts: the real server, killed with a row a table in the log alone; seconds that passed from the start of the process to its address, and its CPU seconds up to then; then a flush.`,
  async run() {
    const commits: Row[] = [];
    for (const length of LENGTHS) commits.push(await commitRow(length));
    const starts: Row[] = [];
    for (const each of STARTS) starts.push(await startRow(each));
    return [
      { title: 'one table', columns: ['µs of CPU a commit', 'allocated KB a commit', 'ms of CPU to open', 'longest slice of it, ms', 'heap kept, KB'], rows: commits },
      { title: `${fixed(MANY_TABLES)} tables of 3 commits, opened one after another`, columns: ['heap kept, MB'], rows: [await manyRow()] },
      { title: 'a start after a kill', columns: ['s to serving', 'CPU s to serving', 's of the first flush', 'CPU s of it'], rows: starts },
    ];
  },
};

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run it with node --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function memoryStore(): TableStore {
  const files = new Map<string, Buffer>();
  const never = (): never => {
    throw new Error('nothing is put or deleted');
  };
  return {
    put: never, delete: never,
    putIfAbsent: async (path, bytes) => !files.has(path) && files.set(path, Buffer.from(bytes)) !== undefined,
    get: async (path) => files.get(path) ?? null,
    size: async (path) => files.get(path)?.length ?? null,
    list: async (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).sort(),
  };
}

function open(store: TableStore, folder: string, node = NODE): Promise<TableCommitter> {
  return TableCommitter.open({
    store, folder, node, identity: { tableId: 1, measurement: 'm', database: 'db' }, committedTo: 0, seqMax: () => Number.MAX_SAFE_INTEGER,
    readCheckpoint: async () => ({ lines: [], isOurs: false }),
  });
}

async function commit(committer: TableCommitter, folder: string, seq: number, node = NODE): Promise<void> {
  const bounds = Object.fromEntries(COLUMNS.map(({ name }) => [name, '"0123456789"']));
  const files = Array.from({ length: FILES_EACH }, (_, slot): FlushedFile => ({
    path: `${folder}/${dataFileName(node, seq, slot)}`, bytes: 100_000, rows: 1000,
    statistics: { numRecords: 1000, minValues: bounds, maxValues: bounds, nullCount: Object.fromEntries(COLUMNS.map(({ name }) => [name, 0])) },
  }));
  await committer.commit({ columns: COLUMNS, files, seq, timeMs: seq });
}

async function commitRow(length: number): Promise<Row> {
  const store = memoryStore();
  const maker = await open(store, 'db/m');
  for (let seq = 1; seq <= length; seq += 1) await commit(maker, 'db/m', seq);
  const before = heapBytes();
  const committers = new Committers(() => open(store, 'db/m'), 1e12);
  const opening = process.cpuUsage();
  const slice = await longestSlice(() => committers.use({ id: 1 } as Table, async () => undefined));
  const openS = secondsSince(opening);
  const kept = heapBytes() - before;
  const [cpuS, allocated] = await committers.use({ id: 1 } as Table, async (committer) => {
    const [start, heap] = [process.cpuUsage(), process.memoryUsage().heapUsed];
    let allocatedMost = 0;
    for (let n = 1; n <= COMMITS_MEASURED; n += 1) {
      const at = process.memoryUsage().heapUsed;
      await commit(committer, 'db/m', length + n);
      allocatedMost += Math.max(0, process.memoryUsage().heapUsed - at);
    }
    return [secondsSince(start), Math.max(allocatedMost, process.memoryUsage().heapUsed - heap)];
  });
  return {
    name: `${fixed(length)} commits`,
    cells: [fixed((cpuS / COMMITS_MEASURED) * 1e6), fixed(allocated / COMMITS_MEASURED / 1000, 1), fixed(openS * 1000, 1), fixed(slice * 1000, 1), fixed(kept / 1000, 1)],
    speed: COMMITS_MEASURED / cpuS,
  };
}

async function manyRow(): Promise<Row> {
  const store = memoryStore();
  const maker = await open(store, 'db/m');
  for (let seq = 1; seq <= 3; seq += 1) await commit(maker, 'db/m', seq);
  const { tableStateBytesMax } = parseConfig({}, {});
  const committers = new Committers(() => open(store, 'db/m'), tableStateBytesMax);
  const before = heapBytes();
  for (let id = 1; id <= MANY_TABLES; id += 1) await committers.use({ id } as Table, async () => undefined);
  const kept = heapBytes() - before;
  return { name: `counted as ${fixed(committers.bytes / 1e6, 1)} MB`, cells: [fixed(kept / 1e6, 1)], speed: MANY_TABLES / kept };
}

async function startRow({ commits, isCared = false, tables }: Start): Promise<Row> {
  const dataDir = makeDataDir();
  try {
    const names = Array.from({ length: tables }, (_, n) => `m${n}`);
    await makeLogs(dataDir, names, commits, isCared);
    const start = performance.now();
    const server = await TestServer.start(dataDir, ['--without-auth']);
    const served = { wallS: (performance.now() - start) / 1000, cpuS: cpuOf(server) };
    const flushing = performance.now();
    const { code, stderr } = sluice(['flush', '--data-dir', dataDir]);
    if (code !== 0) throw new Error(stderr);
    const flushS = (performance.now() - flushing) / 1000;
    const flushCpuS = cpuOf(server) - served.cpuS;
    await server.kill();
    return { name: `${fixed(tables)} tables of ${fixed(commits)} commits${isCared ? `, ${COMMITS_BEHIND} of them behind a checkpoint` : ''}`, cells: [served.wallS, served.cpuS, flushS, flushCpuS].map((seconds) => fixed(seconds, 2)), speed: 1 / served.wallS };
  } finally {
    removeDataDir(dataDir);
  }
}

/** A killed server's folder: a row of each table in the log alone, and so many commits before it that no snapshot knows. */
async function makeLogs(dataDir: string, names: readonly string[], commits: number, isCared: boolean): Promise<void> {
  const shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false } as const;
  const server = await TestServer.start(dataDir, ['--without-auth']);
  const send = async (value: number): Promise<void> => {
    const body = names.map((name) => `${name},k=a v=${value} ${value}`).join('\n');
    const { status } = await write(server.url, 'db', Buffer.from(body), shape, 'ns');
    if (status !== 204) throw new Error(`status ${status}`);
  };
  await send(1);
  const { code, stderr } = sluice(['flush', '--data-dir', dataDir]);
  if (code !== 0) throw new Error(stderr);
  await send(2); // some 100,000 µs later: there are numbers enough between
  await server.kill();
  const paths = dataPaths(dataDir);
  const store = localTableStore({ ...systemDisk, syncFolder: async () => undefined }, paths.tables, paths.tmp('bench'));
  for (const name of names) {
    const folder = `db/${name}`;
    const [made] = readdirSync(join(paths.tables, folder)).filter((file) => file.endsWith('.parquet'));
    const [node, seq] = made!.split('-');
    const committer = await open(store, folder, node);
    for (let n = 1; n < commits; n += 1) {
      if (isCared && n === commits - COMMITS_BEHIND) await care(paths, folder, node!, committer);
      await commit(committer, folder, Number(seq) + n, node);
    }
  }
}

/** What the server does behind a fiftieth commit. */
async function care(paths: DataPaths, folder: string, node: string, { state: { flushedTo, version } }: TableCommitter): Promise<void> {
  const thread = new LogThread({ root: paths.tables, tmp: paths.tmp('bench') }, systemClock);
  const made = await thread.care({ folder, node, seqMax: Number.MAX_SAFE_INTEGER, expected: { flushedTo, version }, logAgeMs: 0, nowMs: systemClock.nowMs() });
  if (made?.version !== version) throw new Error('there is no checkpoint');
  await thread.close();
}

/** CPU seconds of a server so far, all threads. */
function cpuOf({ child }: TestServer): number {
  const fields = readFileSync(`/proc/${child.pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
