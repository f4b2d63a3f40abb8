/** `sluice query` */
import type { Format } from '../query/format.js';
import { runQuery } from '../query/query.js';
import { readable, runCommand, writeOut } from './io.js';

interface QueryOptions {
  readonly dataDir: string | undefined;
  /** Whose tables need no schema before them, or null. */
  readonly database: string | null;
  readonly format: Format;
}

/** Runs SQL over all that was acknowledged: rows in the log alone go into files first. */
export async function query(sql: string, { dataDir, database, format }: QueryOptions): Promise<void> {
  await runCommand(dataDir, 'flush', { database: null });
  const tables = readable(await runCommand(dataDir, 'tables', { database: null }));
  await runQuery({ tables, database, sql, format, write: writeOut });
}
