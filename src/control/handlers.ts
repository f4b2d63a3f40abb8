/** What the control commands do. */
import { basename } from 'node:path';
import { atMost } from '../in-turn.js';
import type { DatabaseAdmin } from '../admin/databases.js';
import type { Overview } from '../admin/overview.js';
import type { MadeToken, TokenStore } from '../auth/token-store.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Recovery } from '../ingest/recovery.js';
import type { Flusher } from '../flush/flusher.js';
import { parseDataFileName, type DataPaths } from '../names.js';
import { TRASH_GRACE_MS } from '../tables/cleanup.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import type { QuarantinedRows, RowQuarantine } from '../tables/row-quarantine.js';
import type { ControlHandlers, ResultOf, TableListing } from './commands.js';
import { writeBody, type WriteParts } from './write.js';

interface HandlerParts {
  readonly catalog: Catalog;
  readonly flusher: Flusher;
  readonly recovery: Recovery;
  readonly schema: DatabaseAdmin;
  readonly tokens: TokenStore;
  readonly paths: DataPaths;
  readonly quarantine: RowQuarantine;
  readonly problems: () => string[];
  readonly write: WriteParts;
  readonly overview: Overview;
}

/** Tables that are looked at at once, for all who ask. */
const LOOKS_AT_ONCE_MAX = 4;

export function controlHandlers(parts: HandlerParts): ControlHandlers {
  const inTurn = atMost(LOOKS_AT_ONCE_MAX);
  const { catalog, recovery, schema, tokens } = parts;
  const tablesOf = (database: string | null): Table[] => {
    if (database === null) return catalog.tables();
    const found = catalog.database(database);
    if (found === undefined) throw new Error(`there is no database ${database}`);
    return catalog.tables(found.id);
  };
  return {
    'status': async () => {
      const { bodyBytesMax, bodyLinesMax } = parts.write.limits;
      return { pid: process.pid, problems: parts.problems(), bodyBytesMax, bodyLinesMax };
    },
    'overview': async () => parts.overview.now(),
    'write': (args, body) => writeBody(parts.write, args, body),
    'flush': async ({ database }) => {
      await recovery.done();
      const tables = tablesOf(database);
      return { tables: tables.length, failed: await flush(parts, tables) };
    },
    'tables': async ({ database }) => Promise.all(tablesOf(database).map((table) => inTurn(() => listing(parts, table)))),
    'schema': async () => catalog.tables().map(({ columns, databaseName: database, measurement }) => ({ database, measurement, columns })),
    'tables-to-read': async ({ tables: names, query }) => {
      await recovery.done();
      await parts.write.log.settled(); // a write that did not wait for its sync was acknowledged all the same
      const wanted = new Set(names.map(({ database, measurement }) => JSON.stringify([database, measurement])));
      const tables = catalog.tables().filter(({ databaseName, measurement }) => wanted.has(JSON.stringify([databaseName, measurement])));
      const found = await Promise.all(tables.map((table) => inTurn(() => toRead(parts, table, query))));
      return { failed: found.flatMap(({ failed }) => failed ?? []), tables: found.map(({ table }) => table) };
    },
    'quarantine-list': async ({ database }) => parts.quarantine.lots()
      .filter((lot) => database === null || lot.database === database)
      .map((lot) => ({ path: lot.path, database: lot.database, measurement: lot.measurement, columns: lot.columns, files: quarantinedFiles(parts, lot) })),
    'quarantine-remove': async ({ path }) => {
      if (!(await parts.quarantine.remove(path))) throw new Error(`there are no rows ${path} in quarantine`);
      return {};
    },
    'database-create': async ({ name, rules }) => ({ created: await schema.createDatabase(name, rules) }),
    'database-list': async () => catalog.databases().map(({ id, name, tags, types }) => ({ name, tables: catalog.tables(id).length, tags, types })),
    'database-update': async ({ name, rules }) => {
      const set = await schema.setRules(name, rules);
      if (set === null) throw new Error(`there is no database ${name}`);
      return { tags: set.tags, types: set.types };
    },
    'database-drop': async ({ name }) => {
      const tables = await schema.dropDatabase(name);
      if (tables === null) throw new Error(`there is no database ${name}`);
      return { tables, trash: { folder: parts.paths.trash, untilMs: parts.write.clock.nowMs() + TRASH_GRACE_MS } };
    },
    'token-create': async (order) => named(await tokens.create(order)),
    'token-list': async () => tokens.list().map(({ id, name, createdMs, expiresMs, rights }) => ({ id, name, createdMs, expiresMs, rights })),
    'token-rotate': async ({ name }) => named(await tokens.rotate(name)),
    'token-delete': async ({ name }) => {
      await tokens.delete(name);
      return {};
    },
  };
}

