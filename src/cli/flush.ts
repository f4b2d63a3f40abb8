/** `sluice flush` */
import { runCommand, sayFailed, writeOut } from './io.js';
import { counted } from './words.js';

/**
 * Moves all rows into files. @param database null: of all databases
 * @returns of how many tables not all rows are in files
 */
export async function flush(dataDir: string | undefined, database: string | null): Promise<number> {
  const result = await runCommand(dataDir, 'flush', { database });
  const failed = sayFailed(result);
  const tables = result.tables - failed;
  await writeOut(`all rows of ${counted(tables, 'table')} are in files\n`);
  return failed;
}
