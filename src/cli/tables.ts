/** `sluice tables` */
import type { Format } from '../query/format.js';
import { printRows, runCommand, sayProblems } from './io.js';

/**
 * Lists tables with the rows in their files and those in the log alone; what is wrong with them also on stderr.
 * @returns how many tables could not be read
 */
export async function listTables(dataDir: string | undefined, database: string | null, format: Format): Promise<number> {
  const tables = await runCommand(dataDir, 'tables', { database });
  sayProblems(tables);
  await printRows(
    ['database', 'table', 'columns', 'files', 'rows', 'unflushed', 'problem'],
    tables.map((table) => [
      table.database, table.measurement, table.columns.length, table.rows === null ? null : table.files.length, table.rows, table.unflushed,
      table.problems.join('; '),
    ]),
    format,
  );
  return tables.filter(({ rows }) => rows === null).length;
}
