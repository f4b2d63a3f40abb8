/** What the control commands do. */
import type { SchemaAdmin } from '../admin/schema.js';
import type { MadeToken, TokenStore } from '../auth/store.js';
import type { Catalog, Table } from '../catalog/catalog.js';
import type { Recovery } from '../ingest/recovery.js';
import type { Sealer } from '../seal/sealer.js';
import type { TableState } from '../tables/delta/table-log.js';
import type { ControlHandlers, TableListing } from './commands.js';
import { writeBody, type WriteParts } from './write.js';

interface HandlerParts {
  readonly catalog: Catalog;
  readonly sealer: Sealer;
  readonly recovery: Recovery;
  readonly schema: SchemaAdmin;
  readonly tokens: TokenStore;
  /** Absolute folder of all tables. */
  readonly tablesFolder: string;
  readonly problems: () => string[];
  readonly write: WriteParts;
}

export function controlHandlers(parts: HandlerParts): ControlHandlers {
  const { catalog, recovery, schema, sealer, tokens } = parts;
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
    'write': (args, body) => writeBody(parts.write, args, body),
    'flush': async ({ database }) => {
      await recovery.done();
      const tables = tablesOf(database);
      await sealer.flush(tables.map(({ id }) => id));
      return { tables: tables.length };
    },
    'tables': async ({ database }) => Promise.all(tablesOf(database).map((table) => listing(parts, table))),
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
      return { tables };
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

/** A table that cannot be read is listed as well: it must not hide the others. */
async function listing({ sealer, tablesFolder }: HandlerParts, table: Table): Promise<TableListing> {
  const { databaseName: database, measurement, columns, sealedTo } = table;
  let state: TableState;
  try {
    state = (await sealer.committer(table)).state;
  } catch (error) {
    return { database, measurement, columns, rows: 0, files: [], sealedTo, problem: (error as Error).message };
  }
  const files = [...state.liveFiles.values()];
  return {
    database,
    measurement,
    columns,
    rows: files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
    files: [...state.liveFiles.keys()].map((path) => `${tablesFolder}/${table.folder}/${path}`),
    sealedTo: state.sealedTo,
    problem: null,
  };
}
