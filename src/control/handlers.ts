/** What the control commands do. */
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Recovery } from '../ingest/recovery.js';
import type { Sealer } from '../seal/sealer.js';
import type { Leftovers } from '../tables/leftovers.js';
import { SluiceError } from '../errors.js';
import { checkDatabaseName } from '../names.js';
import type { ControlHandlers, TableListing } from './commands.js';

interface HandlerParts {
  readonly catalog: Catalog;
  readonly sealer: Sealer;
  readonly recovery: Recovery;
  readonly leftovers: Leftovers;
  /** Absolute folder of all tables. */
  readonly tablesFolder: string;
  readonly problems: () => string[];
}

export function controlHandlers(parts: HandlerParts): ControlHandlers {
  const { catalog, leftovers, recovery, sealer } = parts;
  const tablesOf = (database: string | null): Table[] => {
    if (database === null) return catalog.tables();
    const found = catalog.database(database);
    if (found === undefined) throw new Error(`there is no database ${database}`);
    return catalog.tables(found.id);
  };
  return {
    'status': async () => ({ pid: process.pid, problems: parts.problems() }),
    'flush': async ({ database }) => {
      await recovery.done();
      const tables = tablesOf(database);
      await sealer.flush(tables.map(({ id }) => id));
      return { tables: tables.length };
    },
    'tables': async ({ database }) => Promise.all(tablesOf(database).map((table) => listing(parts, table))),
    'database-create': async ({ name }) => {
      const problem = checkDatabaseName(name);
      if (problem !== null) throw new SluiceError('bad-database-name', problem);
      if (catalog.database(name) !== undefined) return { created: false };
      await catalog.ensureDatabase(name);
      return { created: true };
    },
    'database-list': async () => catalog.databases().map(({ id, name }) => ({ name, tables: catalog.tables(id).length })),
    'database-drop': async ({ name }) => {
      const dropped = await catalog.dropDatabase(name);
      if (dropped === null) throw new Error(`there is no database ${name}`);
      for (const table of dropped.tables) await leftovers.toTrash(table);
      return { tables: dropped.tables.length };
    },
  };
}

async function listing({ sealer, tablesFolder }: HandlerParts, table: Table): Promise<TableListing> {
  const { state } = await sealer.committer(table);
  const files = [...state.liveFiles.values()];
  return {
    database: table.databaseName,
    measurement: table.measurement,
    columns: table.columns,
    rows: files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
    files: [...state.liveFiles.keys()].map((path) => `${tablesFolder}/${table.folder}/${path}`),
    sealedTo: state.sealedTo,
  };
}
