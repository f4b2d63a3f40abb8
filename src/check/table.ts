/** One table checked: its log, its files, and what holds over all of them. */
import type { Disk } from '../disk.js';
import { quoteName, type Duck } from '../query/duckdb.js';
import { checkFile, parquetSql, rowsOf, wholeOf, type FileParts, type ReadFile } from './data-file.js';
import { listLog } from './log-folder.js';
import { originOf } from './mark.js';
import type { Problem, Report, TableReport } from './problem.js';
import { replayLog, type TableState } from './replay.js';
import type { Field } from './schema.js';

/** What is to be checked. */
export interface CheckedTable {
  /** For people. */
  readonly name: string;
  readonly folder: string;
  /** By a node of sluice, the seq of its last commit that the catalog knows to stand. */
  readonly committedTo: ReadonlyMap<string, number>;
}

/** What a table holds, for who looks for something in it. */
export interface TableContents {
  readonly fields: readonly Field[];
  /** Absolute paths of the live files that can be read. */
  readonly files: readonly string[];
}

/** Checks a table. Nothing of it is changed; a server may go on writing. @returns no contents when its log cannot be read */
export async function checkTable(disk: Disk, duck: Duck, { committedTo, folder, name }: CheckedTable): Promise<{ report: TableReport; contents: TableContents | null }> {
  const problems: Problem[] = [];
  const report: Report = (code, where, why) => problems.push({ code, where, why });
  const log = await listLog(disk, folder);
  const nothing = { table: name, folder, version: null, commits: 0, files: 0, rows: 0, problems };
  if (log === null) {
    report('not-a-table', null, 'it has no Delta log (_delta_log with a version 0 or a checkpoint)');
    return { report: nothing, contents: null };
  }
  const state = await replayLog(disk, duck, log, report);
  if (state === null) return { report: { ...nothing, commits: log.versions.length }, contents: null };
  for (const [node, seq] of committedTo) {
    const last = state.marks.lastSeq(node);
    if (last < seq) report('catalog', null, `the catalog knows of a commit up to seq ${seq}, and the last one of node ${node} is ${last}: its newest commits are missing`);
  }
  const { problems: ofFiles, read } = await checkFiles(disk, duck, folder, state);
  problems.push(...ofFiles);
  await checkRowsOnce(duck, state.fields, read, report);
  const rows = read.reduce((sum, file) => sum + Number(file.rows), 0);
  return {
    report: { table: name, folder, version: state.version, commits: state.commits, files: state.live.size, rows, problems },
    contents: { fields: state.fields, files: read.map(({ path }) => path) },
  };
}

async function checkFiles(disk: Disk, duck: Duck, folder: string, { fields, live, metaData, version }: TableState): Promise<{ problems: Problem[]; read: ReadFile[] }> {
  const { partitionColumns } = metaData;
  const parts: FileParts = { disk, duck, folder, partitionColumns, fields: fields.filter(({ name }) => !partitionColumns.includes(name)) };
  const problems: Problem[] = [];
  const read: ReadFile[] = [];
  for (const [path, add] of live) {
    const file = await checkFile(parts, path, add, (code, where, why) => problems.push({ code, where, why }));
    if (file !== null) read.push(file);
  }
  if (problems.length === 0) return { problems, read };
  // A server may have replaced files since, and removed them: only what is still live is missed.
  const gone = await removedSince(disk, duck, folder, version, live);
  return { problems: problems.filter(({ where }) => where === null || !gone.has(where)), read };
}

/** Files that newer versions no longer name. */
async function removedSince(disk: Disk, duck: Duck, folder: string, version: number, live: ReadonlyMap<string, unknown>): Promise<ReadonlySet<string>> {
  const log = await listLog(disk, folder);
  const newest = log === null ? version : Math.max(log.versions.at(-1) ?? 0, log.checkpoints.at(-1)?.version ?? 0);
  if (log === null || newest === version) return new Set();
  const now = await replayLog(disk, duck, log, () => undefined);
  return new Set(now === null ? [] : [...live.keys()].filter((path) => !now.live.has(path)));
}

/** Rows of sluice are unique by tags, time, sluice_ns and sluice_seq; not those of others, which have 0 there. Only files whose seqs overlap can share one. */
async function checkRowsOnce(duck: Duck, fields: readonly Field[], files: readonly ReadFile[], report: Report): Promise<void> {
  const tags = fields.filter(({ kind }) => kind === 'tag').map(({ name }) => quoteName(name));
  for (const group of overlapping(files)) {
    const present = new Set((await rowsOf(duck, `DESCRIBE SELECT * FROM ${parquetSql(group)}`)).map(([name]) => quoteName(String(name))));
    const point = [...tags.filter((tag) => present.has(tag)), 'time', 'sluice_ns', 'sluice_seq'].join(', ');
    const [row] = await rowsOf(duck, `SELECT count(*), coalesce(min(sluice_seq), 0) FROM (SELECT sluice_seq FROM ${parquetSql(group)} WHERE sluice_seq > 0 GROUP BY ${point} HAVING count(*) > 1)`);
    const [points, seq] = [wholeOf(row![0]!), wholeOf(row![1]!)];
    if (points > 0n) report('row-twice', group.length === 1 ? group[0]! : `${group.length} files`, `${points} points of one sluice_seq (${seq} is the least) stand there more than once`);
  }
}

/** Files of sluice in groups such that those of one have no seq with those of another in common. */
function overlapping(files: readonly ReadFile[]): string[][] {
  const groups: string[][] = [];
  let end = -1n;
  const ours = files.filter((file) => file.seqs !== null && originOf(file.path.slice(file.path.lastIndexOf('/') + 1)) !== null);
  for (const { path, seqs } of ours.toSorted((a, b) => (a.seqs![0] < b.seqs![0] ? -1 : 1))) {
    if (seqs![0] > end) groups.push([]);
    groups.at(-1)!.push(path);
    if (seqs![1] > end) end = seqs![1];
  }
  return groups;
}
