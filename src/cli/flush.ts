/** `sluice flush` */
import { runCommand, writeOut } from './io.js';

/** Moves all rows into files. @param database null: of all databases */
export async function flush(dataDir: string | undefined, database: string | null): Promise<void> {
  const { tables } = await runCommand(dataDir, 'flush', { database });
  await writeOut(`all rows of ${tables} ${tables === 1 ? 'table' : 'tables'} are in files\n`);
}
