/** Two independent readers of sealed tables; both give canonical rows that compare with the C4 model's. */
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

/** `sluice query` (DuckDB) with exact text for every cell. */
export function rowsByQuery(dataDir: string, database: string, table: DeltaFolder): string[] {
  const columns = table.columns.filter(({ role }) => role === 'tag' || role === 'field');
  const cells = columns.map(({ name }, i) => `CAST("${name.replaceAll('"', '""')}" AS VARCHAR) AS c${i}`);
  const from = `"${table.measurement.replaceAll('"', '""')}"`;
  const sql = `SELECT ${['CAST(epoch_us(time) AS VARCHAR) AS t', 'sluice_ns AS n', ...cells].join(', ')} FROM ${from}`;
  const { stdout, stderr, code } = sluice(['query', '--data-dir', dataDir, '--database', database, '--format', 'jsonl', sql]);
  if (code !== 0) throw new Error(`sluice query failed: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as Record<string, string | null>;
      return canonicalRow(BigInt(row['t']!), Number(row['n']), columns.map((column, i) => [column.name, queryText(kindOf(column), row[`c${i}`]!)] as const));
    })
    .sort();
}

function queryText(kind: Kind, text: string | null): string | null {
  if (text === null || kind !== 'f64') return text;
  return cellText('f64', { inf: Infinity, '-inf': -Infinity, nan: NaN }[text] ?? Number(text));
}
