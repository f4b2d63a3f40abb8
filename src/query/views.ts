/** The tables as SQL sees them: a schema a database, a view a measurement, every point once. */
import { KIND_BOOL, KIND_F64, KIND_I64, KIND_STRING, KIND_TAG, KIND_U64 } from '../../assembly/layout/codes.js';
import { fold, isPlainFile, ROW_NUMBER } from '../names.js';
import { quoteName, quoteText, type SqlType } from './duckdb.js';
import type { FileSpan } from '../model/file-span.js';
import { byDeletes, withoutDeleted, type Deletes } from './deleted-rows.js';
import { withEachPointOnce } from './file-spans.js';

/** A table as SQL can name it. */
export interface NamedTable {
  readonly database: string;
  readonly measurement: string;
  /** By column id: `name` is the one in files. */
  readonly columns: readonly { readonly kind: number; readonly key: string; readonly name: string }[];
}

/** A table to query. */
export interface QueryTable extends NamedTable, Files, Deletes {
  /** Rows before it are past retention and not shown: microseconds since 1970; null, all are. */
  readonly since: number | null;
  /** What is known of the rows of files, by path. */
  readonly spans: ReadonlyMap<string, FileSpan>;
}

/** Files of a table. */
interface Files {
  /** Absolute paths: Parquet, and rows of quarantine and drafts that are JSON lines. */
  readonly files: readonly string[];
  /** Those among them of which only rows with a sluice_seq above `after` count: all others are in other files. */
  readonly drafts?: ReadonlySet<string>;
  readonly after?: number;
}

/** A table whose files are to be read. */
export interface ReadableTable extends Pick<QueryTable, 'columns' | 'since'>, Files, Deletes {
  /** At least the bytes of the longest line of those that are JSON lines. */
  readonly lineBytes: number;
}

type Columns = Pick<NamedTable, 'columns'>;

/** Where a table's view stands. */
export interface PlacedTable<T extends NamedTable = NamedTable> {
  readonly table: T;
  readonly schema: string;
  readonly view: string;
}

const typeOfKind: ReadonlyMap<number, SqlType> = new Map([
  [KIND_TAG, 'VARCHAR'],
  [KIND_F64, 'DOUBLE'],
  [KIND_I64, 'BIGINT'],
  [KIND_U64, 'DECIMAL(20,0)'],
  [KIND_BOOL, 'BOOLEAN'],
  [KIND_STRING, 'VARCHAR'],
]);

/** DuckDB's own measure for the longest line of JSON: its buffers take twice as much, whatever there is to read. */
const LINE_BYTES_MIN = 16 << 20;

/** DuckDB's name for all of it. */
export const CATALOG = 'sluice_tables';

/** Of the table function that stands in for the rows of a table until they are asked for. */
export const STAND_IN = 'sluice_rows';

/** Schemas of these names would be DuckDB's own, or be mistaken for a catalog. */
const reservedSchemas = ['information_schema', 'pg_catalog', 'system', 'temp', CATALOG];

