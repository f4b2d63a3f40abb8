/** `sluice compact` */
import { runCommand, writeOut } from './io.js';
import { counted, inWords } from './words.js';

/**
 * Puts files together as far as that is due. @param database null: of all databases
 * @returns of how many tables that could not be done
 */
export async function compact(dataDir: string | undefined, database: string | null): Promise<number> {
  const { failed, jobs, tables } = await runCommand(dataDir, 'compact', { database });
  for (const { database: of, measurement, reason } of failed) {
    process.stderr.write(`sluice: files of ${measurement} of database ${of} could not be put together: ${inWords(reason)}\n`);
  }
  await writeOut(jobs === 0 ? `nothing is due for ${counted(tables, 'table')}\n` : `files of ${counted(tables, 'table')} are put together, in ${counted(jobs, 'job')}\n`);
  return failed.length;
}
