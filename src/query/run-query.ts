/** SQL over the live files of the tables that it names: all of SQL for whoever owns the folder, SELECT for all others. */
import { systemDisk } from '../disk.js';
import { isPlainFile } from '../names.js';
import { openDuck, quoteName, quoteText, type Duck, type DuckLimits, type Parameters, type RowStream, type Statement, type Statements } from './duckdb.js';
import { longestLine } from './longest-line.js';
import { asShown, withNanoseconds } from './nanoseconds.js';
import { checkSelect } from './select-check.js';
import { serialize } from './serialized.js';
import { CATALOG, openedFor, placeTables, STAND_IN, standInStatement, viewColumns, viewStatement, type NamedTable, type PlacedTable, type QueryTable, type ReadableTable } from './views.js';

/** Views made by one call, which is most of what one takes. */
const VIEWS_AT_ONCE = 100;

/** A query. */
interface Query<T extends NamedTable> {
  /** All that SQL may name. */
  readonly tables: readonly T[];
  /** Finds the files of tables that a statement names; one that is gone is left out. */
  readonly load: (tables: readonly T[]) => Promise<readonly QueryTable[]>;
  /** Whose measurements need no schema before them; null: the only database, if there is one. */
  readonly database: string | null;
  /** One statement or several. */
  readonly sql: string;
  /** null: DuckDB's own. */
  readonly limits: DuckLimits | null;
  /** Takes the rows of each statement that has some. */
  readonly onResult: (result: RowStream) => Promise<void>;
}

/**
 * Runs SQL over views of the tables.
 * @throws with DuckDB's words for wrong SQL, or when the database has no table
 */
export async function runQuery<T extends NamedTable>(query: Query<T>): Promise<void> {
  const placed = placeTables(query.tables);
  const schema = defaultSchema(query, placed);
  const duck = await openDuck(CATALOG, query.limits);
  try {
    const views = new Views(duck, placed, query.load);
    await views.make();
    if (schema !== null) await duck.run(`USE ${quoteName(CATALOG)}.${quoteName(schema)}`);
    const plain = await duck.statements(query.sql);
    const exact = await withExactTimes(duck, query.sql, plain.count);
    for (let at = 0; at < plain.count; at += 1) {
      const statement = await (exact === null ? views.prepare(plain, at) : views.prepare(exact, at).catch(() => views.prepare(plain, at)));
      const result = await statement.stream();
      if (result !== null) await query.onResult(asShown(result, query.sql));
      statement.close();
    }
  } finally {
    duck.close();
  }
}

/** A SELECT of someone who may read the tables of a database, and nothing else. */
interface Select<T extends NamedTable> extends Omit<Query<T>, 'database'> {
  /** Whose tables `tables` are. */
  readonly database: string;
  readonly parameters: Parameters;
  /** Where the rows go as Parquet; null: they go to onResult. */
  readonly parquetTo: string | null;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Runs a SELECT over views of the tables, behind both locks: select-check.ts, and DuckDB's own before any file is opened.
 * @throws QueryRefused for anything else; with DuckDB's words for wrong SQL
 */
export async function runSelect<T extends NamedTable>(select: Select<T>): Promise<void> {
  const { database, parameters, parquetTo, signal, sql } = select;
  const placed = placeTables(select.tables);
  const schema = placed[0]?.schema ?? null;
  const duck = await openDuck(CATALOG, select.limits);
  const interrupt = (): void => duck.interrupt();
  try {
    signal.addEventListener('abort', interrupt);
    signal.throwIfAborted();
    let isLocked = false;
    const lock = async (files: readonly string[]): Promise<void> => {
      if (isLocked) return;
      isLocked = true;
      await duck.lock([...openedFor(files), ...(parquetTo === null ? [] : [parquetTo])]);
    };
    const views = new Views(duck, placed, select.load, lock);
    await views.make();
    if (schema !== null) await duck.run(`USE ${quoteName(CATALOG)}.${quoteName(schema)}`);
    const check = async (text: string): Promise<void> => {
      const { problem, statements } = await serialize(duck, text);
      checkSelect(statements, problem, { views: placed.map(({ view }) => view), schema: schema ?? database, catalog: CATALOG });
    };
    await check(sql);
    const text = parquetTo === null ? await exactOf(duck, sql, check) : copyOf(sql, parquetTo);
    const plain = await duck.statements(parquetTo === null ? sql : text);
    const statement = await (text === sql || parquetTo !== null ? views.prepare(plain, 0)
      : duck.statements(text).then((exact) => views.prepare(exact, 0)).catch(() => views.prepare(plain, 0)));
    await lock([]);
    signal.throwIfAborted();
    statement.bind(parameters);
    const result = await statement.stream();
    if (result !== null && parquetTo === null) await select.onResult(asShown(result, sql));
    statement.close();
  } finally {
    signal.removeEventListener('abort', interrupt);
    duck.close();
  }
}

/** A SELECT with the nanoseconds of the times that it shows, or as it was. */
async function exactOf(duck: Duck, sql: string, check: (text: string) => Promise<void>): Promise<string> {
  const text = await withNanoseconds(duck, sql);
  if (text === null) return sql;
  return check(text).then(() => text, () => sql);
}

/** @param sql a SELECT by itself, so that it stays one between brackets */
export function copyOf(sql: string, path: string): string {
  return `COPY (${sql.replace(/[;\s]+$/, '')}\n) TO ${quoteText(path)} (FORMAT parquet)`;
}

/** The statements with the nanoseconds of the times that they show, or null. What then cannot be bound is run as it was written. */
async function withExactTimes(duck: Duck, sql: string, count: number): Promise<Statements | null> {
  const text = await withNanoseconds(duck, sql);
  const statements = text === null ? null : await duck.statements(text).catch(() => null);
  return statements?.count === count ? statements : null;
}

/**
 * The views. Each begins over a stand-in without rows, which notes when a statement that names it is bound, whatever way
 * it is named (`query_table('cli' || 'mate')`, another view, a macro): then its files are found. Rows of a stand-in are
 * an error, so no view is empty for want of its files.
 */
class Views<T extends NamedTable> {
  readonly #duck: Duck;
  readonly #placed: readonly PlacedTable<T>[];
  readonly #load: Query<T>['load'];
  readonly #beforeFiles: (files: readonly string[]) => Promise<void>;
  readonly #bound = new Set<number>();

