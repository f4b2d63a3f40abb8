/** Rows deleted, and looked at, in an engine of this process. */
import type { Engine } from '../../src/engine.js';
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import { tableOf } from '../../src/query/found-tables.js';
import { runQuery } from '../../src/query/run-query.js';

export const DATABASE = 'db';

interface Points {
  readonly measurement?: string;
  readonly firstNs?: bigint;
  readonly lastNs?: bigint;
  readonly tags?: readonly (readonly [string, string])[];
}

/** @returns how many tables it is about */
export async function deleteRows(engine: Engine, { firstNs = FIRST_NS, lastNs = LAST_NS, measurement, tags = [] }: Points): Promise<number> {
  return (await engine.control.run('delete', { database: DATABASE, measurement: measurement ?? null, firstNs: String(firstNs), lastNs: String(lastNs), tags })).tables;
}

/** What a query of columns sees, a line a row. */
export async function rowsOf(engine: Engine, measurement: string, columns: string): Promise<string[]> {
  const tables = await engine.control.run('schema', {});
  const rows: string[] = [];
  await runQuery({
    tables, database: DATABASE, limits: null, sql: `SELECT ${columns} FROM ${measurement}`,
    load: async (names) => (await engine.control.run('tables-to-read', { tables: names.map(({ database, measurement: of }) => ({ database, measurement: of })), query: 'query-1-1' })).tables.map(tableOf),
    onResult: async (result) => {
      for await (const chunk of result.rows) for (const row of chunk) rows.push(row.map((cell) => (cell === null ? '' : typeof cell === 'object' && 'digits' in cell ? cell.digits : String(cell))).join());
    },
  });
  return rows.sort();
}

/** Deletes that are not done. */
export const pending = (engine: Engine): number => Number(engine.metrics().find(({ name }) => name === 'sluice_deletes_pending')!.samples[0]!.value);
