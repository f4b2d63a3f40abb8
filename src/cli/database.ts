/** `sluice database` */
import type { Format } from '../query/format.js';
import { printRows, runCommand, writeOut } from './io.js';

export async function createDatabase(dataDir: string | undefined, name: string): Promise<void> {
  const { created } = await runCommand(dataDir, 'database-create', { name });
  await writeOut(created ? `database ${name} is made\n` : `database ${name} was there already\n`);
}

export async function listDatabases(dataDir: string | undefined, format: Format): Promise<void> {
  const databases = await runCommand(dataDir, 'database-list', {});
  await printRows(['database', 'tables'], databases.map(({ name, tables }) => [name, tables]), format);
}

export async function deleteDatabase(dataDir: string | undefined, name: string): Promise<void> {
  const { tables } = await runCommand(dataDir, 'database-drop', { name });
  await writeOut(`database ${name} is deleted, with ${tables} ${tables === 1 ? 'table' : 'tables'}\n`);
}
