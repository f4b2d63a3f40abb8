/** `sluice flush` */
import { runCommand, sayFailed, writeOut } from './io.js';

/**
 * Moves all rows into files. @param database null: of all databases
 * @returns of how many tables not all rows are in files
 */
export async function flush(dataDir: string | undefined, database: string | null): Promise<number> {
  const result = await runCommand(dataDir, 'flush', { database });
  const failed = sayFailed(result);
  const tables = result.tables - failed;
  await writeOut(`all rows of ${tables} ${tables === 1 ? 'table' : 'tables'} are in files\n`);
  return failed;
}
