/** The tables as SQL sees them: a schema a database, a view a measurement, every point once. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { fold } from '../names.js';
import { quoteName, quoteText } from './duckdb.js';

/** A table to query. */
export interface QueryTable {
  readonly database: string;
  readonly measurement: string;
  /** By column id. */
  readonly columns: readonly { readonly kind: number; readonly name: string }[];
  /** Absolute paths of its live files. */
  readonly files: readonly string[];
}

/** Where a table's view stands. */
export interface PlacedTable {
  readonly table: QueryTable;
  readonly schema: string;
  readonly view: string;
}

const typeOfKind: ReadonlyMap<number, string> = new Map([
  [KIND_TAG, 'VARCHAR'],
  [KIND_F64, 'DOUBLE'],
  [KIND_I64, 'BIGINT'],
  [KIND_U64, 'DECIMAL(20,0)'],
  [KIND_BOOL, 'BOOLEAN'],
  [KIND_STRING, 'VARCHAR'],
]);

/** DuckDB's name for all of it. */
export const CATALOG = 'sluice_tables';

/** Schemas of these names would be DuckDB's own, or be mistaken for a catalog. */
const reservedSchemas = ['information_schema', 'pg_catalog', 'system', 'temp', CATALOG];

/** Names every table's schema and view: its own names, with `~2`, `~3`… where DuckDB, which ignores case, would mix them up. */
export function placeTables(tables: readonly QueryTable[]): PlacedTable[] {
  const schemas = new Map<string, string>();
  const taken = new Set(reservedSchemas);
  const takenViews = new Map<string, Set<string>>();
  return tables.map((table) => {
    const schema = schemas.get(table.database) ?? freeName(table.database, taken);
    schemas.set(table.database, schema);
    const views = takenViews.get(schema) ?? new Set();
    takenViews.set(schema, views);
    return { table, schema, view: freeName(table.measurement, views) };
  });
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(fold(free)); n += 1) free = `${name}~${n}`;
  taken.add(fold(free));
  return free;
}

/**
 * The statement that makes a table's view. Its columns: time, tags and fields in their order, sluice_ns, sluice_seq.
 * A point may stand in several rows of the files; per field the value with the highest sluice_seq counts (arg_max
 * passes over nulls).
 * @param withFiles false: the view has its columns and no rows, and no file is opened
 */
export function viewStatement(placed: PlacedTable, withFiles: boolean): string {
  const { table, schema, view } = placed;
  const rows = withFiles && table.files.length > 0 ? eachPointOnce(table) : emptyRelation(table);
  return `CREATE OR REPLACE VIEW ${quoteName(schema)}.${quoteName(view)} AS ${rows}`;
}

function eachPointOnce(table: QueryTable): string {
  const tags = table.columns.filter((column) => column.kind === KIND_TAG).map((column) => quoteName(column.name));
  const selected = table.columns.map(({ kind, name }) => {
    const column = quoteName(name);
    return kind === KIND_TAG ? column : `arg_max(${column}, sluice_seq) AS ${column}`;
  });
  return `SELECT ${['time', ...selected, 'sluice_ns', 'max(sluice_seq) AS sluice_seq'].join(', ')} `
    + `FROM (${allRows(table)}) `
    + `GROUP BY ${['time', 'sluice_ns', ...tags].join(', ')}`;
}

/**
 * The statement that reads all rows of a table's files as they were written, oldest first: microseconds since 1970,
 * nanoseconds beside them, then its columns in their order.
 */
export function rowsStatement(table: QueryTable): string {
  const names = ['epoch_us(time)', 'sluice_ns', ...table.columns.map(({ name }) => quoteName(name))];
  return `SELECT ${names.join(', ')} FROM (${allRows(table)}) ORDER BY sluice_seq`;
}

/** No rows, every column with its type: it also stands in for columns that no file has. */
function emptyRelation(table: QueryTable): string {
  const columns = table.columns.map(({ kind, name }) => `NULL::${typeOfKind.get(kind)} AS ${quoteName(name)}`);
  const all = ['NULL::TIMESTAMPTZ AS time', ...columns, 'NULL::INTEGER AS sluice_ns', 'NULL::BIGINT AS sluice_seq'];
  return `SELECT ${all.join(', ')} WHERE false`;
}

/** The rows of all files. Those of other writers may have no sluice_ns and no sluice_seq: both count as 0. */
function allRows(table: QueryTable): string {
  const paths = table.files.map((path) => quoteText(escapeGlob(path))).join(', ');
  return 'SELECT * REPLACE (coalesce(sluice_ns, 0) AS sluice_ns, coalesce(sluice_seq, 0) AS sluice_seq) '
    + `FROM (${emptyRelation(table)} UNION ALL BY NAME SELECT * FROM read_parquet([${paths}], union_by_name = true, hive_partitioning = false))`;
}

function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