function named({ entry, token }: MadeToken): { name: string; token: string } {
  return { name: entry.name, token };
}

/** Moves rows into files; gives the tables of which not all went. */
async function flush({ flusher }: HandlerParts, tables: readonly Table[]): Promise<ResultOf<'flush'>['failed']> {
  const failures = await flusher.flush(tables.map(({ id }) => id));
  return failures.map(({ reason, table }) => ({ database: table.databaseName, measurement: table.measurement, reason }));
}

function quarantinedFiles({ paths }: HandlerParts, { files, folder }: QuarantinedRows): string[] {
  return files.map((name) => `${paths.quarantinedTables}/${folder}/${name}`);
}

type TableFiles = Omit<TableListing, 'files'> & { readonly files: readonly Pick<LiveFile, 'path' | 'span'>[] };

async function listing(parts: HandlerParts, table: Table): Promise<TableListing> {
  const { files, ...rest } = await filesOf(parts, table);
  return { ...rest, files: files.map(({ path }) => path) };
}

type ToRead = ResultOf<'tables-to-read'>;

/** All rows of a table. @returns it, and why rows in the log alone are missing */
async function toRead(parts: HandlerParts, table: Table, query: string): Promise<{ readonly table: ToRead['tables'][number]; readonly failed: ToRead['failed'][number] | null }> {
  try {
    const { after, drafts, problem, view } = await parts.flusher.read(table.id, query);
    const { files, ...rest } = await filesOf(parts, table, async () => {
      if (view === null) throw new Error(problem);
      return view;
    });
    return { table: { ...rest, files: files.map(provenOf), drafts, after }, failed: null };
  } catch (error) {
    const { files, ...rest } = await filesOf(parts, table);
    const failed = { database: table.databaseName, measurement: table.measurement, reason: (error as Error).message };
    return { table: { ...rest, files: files.map(provenOf), drafts: [], after: 0 }, failed };
  }
}

/** Only what we wrote ourselves proves something: of other writers' files the statistics may be rounded as they like. */
function provenOf({ path, span }: Pick<LiveFile, 'path' | 'span'>): Pick<LiveFile, 'path' | 'span'> {
  return { path, span: parseDataFileName(basename(path)) === null ? null : span };
}

/** A table that cannot be read is listed as well: it must not hide the others. */
async function filesOf(parts: HandlerParts, table: Table, look = () => parts.flusher.look(table)): Promise<TableFiles> {
  const { paths, quarantine, flusher } = parts;
  const { columns, databaseName: database, folder, id, measurement } = table;
  const known = {
    database, measurement, columns,
    quarantined: quarantine.lots().filter((lot) => lot.folder === folder).flatMap((lot) => quarantinedFiles(parts, lot)),
  };
  try {
    const { files, flushedTo } = await look();
    return {
      ...known,
      rows: files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
      unflushed: flusher.unflushedRows(id),
      files: files.map(({ path, span }) => ({ path: `${paths.tables}/${folder}/${path}`, span })),
      flushedTo,
      problems: flusher.problemsOf(table),
    };
  } catch (error) {
    const unflushed = flusher.unflushedRows(id);
    return { ...known, rows: null, unflushed, files: [], flushedTo: table.flushedTo, problems: [(error as Error).message] };
  }
}
