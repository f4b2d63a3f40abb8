/** What the control commands do. */
import { basename } from 'node:path';
import { atMost } from '../in-turn.js';
import type { DatabaseAdmin } from '../admin/databases.js';
import type { Overview } from '../admin/overview.js';
import type { MadeToken, TokenStore } from '../auth/token-store.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Compactor } from '../compaction/compactor.js';
import type { Recovery } from '../ingest/recovery.js';
import type { Flusher } from '../flush/flusher.js';
import type { LogTrimmer } from '../flush/log-trimmer.js';
import type { Retiring } from '../flush/retiring.js';
import { isOwnFile, segmentName, type DataPaths } from '../names.js';
import { keptSinceMicros } from '../retention.js';
import { TRASH_GRACE_MS } from '../tables/cleanup.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import type { QuarantinedRows, RowQuarantine } from '../tables/row-quarantine.js';
import type { ControlHandlers, ResultOf, TableListing } from './commands.js';
import { DeletesToRead } from './deletes-to-read.js';
import { writeBody, type WriteParts } from './write.js';

interface HandlerParts {
  readonly catalog: Catalog;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  readonly retiring: Retiring;
  readonly recovery: Recovery;
  readonly schema: DatabaseAdmin;
  readonly tokens: TokenStore;
  readonly paths: DataPaths;
  readonly quarantine: RowQuarantine;
  readonly problems: () => string[];
  readonly write: WriteParts;
  readonly logTrimmer: LogTrimmer;
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
    'compact': async ({ database }) => {
      await recovery.done();
      const tables = tablesOf(database);
      // A delete is done when none of its rows is in memory either.
      await flush(parts, tables.filter((table) => catalog.tombstones(table).length > 0));
      let jobs = 0;
      const failed: { database: string; measurement: string; reason: string }[] = [];
      for (const table of tables) {
        const outcome = await parts.compactor.compactTable(table, true);
        jobs += outcome.jobs;
        if (outcome.problem !== null) failed.push({ database: table.databaseName, measurement: table.measurement, reason: outcome.problem });
      }
      // Without a server nobody else deletes what was put together before.
      await parts.retiring.deleteDue();
      return { tables: tables.length, jobs, failed };
    },
    'tables': async ({ database }) => Promise.all(tablesOf(database).map((table) => inTurn(() => listing(parts, table)))),
    'delete': async ({ database, ...points }) => ({ tables: await schema.deleteRows(database, points) }),
    'files': async ({ table: name }) => {
      const { columns: _, files, ...rest } = await inTurn(() => filesOf(parts, tableNamed(catalog, name)));
      return { ...rest, files: files.map(({ path, bytes, rows, span }) => ({ path, bytes, rows, firstMs: span?.firstMs ?? null, lastMs: span?.lastMs ?? null })) };
    },
    'log-hold': async ({ hold }) => ({
      hold: await parts.logTrimmer.hold(hold),
      segments: parts.write.log.segments().map(({ first, bytes }) => ({ name: segmentName(first), bytes })),
    }),
    'log-release': async ({ hold }) => ({ held: parts.logTrimmer.release(hold) }),
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
      .map((lot) => ({ path: lot.path, database: lot.database, measurement: lot.measurement, columns: lot.columns, since: sinceOf(parts, lot.database), deletes: deletesOfLot(parts, lot), files: quarantinedFiles(parts, lot) })),
    'quarantine-remove': async ({ path }) => {
      if (!(await parts.quarantine.remove(path))) throw new Error(`there are no rows ${path} in quarantine`);
      return {};
    },
    'database-create': async ({ name, settings }) => ({ created: await schema.createDatabase(name, settings) }),
    'database-list': async () => catalog.databases().map(({ id, name, tags, types, retentionS }) => ({ name, tables: catalog.tables(id).length, tags, types, retentionS })),
    'database-update': async ({ name, settings }) => {
      const set = await schema.changeSettings(name, settings);
      if (set === null) throw new Error(`there is no database ${name}`);
      return { tags: set.tags, types: set.types, retentionS: set.retentionS };
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

/** Both names may have dots. @throws Error with a sentence when no table is called so, or several are */
function tableNamed(catalog: Catalog, name: string): Table {
  const [table, ...others] = catalog.tables().filter(({ databaseName, measurement }) => `${databaseName}.${measurement}` === name);
  if (table === undefined) throw new Error(`there is no table ${name} (DATABASE.TABLE)`);
  if (others.length > 0) throw new Error(`several tables are called ${name}: ${[table, ...others].map(({ databaseName, measurement }) => `${measurement} of database ${databaseName}`).join(', ')}`);
  return table;
}

/** Moves rows into files; gives the tables of which not all went. */
async function flush({ flusher }: HandlerParts, tables: readonly Table[]): Promise<ResultOf<'flush'>['failed']> {
  const failures = await flusher.flush(tables.map(({ id }) => id));
  return failures.map(({ reason, table }) => ({ database: table.databaseName, measurement: table.measurement, reason }));
}

/** The first microsecond that a database keeps now, by the clock that people read; null for one that keeps all, and for none. */
function sinceOf({ catalog, write }: HandlerParts, database: string): number | null {
  return keptSinceMicros(catalog.database(database)?.retentionS ?? null, write.clock.nowMs());
}

function quarantinedFiles({ paths }: HandlerParts, { files, folder }: QuarantinedRows): string[] {
  return files.map((name) => `${paths.quarantinedTables}/${folder}/${name}`);
}

/** Deletes that may take rows of a lot; of a table that was dropped there are none. */
function deletesOfLot({ catalog }: HandlerParts, { columns, database, folder }: QuarantinedRows): DeletesToRead['all'] {
  const table = catalog.tables(catalog.database(database)?.id).find((each) => each.folder === folder);
  return table === undefined ? [] : new DeletesToRead(catalog.tombstones(table), columns).all;
}

/** `path` is absolute. */
type TableFiles = Omit<TableListing, 'files'> & { readonly files: readonly LiveFile[] };

async function listing(parts: HandlerParts, table: Table): Promise<TableListing> {
  const { files, ...rest } = await filesOf(parts, table);
  return { ...rest, files: files.map(({ path }) => path) };
}

type ToRead = ResultOf<'tables-to-read'>;

/** All rows of a table. @returns it, and why rows in the log alone are missing */
async function toRead(parts: HandlerParts, table: Table, query: string): Promise<{ readonly table: ToRead['tables'][number]; readonly failed: ToRead['failed'][number] | null }> {
  const since = sinceOf(parts, table.databaseName);
  // Before the files are looked at: when a delete is done meanwhile, these files may be those of before.
  const deletes = new DeletesToRead(parts.catalog.tombstones(table), table.columns);
  const known = { since, deletes: deletes.all };
  const shown = (files: readonly LiveFile[]): ToRead['tables'][number]['files'] => files.map((file) => ({ ...provenOf(file), deletes: deletes.of({ ...file, path: basename(file.path) }) }));
  try {
    const { after, drafts, problem, view } = await parts.flusher.read(table.id, query);
    const { files, ...rest } = await filesOf(parts, table, async () => {
      if (view === null) throw new Error(problem);
      return view;
    });
    return { table: { ...rest, ...known, files: shown(files), drafts, after }, failed: null };
  } catch (error) {
    const { files, ...rest } = await filesOf(parts, table);
    const failed = { database: table.databaseName, measurement: table.measurement, reason: (error as Error).message };
    return { table: { ...rest, ...known, files: shown(files), drafts: [], after: 0 }, failed };
  }
}

/** Only what we wrote ourselves proves something: of other writers' files the statistics may be rounded as they like. */
function provenOf({ path, span }: Pick<LiveFile, 'path' | 'span'>): Pick<LiveFile, 'path' | 'span'> {
  return { path, span: isOwnFile(basename(path)) ? span : null };
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
      files: files.map((file) => ({ ...file, path: `${paths.tables}/${folder}/${file.path}` })),
      flushedTo,
      problems: flusher.problemsOf(table),
    };
  } catch (error) {
    const unflushed = flusher.unflushedRows(id);
    return { ...known, rows: null, unflushed, files: [], flushedTo: table.flushedTo, problems: [(error as Error).message] };
  }
}
