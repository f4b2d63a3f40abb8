/** What lies in the folder of the tables: what a lost catalog is made anew from. Reads past all that cannot be read. */
import { atMost } from '../in-turn.js';
import type { ColumnDefinition } from '../model/schema.js';
import { identityOf, isOurAppId, type MetaData, type TableIdentity } from './delta/actions.js';
import { actionOf, checkpointsIn } from './delta/checkpoint.js';
import { versionsIn } from './delta/commit-reader.js';
import { assertNamed, readCommit, safeSeq, type Action, type Commit } from './delta/commit-text.js';
import { columnOf, parseSchema } from './delta/schema-string.js';
import type { OwnNode } from './delta/table-state.js';
import type { TableStore } from './table-store.js';

/** Tables whose logs are read at once. */
const TABLES_AT_ONCE_MAX = 4;

/** A folder where a table may be. */
export interface FoundTable {
  /** Below the store's root. */
  readonly folder: string;
  /** null: no table of ours, or one that no longer says whose it is. */
  readonly identity: TableIdentity | null;
  /** By id. */
  readonly columns: readonly ColumnDefinition[];
  /** The highest seq that a commit of ours names, of whatever node; 0 for none. */
  readonly lastSeq: number;
  /** What could not be read, in sentences. */
  readonly problems: readonly string[];
}

/** Everything directly below the root, and every folder below that. */
export interface FoundTables {
  /** Names below the root, whatever is in them. */
  readonly databaseFolders: readonly string[];
  readonly tables: readonly FoundTable[];
  readonly problems: readonly string[];
}

type ReadCheckpoint = OwnNode['readCheckpoint'];

/** Looks into every table's Delta log. @throws when the root itself cannot be listed */
export async function findTables(store: TableStore, readCheckpoint: ReadCheckpoint): Promise<FoundTables> {
  const inTurn = atMost(TABLES_AT_ONCE_MAX);
  const databaseFolders = await store.list('');
  const tables: FoundTable[] = [];
  const problems: string[] = [];
  for (const databaseFolder of databaseFolders) {
    const names = await orProblem(problems, databaseFolder, () => store.list(databaseFolder));
    tables.push(...(await Promise.all((names ?? []).map((name) => inTurn(() => findTable(store, `${databaseFolder}/${name}`, readCheckpoint))))));
  }
  return { databaseFolders, tables, problems };
}

/** Every folder of a database and of a table, by its path below the root; nothing in them is read. @param report takes a sentence on what cannot be listed */
export async function listFolders(store: TableStore, report: (sentence: string) => void): Promise<string[]> {
  const inTurn = atMost(TABLES_AT_ONCE_MAX);
  const problems: string[] = [];
  const listed = async (folder: string): Promise<readonly string[]> => (await orProblem(problems, folder, () => store.list(folder))) ?? [];
  const databaseFolders = await listed('');
  const tables = await Promise.all(databaseFolders.map((folder) => inTurn(async () => (await listed(folder)).map((name) => `${folder}/${name}`))));
  problems.forEach(report);
  return [...databaseFolders, ...tables.flat()];
}

/** The highest seq that any commit of ours names: new ones must be above it. */
export function lastSeqIn({ tables }: FoundTables): number {
  return tables.reduce((last, { lastSeq }) => Math.max(last, lastSeq), 0);
}

async function findTable(store: TableStore, folder: string, readCheckpoint: ReadCheckpoint): Promise<FoundTable> {
  const problems: string[] = [];
  const names = (await orProblem(problems, folder, () => store.list(`${folder}/_delta_log`))) ?? [];
  const begin = await logBegin(problems, folder, names, readCheckpoint);
  const { named, version } = begin;
  let { lastSeq, metaData } = begin;
  // Commits before the checkpoint are part of it; some that were removed may be back after a loss of power.
  for (const name of names.filter((file) => /^\d{20}\.json$/.test(file) && Number(file.slice(0, 20)) > version)) {
    const where = `${folder}, commit ${Number(name.slice(0, 20))}`;
    const text = (await orProblem(problems, where, () => store.get(`${folder}/_delta_log/${name}`)))?.toString() ?? '';
    const commit = await orProblem(problems, where, () => namedCommit(text, named));
    const actions = commit?.actions ?? readableLines(text);
    metaData = actions.findLast((action) => action.metaData)?.metaData ?? metaData;
    for (const { add } of actions) if (add) named.add(decodeURIComponent(add.path));
    lastSeq = Math.max(lastSeq, commit?.own?.seq ?? 0);
  }
  const fields = metaData === null ? [] : ((await orProblem(problems, folder, () => parseSchema(metaData.schemaString))) ?? []);
  const columns = fields.map(columnOf).filter((column) => column !== null).sort((a, b) => a.id - b.id);
  return { folder, identity: metaData === null ? null : identityOf(metaData), columns, lastSeq, problems };
}

/** What is known of a table before its first commit that is there: what the checkpoint says that its log begins with, if it does. */
async function logBegin(
  problems: string[], folder: string, names: readonly string[], readCheckpoint: ReadCheckpoint,
): Promise<{ version: number; metaData: MetaData | null; lastSeq: number; readonly named: Set<string> }> {
  const begin = { version: -1, metaData: null as MetaData | null, lastSeq: 0, named: new Set<string>() };
  if (versionsIn(names)[0] === 0) return begin;
  for (const { names: parts, version } of checkpointsIn(names)) {
    const where = `${folder}, checkpoint ${version}`;
    const read = await orProblem(problems, where, async () => {
      const { lines } = await readCheckpoint(parts.map((name) => `${folder}/_delta_log/${name}`), version);
      return lines.map(actionOf);
    });
    if (read === null) continue;
    begin.version = version;
    for (const { add, metaData, remove, txn } of read) {
      const path = add?.path ?? remove?.path;
      if (path !== undefined) begin.named.add(decodeURIComponent(path));
      begin.metaData = metaData ?? begin.metaData;
      if (txn !== undefined && isOurAppId(txn.appId)) begin.lastSeq = Math.max(begin.lastSeq, safeSeq(txn.version));
    }
    return begin;
  }
  return begin;
}

/** A commit whose files of ours, where no sluice signed it, were named before. @throws as `readCommit` */
function namedCommit(text: string, named: ReadonlySet<string>): Commit {
  const commit = readCommit(text);
  assertNamed(commit, (path) => named.has(path));
  return commit;
}

/** The actions of a damaged commit that can still be read: better than none for the columns, and for nothing else. */
function readableLines(text: string): Action[] {
  return text.split('\n').flatMap((line) => {
    try {
      const action = JSON.parse(line) as Action | null;
      return typeof action?.metaData?.schemaString === 'string' ? [{ metaData: action.metaData }] : [];
    } catch {
      return []; // the commit as a whole is reported
    }
  });
}

/** What `read` gives, or null and a sentence: what cannot be read of one table must not hide the others. */
async function orProblem<T>(problems: string[], where: string, read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    problems.push(`tables/${where} cannot be read: ${(error as Error).message}`);
    return null;
  }
}
