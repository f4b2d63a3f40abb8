/** `sluice query` */
import type { Format } from '../query/format.js';
import { runQuery } from '../query/run-query.js';
import { runCommand, sayFailed, sayProblems, writeOut } from './io.js';

interface QueryOptions {
  readonly dataDir: string | undefined;
  /** Whose tables need no schema before them, or null. */
  readonly database: string | null;
  readonly format: Format;
}

/**
 * Runs SQL over all that was acknowledged: rows in the log alone go into files first. Where they cannot, and where files
 * cannot be read, stderr says so, and the other tables are shown.
 */
export async function query(sql: string, { dataDir, database, format }: QueryOptions): Promise<void> {
  sayFailed(await runCommand(dataDir, 'flush', { database: null }));
  const tables = await runCommand(dataDir, 'tables', { database: null });
  sayProblems(tables);
  const shown = tables.map((table) => ({ ...table, files: [...table.files, ...table.quarantined] }));
  await runQuery({ tables: shown, database, sql, format, write: writeOut });
}
