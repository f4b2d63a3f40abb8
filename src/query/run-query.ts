/** `sluice query`: one SQL statement over the live files. */
import { systemDisk } from '../disk.js';
import { fold, isPlainFile } from '../names.js';
import { openDuck, quoteName } from './duckdb.js';
import { writeResult, type Format, type Write } from './format.js';
import { longestLine } from './longest-line.js';
import { CATALOG, placeTables, viewStatement, type PlacedTable, type QueryTable, type ReadableTable } from './views.js';

/** A query. */
interface Query {
  readonly tables: readonly QueryTable[];
  /** Whose measurements need no schema before them; null: the only database, if there is one. */
  readonly database: string | null;
  readonly sql: string;
  readonly format: Format;
  readonly write: Write;
}

/**
 * Runs SQL over views of the tables and writes its rows.
 * @throws with DuckDB's words for wrong SQL, or when the database has no table
 */
export async function runQuery(query: Query): Promise<void> {
  const placed = placeTables(query.tables);
  const schema = defaultSchema(query, placed);
  const duck = await openDuck(CATALOG);
  try {
    for (const name of new Set(placed.map((table) => table.schema))) {
      await duck.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(name)}`);
    }
    const sql = fold(query.sql);
    await duck.run('BEGIN');
    for (const each of placed) await duck.run(viewStatement(each, isMentioned(each.view, sql) ? await readable(each.table) : null));
    await duck.run('COMMIT');
    if (schema !== null) await duck.run(`USE ${quoteName(CATALOG)}.${quoteName(schema)}`);
    await writeResult(await duck.stream(query.sql), query.format, query.write);
  } finally {
    duck.close();
  }
}

/** A table with all that must be known to read its files. @throws when one cannot be read */
export async function readable<T extends QueryTable>(table: T): Promise<T & ReadableTable> {
  return { ...table, lineBytes: await longestLine(systemDisk, table.files.filter(isPlainFile)) };
}

/** Opening the files of a table takes time, and rows cannot be asked for without its name. */
function isMentioned(view: string, foldedSql: string): boolean {
  return foldedSql.includes(fold(view).replaceAll('"', '""'));
}

function defaultSchema(query: Query, placed: readonly PlacedTable[]): string | null {
  const schemas = new Map(placed.map(({ table, schema }) => [table.database, schema]));
  if (query.database === null) return schemas.size === 1 ? ([...schemas.values()][0] ?? null) : null;
  const schema = schemas.get(query.database);
  if (schema === undefined) throw new Error(`there is no table in a database ${JSON.stringify(query.database)}`);
  return schema;
}
