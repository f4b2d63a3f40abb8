/** What stands where in an undamaged data folder, read independently of the program: by the formats of DESIGN.md. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { PristineFolder } from './corruption-folder.js';
import { idsIn } from './corruption-rows.js';

/** A record of the log. */
export interface LoggedRecord {
  /** Path of its segment below the data folder. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly payload: Buffer;
  /** Rows of a frame. */
  readonly ids: readonly number[];
  /** Tables that a catalog record makes or widens. */
  readonly tables: readonly string[];
  readonly drops: boolean;
}

/** A folder of a table. */
export interface TableFolder {
  readonly path: string;
  readonly key: string;
  /** Paths, oldest first. */
  readonly commits: readonly string[];
  /** Rows by path of a live file. */
  readonly files: ReadonlyMap<string, readonly number[]>;
}

export interface Layout {
  readonly folder: PristineFolder;
  /** By path below the data folder; sockets left out. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Paths of the segments, oldest first. */
  readonly segments: readonly string[];
  readonly records: readonly LoggedRecord[];
  readonly tables: readonly TableFolder[];
  /** Rows that are in files. */
  readonly flushed: ReadonlySet<number>;
  /** Number of the last change that catalog.json holds. */
  readonly snapshotUpTo: number;
  /** The highest seq that something outside the log names. */
  readonly knownSeq: number;
}

export const SEGMENT_HEADER_BYTES = 64;
const RECORD_HEADER_BYTES = 32;
const FRAME = 1;
const CATALOG = 2;

/** Bytes of all regular files below a folder, by relative path. */
export function filesBelow(root: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const entry = lstatSync(path);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files.set(relative(root, path), readFileSync(path));
    }
  };
  walk(root);
  return files;
}

/** Reads a folder. @throws when it is not as the formats say */
export async function readLayout(folder: PristineFolder): Promise<Layout> {
  const files = filesBelow(folder.dataDir);
  const catalog = JSON.parse(files.get('catalog.json')!.toString());
  const segments = [...files.keys()].filter((path) => /^log\/\d{16}\.log$/.test(path));
  const keys = new TableKeys();
  keys.add(catalog);
  const records = segments.flatMap((path) => recordsOf(path, files.get(path)!, keys));
  const tables = await tablesOf(files);
  const txns = tables.flatMap(({ commits }) => commits.map((path) => txnOf(files.get(path)!)));
  return {
    folder, files, segments, records, tables,
    flushed: new Set(tables.flatMap((table) => [...table.files.values()].flat())),
    snapshotUpTo: catalog.upTo,
    knownSeq: Math.max(catalog.upTo, ...catalog.tables.map(({ flushedTo }: { flushedTo: number }) => flushedTo), ...txns),
  };
}

/** Tables by id, out of all that names them. */
class TableKeys {
  readonly #databases = new Map<number, string>();
  readonly #tables = new Map<number, string>();

  add({ databases = [], tables = [] }: { databases?: { id: number; name: string }[]; tables?: { id: number; name: string; database: number }[] }): void {
    for (const { id, name } of databases) this.#databases.set(id, name);
    for (const { id, name, database } of tables) this.#tables.set(id, `${this.#databases.get(database)}.${name}`);
  }

  of(ids: Iterable<number>): string[] {
    return [...new Set(ids)].map((id) => this.#tables.get(id)!);
  }
}

function recordsOf(path: string, bytes: Buffer, keys: TableKeys): LoggedRecord[] {
  const records: LoggedRecord[] = [];
  for (let from = SEGMENT_HEADER_BYTES; from < bytes.length;) {
    const fixedBytes = bytes.readUInt32LE(from + 8);
    const payloadBytes = bytes.readUInt32LE(from + 12);
    const kind = bytes.readUInt8(from + 4);
    const fixed = bytes.subarray(from + RECORD_HEADER_BYTES, from + RECORD_HEADER_BYTES + fixedBytes);
    const payload = bytes.subarray(from + RECORD_HEADER_BYTES + fixedBytes, from + RECORD_HEADER_BYTES + fixedBytes + payloadBytes);
    const to = from + Math.ceil((RECORD_HEADER_BYTES + fixedBytes + payloadBytes) / 8) * 8;
    const text = kind === FRAME && fixed[1] === 1 ? gunzipSync(payload).toString() : payload.toString();
    const change = kind === CATALOG ? JSON.parse(text) : {};
    keys.add(change);
    const ids = [...(change.tables ?? []).map(({ id }: { id: number }) => id), ...(change.columns ?? []).map(({ table }: { table: number }) => table)];
    records.push({
      path, from, to, payload, seq: bytes.readDoubleLE(from + 16),
      ids: kind === FRAME ? idsIn(text) : [], tables: keys.of(ids), drops: change.dropped !== undefined,
    });
    from = to;
  }
  return records;
}

async function tablesOf(files: ReadonlyMap<string, Buffer>): Promise<TableFolder[]> {
  const firsts = [...files.keys()].filter((path) => /^tables\/.*\/_delta_log\/0{20}\.json$/.test(path));
  return Promise.all(firsts.map(async (first) => {
    const path = first.slice(0, first.indexOf('/_delta_log/'));
    const commits = [...files.keys()].filter((name) => name.startsWith(`${path}/_delta_log/`)).sort();
    const actions = commits.flatMap((name) => files.get(name)!.toString().trim().split('\n').map((line) => JSON.parse(line)));
    const { name, description } = actions.find(({ metaData }) => metaData !== undefined).metaData;
    const gone = new Set(actions.flatMap(({ remove }) => (remove === undefined ? [] : [remove.path])));
    const live = actions.filter(({ add }) => add !== undefined && !gone.has(add.path)).map(({ add }) => `${path}/${decodeURIComponent(add.path)}`);
    const rows = await Promise.all(live.map(async (file) => [file, await idsOfParquet(files.get(file)!)] as const));
    return { path, commits, key: `${/ of database (.*)$/.exec(description)![1]}.${name}`, files: new Map(rows) };
  }));
}

async function idsOfParquet(bytes: Buffer): Promise<number[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, columns: ['id'], compressors });
  return rows.map(({ id }) => Number(id));
}

function txnOf(commit: Buffer): number {
  return Number(/"version":(\d+),"lastUpdated"/.exec(commit.toString())![1]);
}

/** A name as a sentence would say it: the last part of a path, without its ending. */
export function spokenName(path: string): string {
  return basename(path).replace(/\.\w+$/, '');
}
