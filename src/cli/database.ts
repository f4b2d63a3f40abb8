/** `sluice database` */
import { UsageError } from '../config.js';
import type { Format } from '../query/format.js';
import type { SchemaRules } from '../schema-rules.js';
import { printRows, runCommand, writeOut } from './io.js';
import { counted } from './words.js';

export async function createDatabase(dataDir: string | undefined, name: string, rules: Partial<SchemaRules>): Promise<void> {
  const { created } = await runCommand(dataDir, 'database-create', { name, rules });
  const stays = Object.keys(rules).length > 0 ? ', its rules stay (sluice database update changes them)' : '';
  await writeOut(created ? `database ${name} is made\n` : `database ${name} was there already${stays}\n`);
}

export async function updateDatabase(dataDir: string | undefined, name: string, rules: Partial<SchemaRules>): Promise<void> {
  if (Object.keys(rules).length === 0) throw new UsageError('say what to change: --tags or --types');
  const { tags, types } = await runCommand(dataDir, 'database-update', { name, rules });
  await writeOut(`database ${name} has tags ${tags}, types ${types} from now on\n`);
}

export async function listDatabases(dataDir: string | undefined, format: Format): Promise<void> {
  const databases = await runCommand(dataDir, 'database-list', {});
  await printRows(['database', 'tables', 'tags', 'types'], databases.map(({ name, tables, tags, types }) => [name, tables, tags, types]), format);
}

export async function deleteDatabase(dataDir: string | undefined, name: string): Promise<void> {
  const { tables, trash } = await runCommand(dataDir, 'database-drop', { name });
  const where = tables === 0 ? '' : `; what was in files is in ${trash.folder} until ${new Date(trash.untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  await writeOut(`database ${name} is deleted, with ${counted(tables, 'table')}${where}\n`);
}
