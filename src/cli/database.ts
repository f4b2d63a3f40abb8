/** `sluice database` */
import { UsageError } from '../config.js';
import type { Format } from '../query/format.js';
import type { DatabaseSettings } from '../database-settings.js';
import { parseRetention, retentionText } from '../retention.js';
import type { SchemaRules } from '../schema-rules.js';
import { printRows, runCommand, writeOut } from './io.js';
import { counted } from './words.js';

/** What the user says of a database. */
export interface SettingOptions extends Partial<SchemaRules> {
  /** As `parseRetention` reads it. */
  readonly retention?: string;
}

/** @throws UsageError for a period that none can have */
function settingsOf({ retention, ...rules }: SettingOptions): Partial<DatabaseSettings> {
  if (retention === undefined) return rules;
  try {
    return { ...rules, retentionS: parseRetention(retention) };
  } catch (error) {
    throw new UsageError(`--retention: ${(error as Error).message}`);
  }
}

export async function createDatabase(dataDir: string | undefined, name: string, options: SettingOptions): Promise<void> {
  const settings = settingsOf(options);
  const { created } = await runCommand(dataDir, 'database-create', { name, settings });
  const stays = Object.keys(settings).length > 0 ? ', its settings stay (sluice database update changes them)' : '';
  await writeOut(created ? `database ${name} is made\n` : `database ${name} was there already${stays}\n`);
}

export async function updateDatabase(dataDir: string | undefined, name: string, options: SettingOptions): Promise<void> {
  const settings = settingsOf(options);
  if (Object.keys(settings).length === 0) throw new UsageError('say what to change: --tags, --types or --retention');
  const { tags, types, retentionS } = await runCommand(dataDir, 'database-update', { name, settings });
  await writeOut(`database ${name} has tags ${tags}, types ${types}, retention ${retentionText(retentionS)} from now on\n`);
}

export async function listDatabases(dataDir: string | undefined, format: Format): Promise<void> {
  const databases = await runCommand(dataDir, 'database-list', {});
  await printRows(
    ['database', 'tables', 'tags', 'types', 'retention'],
    databases.map(({ name, tables, tags, types, retentionS }) => [name, tables, tags, types, retentionText(retentionS)]),
    format,
  );
}

export async function deleteDatabase(dataDir: string | undefined, name: string): Promise<void> {
  const { tables, trash } = await runCommand(dataDir, 'database-drop', { name });
  const where = tables === 0 ? '' : `; what was in files is in ${trash.folder} until ${new Date(trash.untilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  await writeOut(`database ${name} is deleted, with ${counted(tables, 'table')}${where}\n`);
}
