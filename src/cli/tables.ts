/** `sluice tables` */
import type { Format } from '../query/format.js';
import { printRows, readable, runCommand } from './io.js';

/** Lists tables, those that cannot be read on stderr. Rows are those in files: what is in the log alone does not count yet. */
export async function listTables(dataDir: string | undefined, database: string | null, format: Format): Promise<void> {
  const tables = readable(await runCommand(dataDir, 'tables', { database }));
  await printRows(
    ['database', 'table', 'columns', 'files', 'rows'],
    tables.map((table) => [table.database, table.measurement, table.columns.length, table.files.length, table.rows]),
    format,
  );
}