  /** @param beforeFiles is told of files before they are opened for the first time by SQL */
  constructor(duck: Duck, placed: readonly PlacedTable<T>[], load: Query<T>['load'], beforeFiles: (files: readonly string[]) => Promise<void> = async () => undefined) {
    this.#duck = duck;
    this.#placed = placed;
    this.#load = load;
    this.#beforeFiles = beforeFiles;
  }

  async make(): Promise<void> {
    this.#duck.standIn({
      name: STAND_IN,
      columnsOf: (at) => viewColumns(this.#placed[at]!.table),
      onBound: (at) => this.#bound.add(at),
    });
    await this.#duck.run('BEGIN');
    for (const name of new Set(this.#placed.map((table) => table.schema))) await this.#duck.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(name)}`);
    for (let from = 0; from < this.#placed.length; from += VIEWS_AT_ONCE) {
      await this.#duck.run(this.#placed.slice(from, from + VIEWS_AT_ONCE).map((each, at) => standInStatement(each, from + at)).join(';'));
    }
    await this.#duck.run('COMMIT');
  }

  /** A statement with the files of all tables that it names. @throws with DuckDB's words */
  async prepare(statements: Statements, at: number): Promise<Statement> {
    for (const before = new Set<number>(); ;) {
      this.#bound.clear();
      const statement = await statements.prepare(at);
      if (this.#bound.size === 0) return statement;
      statement.close();
      const wanted = [...this.#bound];
      // What was loaded is bound to its files from then on.
      if (wanted.every((number) => before.has(number))) throw new Error('the files of the statement\'s tables were found, and it does not read them');
      wanted.forEach((number) => before.add(number));
      await this.#replace(wanted);
    }
  }

  async #replace(bound: readonly number[]): Promise<void> {
    const wanted = bound.map((at) => this.#placed[at]!);
    const loaded = await this.#load(wanted.map(({ table }) => table));
    await this.#beforeFiles(loaded.flatMap(({ files }) => files));
    for (const place of wanted) {
      const { database, measurement } = place.table;
      const table = loaded.find((each) => each.database === database && each.measurement === measurement);
      if (table === undefined) throw new Error(`table ${measurement} of database ${database} was dropped meanwhile`);
      await this.#duck.run(viewStatement(place, await readable(table)));
    }
  }
}

/** A table with all that must be known to read its files. @throws when one cannot be read */
export async function readable<T extends Omit<ReadableTable, 'lineBytes'>>(table: T): Promise<T & ReadableTable> {
  return { ...table, lineBytes: await longestLine(systemDisk, table.files.filter(isPlainFile)) };
}

function defaultSchema<T extends NamedTable>(query: Query<T>, placed: readonly PlacedTable<T>[]): string | null {
  const schemas = new Map(placed.map(({ table, schema }) => [table.database, schema]));
  if (query.database === null) return schemas.size === 1 ? ([...schemas.values()][0] ?? null) : null;
  const schema = schemas.get(query.database);
  if (schema === undefined) throw new Error(`there is no table in a database ${JSON.stringify(query.database)}`);
  return schema;
}
