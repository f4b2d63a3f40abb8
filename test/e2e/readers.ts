/** Two independent readers of flushed tables; both give canonical rows that compare with the C4 model's. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { viewColumns } from '../../src/query/views.js';
import { readFileSync } from 'node:fs';
import { parquetMetadata, parquetReadObjects, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { canonicalRow, cellText, type CellValue } from '../oracle/model.js';
import type { Kind } from '../oracle/point.js';
import type { DeltaColumn, DeltaFolder } from './delta-folder.js';
import { sluice } from './server.js';

const KINDS: Readonly<Record<string, Kind>> = {
  'double': 'f64', 'long': 'i64', 'decimal(20,0)': 'u64', 'boolean': 'bool', 'string': 'string',
};

function kindOf({ role, type }: DeltaColumn): Kind {
  return role === 'tag' ? 'tag' : KINDS[type]!;
}

type RawRow = Record<string, unknown>;

/**
 * hyparquet over the live files, from their metadata without logical types: raw int64, micros, decimal bytes.
 * Versions of a point are merged here: per field the non-null value with the highest sluice_seq.
 */
export async function rowsByHyparquet(table: DeltaFolder): Promise<string[]> {
  const points = new Map<string, { time: bigint; ns: number; cells: Map<string, { seq: bigint; text: string }> }>();
  for (const { path, rows } of table.files) {
    const raw = await readRaw(path);
    if (raw.length !== rows) throw new Error(`${path} holds ${raw.length} rows, the Delta log says ${rows}`);
    for (const row of raw) addVersion(points, table.columns, row);
  }
  return [...points.values()]
    .map(({ time, ns, cells }) => canonicalRow(time, ns, [...cells].map(([name, { text }]) => [name, text] as const)))
    .sort();
}

async function readRaw(path: string): Promise<RawRow[]> {
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const metadata: FileMetaData = parquetMetadata(file);
  for (const element of metadata.schema) {
    delete element.logical_type;
    delete element.converted_type;
  }
  return (await parquetReadObjects({ file, metadata, compressors, utf8: false })) as RawRow[];
}

function addVersion(
  points: Map<string, { time: bigint; ns: number; cells: Map<string, { seq: bigint; text: string }> }>,
  columns: readonly DeltaColumn[],
  row: RawRow,
): void {
  const time = row['time'] as bigint, ns = row['sluice_ns'] as number, seq = row['sluice_seq'] as bigint;
  const cells = columns
    .filter(({ role }) => role === 'tag' || role === 'field')
    .flatMap((column) => {
      const text = rawText(kindOf(column), row[column.name]);
      return text === null ? [] : [{ column, text }];
    });
  const tags = cells.filter(({ column }) => column.role === 'tag').map(({ column, text }) => [column.name, text]);
  const identity = JSON.stringify([String(time), ns, tags.sort()]);
  let point = points.get(identity);
  if (point === undefined) points.set(identity, (point = { time, ns, cells: new Map() }));
  for (const { column, text } of cells) {
    const known = point.cells.get(column.name);
    if (known?.seq === seq && column.role === 'field') throw new Error(`a point stands twice with number ${seq}: ${identity}`);
    if (known === undefined || known.seq <= seq) point.cells.set(column.name, { seq, text });
  }
}

function rawText(kind: Kind, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (kind === 'tag' || kind === 'string') return cellText(kind, Buffer.from(value as Uint8Array).toString());
  if (kind === 'u64') return String(BigInt(`0x${Buffer.from(value as Uint8Array).toString('hex')}`));
  return cellText(kind, value as CellValue);
}

/** One `sluice query` (DuckDB) over tables of a database, with exact text for every cell; rows by measurement. */
export function rowsByQuery(dataDir: string, database: string, tables: readonly DeltaFolder[]): Map<string, string[]> {
  const columnsOf = (table: DeltaFolder): DeltaColumn[] => table.columns.filter(({ role }) => role === 'tag' || role === 'field');
  const selects = tables.map((table, i) => {
    const shown = viewColumns({ columns: columnsOf(table).map(({ key, name }) => ({ kind: KIND_TAG, key, name })) }).slice(1, -2);
    const cells = shown.map(([name]) => `CAST(${quote(name)} AS VARCHAR)`);
    return `SELECT ${i} AS i, CAST(epoch_us(time) AS VARCHAR) AS t, sluice_ns AS n, CAST(to_json([${cells.join(', ')}]) AS VARCHAR) AS cells FROM ${quote(table.view)}`;
  });
  const { stdout, stderr, code } = sluice(['query', '--data-dir', dataDir, '--database', database, '--format', 'jsonl', selects.join(' UNION ALL ')]);
  if (code !== 0) throw new Error(`sluice query failed: ${stderr}`);
  const rows = new Map<string, string[]>(tables.map(({ measurement }) => [measurement, []]));
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const { i, t, n, cells } = JSON.parse(line) as { i: number; t: string; n: number; cells: string };
    const texts = JSON.parse(cells) as (string | null)[];
    const named = columnsOf(tables[i]!).map((column, place) => [column.name, queryText(kindOf(column), texts[place]!)] as const);
    rows.get(tables[i]!.measurement)!.push(canonicalRow(BigInt(t), n, named));
  }
  for (const list of rows.values()) list.sort();
  return rows;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function queryText(kind: Kind, text: string | null): string | null {
  if (text === null || kind !== 'f64') return text;
  return cellText('f64', { inf: Infinity, '-inf': -Infinity, nan: NaN }[text] ?? Number(text));
}
