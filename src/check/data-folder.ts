/** The tables of a data folder, or below any folder: found by their logs, named by the catalog or by what they say of themselves. */
import { join } from 'node:path';
import { fileAt, type Disk } from '../disk.js';
import { asList, asNumber, asObject, asText, decodeChecked } from '../json.js';
import { dataPaths } from '../names.js';
import type { CheckedTable } from './table.js';

/** What is known of a table before its log is read. */
interface KnownTable {
  readonly name: string;
  readonly committedTo: number;
}

/** The tables that are to be checked, and what is wrong with the catalog, in sentences. */
export interface FoundTables {
  readonly tables: readonly (CheckedTable & { readonly database: string | null })[];
  readonly problems: readonly string[];
}

const DEPTH_MAX = 3;

/** The tables of a data folder. @param wanted a database, or database.measurement; null: all @throws Error when no such table is there */
export async function tablesOfData(disk: Disk, dataDir: string, wanted: string | null): Promise<FoundTables> {
  const paths = dataPaths(dataDir);
  // Before the logs: what it knows to be committed stands in them by then.
  const { node, known, problems } = await readCatalog(disk, paths.catalog);
  const tables: (CheckedTable & { database: string | null })[] = [];
  for (const folder of await logsBelow(disk, paths.tables, '')) {
    const full = join(paths.tables, folder);
    const said = known.get(folder);
    const own = said === undefined ? await ownName(disk, full) : null;
    const [database, name] = said === undefined ? [own?.database ?? null, own?.name ?? folder] : [said.database, said.name];
    const committedTo = new Map(said === undefined || node === null || said.committedTo === 0 ? [] : [[node, said.committedTo]]);
    if (wanted === null || wanted === database || wanted === name) tables.push({ name, folder: full, database, committedTo });
    known.delete(folder);
  }
  for (const [folder, { name, committedTo, database }] of known) {
    if (committedTo === 0 || (wanted !== null && wanted !== database && wanted !== name)) continue;
    problems.push(`table ${name} was flushed up to seq ${committedTo}, and its folder tables/${folder} has no log`);
  }
  if (wanted !== null && tables.length === 0) throw new Error(`there is no folder and no table ${wanted} (a database, or DATABASE.TABLE)`);
  return { tables, problems };
}

/** The tables in a folder and below it. @throws Error when there is none */
export async function tablesBelow(disk: Disk, folder: string): Promise<FoundTables> {
  const found = await logsBelow(disk, folder, '');
  const tables = found.length === 0 ? [folder] : found.map((below) => join(folder, below));
  return { tables: tables.map((path) => ({ name: path, folder: path, database: null, committedTo: new Map<string, number>() })), problems: [] };
}

/** Folders with a Delta log, relative to `root`. */
async function logsBelow(disk: Disk, root: string, below: string, depth = 0): Promise<string[]> {
  const folder = join(root, below);
  const names = await disk.list(folder);
  if (names.includes('_delta_log')) return [below];
  if (depth === DEPTH_MAX) return [];
  const found: string[] = [];
  for (const name of names) {
    const at = await fileAt(join(folder, name));
    if (at !== null && !at.isPlain && !name.startsWith('_') && !name.startsWith('.')) found.push(...await logsBelow(disk, root, join(below, name), depth + 1));
  }
  return found;
}

/** What the catalog says, read by no code of the catalog's own: by folder, the living tables. */
async function readCatalog(disk: Disk, path: string): Promise<{ node: string | null; known: Map<string, KnownTable & { database: string }>; problems: string[] }> {
  const known = new Map<string, KnownTable & { database: string }>();
  const bytes = await disk.readWhole(path);
  if (bytes === null) return { node: null, known, problems: [] };
  try {
    const { node, databases, tables } = decodeChecked(bytes);
    const names = new Map(asList(databases, asObject).map(({ id, name }) => [asNumber(id), asText(name)]));
    for (const table of asList(tables, asObject)) {
      if (asNumber(table['dropped']) !== 0) continue;
      const database = names.get(asNumber(table['database'])) ?? '';
      known.set(asText(table['folder']), { database, name: `${database}.${asText(table['name'])}`, committedTo: asNumber(table['committedTo'] ?? table['flushedTo']) });
    }
    return { node: asText(node), known, problems: [] };
  } catch (error) {
    return { node: null, known: new Map(), problems: [`catalog.json cannot be read: ${(error as Error).message}`] };
  }
}

/** How a table of sluice calls itself in its oldest commit, or null. */
async function ownName(disk: Disk, folder: string): Promise<{ readonly database: string; readonly name: string } | null> {
  const log = join(folder, '_delta_log');
  const first = (await disk.list(log)).find((name) => /^\d{20}\.json$/.test(name));
  const text = first === undefined ? '' : ((await disk.readWhole(join(log, first)))?.toString() ?? '');
  for (const line of text.split('\n')) {
    if (!line.startsWith('{"metaData"')) continue;
    try {
      const { name, description } = asObject(asObject(JSON.parse(line))['metaData']);
      const [, database] = /^sluice table \d+ of database (.+)$/s.exec(String(description)) ?? [];
      return database === undefined ? null : { database, name: `${database}.${asText(name)}` };
    } catch {
      return null; // the check of its log says what is wrong with it
    }
  }
  return null;
}