/** Names every table's schema and view: its own names, with `~2`, `~3`… where DuckDB, which ignores case, would mix them up. */
export function placeTables<T extends NamedTable>(tables: readonly T[]): PlacedTable<T>[] {
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

/** The columns of a table's view, and their types: time, tags and fields in their order, sluice_ns, sluice_seq. */
export function viewColumns({ columns }: Columns): (readonly [name: string, type: SqlType])[] {
  const shown = shownNames(columns);
  return [['time', 'TIMESTAMPTZ'], ...columns.map(({ kind }, at) => [shown[at]!, typeOfKind.get(kind)!] as const), ['sluice_ns', 'INTEGER'], ['sluice_seq', 'BIGINT']];
}

/** A column is called by its key; by its name in files where SQL, which ignores case, would mix the key up with an earlier column. */
function shownNames(columns: NamedTable['columns']): string[] {
  const taken = new Set(['time', 'sluice_ns', 'sluice_seq', ...columns.map(({ name }) => fold(name))]);
  return columns.map(({ key, name }) => {
    if (fold(key) === fold(name)) return name;
    const shown = key !== '' && !taken.has(fold(key)) ? key : name;
    taken.add(fold(shown));
    return shown;
  });
}

/** The statement that makes the view of a table whose rows nobody asked for yet. @param number of the table for the stand-in */
export function standInStatement({ schema, view }: PlacedTable, number: number): string {
  return `CREATE VIEW ${quoteName(schema)}.${quoteName(view)} AS SELECT * FROM system.main.${STAND_IN}(${number})`;
}

/**
 * The statement that makes a table's view.
 * A point may stand in several rows of the files; per field the value with the highest sluice_seq counts (arg_max
 * passes over nulls). Files of which it is certain that each of their points stands there once are not grouped.
 */
export function viewStatement({ schema, view }: PlacedTable, table: ReadableTable & Pick<QueryTable, 'spans'>): string {
  const names = ['time', ...table.columns.map(({ name }) => quoteName(name)), 'sluice_ns', 'sluice_seq'];
  const shown = viewColumns(table).map(([name], at) => `${names[at]} AS ${quoteName(name)}`);
  return `CREATE OR REPLACE VIEW ${quoteName(schema)}.${quoteName(view)} AS SELECT ${shown.join(', ')} FROM (${points(table, names)})`;
}

function points(table: ReadableTable & Pick<QueryTable, 'spans'>, names: readonly string[]): string {
  const once = withEachPointOnce(table.files, table.spans);
  const others = table.files.filter((path) => !once.has(path));
  const parts = [
    ...(once.size > 0 ? [`SELECT ${names.join(', ')} FROM (${allRows({ ...table, files: [...once] })})`] : []),
    ...(others.length > 0 ? [eachPointOnce({ ...table, files: others })] : []),
  ];
  return parts.length > 0 ? parts.join(' UNION ALL ') : emptyRelation(table);
}

function eachPointOnce(table: ReadableTable): string {
  return `SELECT ${['time', ...newestBy('sluice_seq', table), 'sluice_ns', 'max(sluice_seq) AS sluice_seq'].join(', ')} `
    + `FROM (${allRows(table)}) `
    + `GROUP BY ${['time', 'sluice_ns', ...tagsOf(table)].join(', ')}`;
}

/** The columns of a group of rows with the same tags: of each field the value that is there and comes last by `order`. */
function newestBy(order: string, { columns }: Columns): string[] {
  return columns.map(({ kind, name }) => {
    const column = quoteName(name);
    return kind === KIND_TAG ? column : `arg_max(${column}, ${order}) AS ${column}`;
  });
}

function tagsOf({ columns }: Columns): string[] {
  return columns.filter(({ kind }) => kind === KIND_TAG).map(({ name }) => quoteName(name));
}

/**
 * The statement that reads all rows of a table's files as they were written, oldest first: microseconds since 1970,
 * nanoseconds beside them, then its columns in their order.
 */
export function rowsStatement(table: ReadableTable): string {
  const names = ['epoch_us(time)', 'sluice_ns', ...table.columns.map(({ name }) => quoteName(name))];
  return `SELECT ${names.join(', ')} FROM (${allRows(table)}) ORDER BY sluice_seq`;
}

/** No rows, every column with its type: it also stands in for columns that no file has. */
function emptyRelation(table: Columns): string {
  const columns = table.columns.map(({ kind, name }) => `NULL::${typeOfKind.get(kind)} AS ${quoteName(name)}`);
  const all = ['NULL::TIMESTAMPTZ AS time', ...columns, 'NULL::INTEGER AS sluice_ns', 'NULL::BIGINT AS sluice_seq'];
  return `SELECT ${all.join(', ')} WHERE false`;
}

/** The rows of all files that are kept. Those of other writers may have no sluice_ns and no sluice_seq: both count as 0. */
function allRows(table: ReadableTable): string {
  const { after = 0, drafts = new Set(), files } = table;
  const relations = [
    emptyRelation(table),
    ...keptRows(table, files.filter((path) => !drafts.has(path))),
    ...keptRows(table, files.filter((path) => drafts.has(path))).map((rows) => `SELECT * FROM (${rows}) WHERE sluice_seq > ${after}`),
  ];
  return 'SELECT * REPLACE (coalesce(sluice_ns, 0) AS sluice_ns, coalesce(sluice_seq, 0) AS sluice_seq) '
    + `FROM (${relations.join(' UNION ALL BY NAME ')})${table.since === null ? '' : ` WHERE time >= make_timestamptz(${table.since})`}`;
}

/** Relations of files without the rows that are deleted. */
function keptRows(table: ReadableTable, files: readonly string[]): string[] {
  return byDeletes(table, files).flatMap(({ deletes, files: some }) => (deletes.length === 0
    ? relationsOf(table, some)
    // Columns that these files have not stand in conditions as well.
    : [withoutDeleted([emptyRelation(table), ...relationsOf(table, some)].join(' UNION ALL BY NAME '), deletes, table)]));
}

function relationsOf(table: ReadableTable, files: readonly string[]): string[] {
  const plain = files.filter(isPlainFile);
  const parquet = files.filter((path) => !isPlainFile(path));
  return [
    ...(parquet.length > 0 ? [`SELECT * FROM read_parquet([${pathList(parquet)}], union_by_name = true, hive_partitioning = false)`] : []),
    ...(plain.length > 0 ? [plainRows(table, plain)] : []),
  ];
}

/** The rows of files of JSON lines as a Parquet file of them would have them: a row for a point of one sluice_seq. */
function plainRows(table: ReadableTable, paths: readonly string[]): string {
  const columns = [
    ['time', 'BIGINT'], ['sluice_ns', 'INTEGER'], ['sluice_seq', 'BIGINT'], [ROW_NUMBER, 'BIGINT'],
    ...table.columns.map(({ kind, name }) => [name, typeOfKind.get(kind)!] as const),
  ].map(([name, type]) => `${quoteText(name!)}: '${type}'`);
  const lines = `read_json([${pathList(paths)}], format = 'newline_delimited', records = true, auto_detect = false, compression = 'uncompressed', `
    + `hive_partitioning = false, maximum_object_size = ${Math.max(table.lineBytes, LINE_BYTES_MIN)}, columns = {${columns.join(', ')}})`;
  const own = ['time', 'sluice_ns', 'sluice_seq'];
  const rows = `SELECT ${[...own, ...newestBy(quoteName(ROW_NUMBER), table)].join(', ')} FROM ${lines} GROUP BY ${[...own, ...tagsOf(table)].join(', ')}`;
  return `SELECT * REPLACE (make_timestamptz(time) AS time) FROM (${rows})`;
}

function pathList(paths: readonly string[]): string {
  return paths.map((path) => quoteText(escapeGlob(path))).join(', ');
}

/** What DuckDB must be allowed to open so that it can read files. */
export function openedFor(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap((path) => [path, escapeGlob(path)]))];
}

function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}
