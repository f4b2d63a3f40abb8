/** The doors of sluice that tell what becomes of a table which another writer has changed. */
import { join } from 'node:path';
import { sluice, type Ran } from '../cli/run.js';
import { post, writePath } from '../e2e/client.js';
import { lineOf, rowOf, type Row } from './ledger.js';

export const DATABASE = 'db';
/** The code of lines for a table that is set aside. */
export const SET_ASIDE_CODE = 'table-set-aside';
/** How long rows of such a table wait before they go to quarantine: as short as may be. */
export const SOON_ASIDE = { SLUICE_SET_ASIDE_AGE: '1s' };
/** Longer than any test. */
export const LATE_ASIDE = { SLUICE_SET_ASIDE_AGE: '1h' };

/** What `sluice tables` says of a table. */
export interface Listed {
  /** null: not known. */
  readonly rows: number | null;
  readonly unflushed: number | null;
}

export function tableFolder(dataDir: string, table: string): string {
  return join(dataDir, 'tables', DATABASE, table);
}

export function quarantineFolder(dataDir: string): string {
  return join(dataDir, 'quarantine');
}

/** Writes rows, one request a table. @returns the status and the codes of rejected lines */
export async function writeRows(url: string, table: string, rows: readonly Row[]): Promise<{ status: number; codes: string[]; body: string }> {
  const body = rows.map((row) => `${lineOf(table, row)}\n`).join('');
  const reply = await post(url, writePath('/api/v3/write_lp', DATABASE, 'nanosecond'), Buffer.from(body));
  const data = reply.status === 400 ? (JSON.parse(reply.body) as { data?: readonly { code: string }[] }).data : undefined;
  return { status: reply.status, codes: (data ?? []).map(({ code }) => code), body: reply.body };
}

export function flush(dataDir: string): Promise<Ran> {
  return sluice(['flush', '--data-dir', dataDir]);
}

export function compact(dataDir: string): Promise<Ran> {
  return sluice(['compact', '--data-dir', dataDir]);
}

/** A table as `sluice query` shows it, with what it says on stderr; `rows` is null when it fails. */
export interface Shown {
  readonly rows: readonly Row[] | null;
  readonly said: string;
}

/** Queries tables: all at once, and each alone when that fails. */
export async function queryTables(dataDir: string, tables: readonly string[]): Promise<Map<string, Shown>> {
  const select = (table: string): string => `SELECT '${table}' AS "table", CAST(to_json(r) AS VARCHAR) AS cells `
    + `FROM (SELECT *, CAST(epoch_us(time) * 1000 + sluice_ns AS VARCHAR) AS t FROM "${table}") r`;
  const sql = tables.map(select).join(' UNION ALL ');
  const { code, stdout, stderr } = await sluice(['query', '--data-dir', dataDir, '--database', DATABASE, '--format', 'jsonl', sql]);
  if (code !== 0) {
    if (tables.length === 1) return new Map([[tables[0]!, { rows: null, said: stderr.trim() }]]);
    const each: Map<string, Shown>[] = [];
    for (const table of tables) each.push(await queryTables(dataDir, [table]));
    return new Map(each.flatMap((shown) => [...shown]));
  }
  const rows = new Map<string, Row[]>(tables.map((table) => [table, []]));
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const { table, cells } = JSON.parse(line) as { table: string; cells: string };
    const found = JSON.parse(cells) as Record<string, unknown>;
    if (found['n'] !== null) rows.get(table)!.push(shownRow(found));
  }
  return new Map([...rows].map(([table, found]) => [table, { rows: found, said: stderr.trim() }]));
}

function shownRow(cells: Record<string, unknown>): Row {
  // Beside texts of another writer in the same column, numbers show as text.
  const later = Object.entries(cells).filter(([name, value]) => /^later(~\d+)?$/i.test(name) && value !== null && value !== '').map(([, value]) => Number(value)).find(Number.isFinite);
  return rowOf(cells['n'] as number, cells['host'] as string | null, cells['v'] as number | null, cells['t'] as string, later ?? null);
}

/** By table. @throws Error when the command fails */
export async function listTables(dataDir: string): Promise<Map<string, Listed>> {
  const { code, stdout, stderr } = await sluice(['tables', '--data-dir', dataDir, '--format', 'json']);
  // With 1 it lists all the same: a table of them cannot be read.
  if (code !== 0 && stdout === '') throw new Error(`sluice tables failed: ${stderr}`);
  const listed = JSON.parse(stdout) as { table: string; rows: number | null; unflushed?: number }[];
  return new Map(listed.map(({ table, rows, unflushed }) => [table, { rows, unflushed: unflushed ?? null }]));
}

/** What /health says of a table. */
export async function healthOf(url: string, table: string): Promise<string[]> {
  const health = (await (await fetch(`${url}/health`)).json()) as { checks: readonly { message: string }[] };
  return health.checks.map(({ message }) => message).filter((message) => new RegExp(`\\b${table}\\b`).test(message));
}

/** Numbers of the rows of a table whose lines are kept as refused, since it is set aside. */
export async function keptLines(dataDir: string, table: string): Promise<{ numbers: Set<number> } | { refusal: string }> {
  const { code, stdout, stderr } = await sluice(['rejected', '--data-dir', dataDir, '--format', 'jsonl', '--database', DATABASE, '--code', SET_ASIDE_CODE]);
  if (code !== 0) return { refusal: stderr.trim() };
  const sources = stdout.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { source: string }).source);
  const ofTable = sources.filter((source) => source.startsWith(`${table},`));
  return { numbers: new Set(ofTable.map((source) => Number(/\bn=(\d+)i/.exec(source)![1]))) };
}

/** @throws Error when it is refused */
export async function dropTable(url: string, table: string): Promise<void> {
  const drop = new URLSearchParams({ db: DATABASE, q: `DROP MEASUREMENT "${table}"` });
  const answer = await (await fetch(`${url}/query?${drop}`, { method: 'POST' })).text();
  if (answer.includes('error')) throw new Error(`DROP MEASUREMENT ${table} failed: ${answer}`);
}

/** What an operator does once tables are out of the way: all that was kept is written again. @throws Error when a part is not */
export async function writeAgain(dataDir: string): Promise<void> {
  for (const kept of ['--quarantine', '--rejected']) {
    const { code, stderr } = await sluice(['import', '--data-dir', dataDir, kept]);
    if (code !== 0) throw new Error(`sluice import ${kept} failed: ${stderr.trim()}`);
  }
}
