/** DuckDB, the only door to it: one in-memory instance a command. */
import {
  BIGINT, BOOLEAN, DECIMAL, DOUBLE, DuckDBArrayValue, DuckDBDecimalValue, DuckDBInstance, DuckDBListValue, DuckDBMapValue, DuckDBStructValue,
  DuckDBTableFunction, DuckDBTimestampTZValue, DuckDBTimestampValue, INTEGER, ResultReturnType, StatementType, TIMESTAMPTZ, VARCHAR,
  type DuckDBConnection, type DuckDBExtractedStatements, type DuckDBPreparedStatement, type DuckDBResult, type DuckDBType, type DuckDBValue,
} from '@duckdb/node-api';

/** A number that JavaScript's own do not hold: its digits. */
interface ExactNumber {
  readonly digits: string;
}

/** A value of a result, free of DuckDB. Times are RFC 3339 text with microseconds, in UTC; those without a zone (TIMESTAMP) have no Z, for nobody knows of which they are. */
export type Cell = null | boolean | number | string | ExactNumber | readonly Cell[] | ReadonlyMap<string, Cell>;

/** A result as it streams: chunks of rows. Who stops reading leaves the rest uncomputed. */
export interface RowStream {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** What a database may take of the machine; without it DuckDB's own measures hold. */
export interface DuckLimits {
  readonly memoryBytesMax: number;
  /** Where what does not fit into memory goes. */
  readonly spillFolder: string;
  readonly spillBytesMax: number;
}

/** What stands for `$name` or `$1` in a statement. */
export type Parameters = Readonly<Record<string, null | boolean | number | string>>;

/** A statement whose names are found and whose types are known. */
export interface Statement {
  /** Says what stands for its parameters. @throws with a sentence when one is missing, or is none of its */
  bind(parameters: Parameters): void;
  /** Runs it. @returns its rows, or null for one that has none @throws with DuckDB's words, also while rows are read */
  stream(): Promise<RowStream | null>;
  close(): void;
}

/** The statements of a text. */
export interface Statements {
  readonly count: number;
  /** @throws with DuckDB's words */
  prepare(at: number): Promise<Statement>;
}

/** SQL types that a stand-in's columns may have. */
export type SqlType = keyof typeof TYPES;
const TYPES = {
  'TIMESTAMPTZ': TIMESTAMPTZ, 'VARCHAR': VARCHAR, 'DOUBLE': DOUBLE, 'BIGINT': BIGINT, 'DECIMAL(20,0)': DECIMAL(20, 0), 'BOOLEAN': BOOLEAN, 'INTEGER': INTEGER,
} as const satisfies Record<string, DuckDBType>;

/** A table function without rows: whatever names it is noted, and whoever reads it fails. */
interface StandIn {
  readonly name: string;
  /** Of the table with this number. */
  readonly columnsOf: (table: number) => readonly (readonly [name: string, type: SqlType])[];
  /** A statement that names the table was bound. */
  readonly onBound: (table: number) => void;
}

/** An open database. */
export interface Duck {
  /** Runs a statement for its effect. @throws with DuckDB's words */
  run(sql: string): Promise<void>;
  /** Runs a statement and streams its rows. @throws with DuckDB's words, also while rows are read */
  stream(sql: string): Promise<RowStream>;
  /** Reads a text of statements. @throws with DuckDB's words */
  statements(sql: string): Promise<Statements>;
  standIn(standIn: StandIn): void;
  /** From here on nothing is opened but these files, nothing is loaded, and no setting changes. Paths as they are and as patterns that mean them. */
  lock(paths: readonly string[]): Promise<void>;
  /** Ends the statement that runs. */
  interrupt(): void;
  close(): void;
}

/** Opens a database in memory whose clock is UTC and whose only catalog is `catalog`. */
export async function openDuck(catalog: string, limits: DuckLimits | null = null): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', limits === null ? {} : settingsOf(limits));
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('SET parquet_metadata_cache = true');
  await connection.run(`ATTACH ':memory:' AS ${quoteName(catalog)}`);
  await connection.run(`USE ${quoteName(catalog)}`);
  await connection.run('DETACH memory');
  return {
    run: async (sql) => {
      await connection.run(sql);
    },
    stream: async (sql) => (await streamed(connection, () => connection.stream(sql)))!,
    statements: (sql) => statementsOf(connection, sql),
    standIn: (standIn) => connection.registerTableFunction(tableFunctionOf(standIn)),
    lock: async (paths) => {
      await connection.run(`SET allowed_paths = [${paths.map(quoteText).join(', ')}]`);
      for (const setting of LOCKS) await connection.run(`SET ${setting}`);
    },
    interrupt: () => connection.interrupt(),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** In this order: behind the last no other can be set. */
const LOCKS = [
  'enable_external_access = false', 'autoinstall_known_extensions = false', 'autoload_known_extensions = false',
  'allow_community_extensions = false', 'lock_configuration = true',
];

function settingsOf({ memoryBytesMax, spillBytesMax, spillFolder }: DuckLimits): Record<string, string> {
  return { memory_limit: `${memoryBytesMax}B`, temp_directory: spillFolder, max_temp_directory_size: `${spillBytesMax}B` };
}

/** What the binding puts before DuckDB's own words. */
const BINDING_WORDS = /^Failed to extract statements: /;
/** What the binding says of a text without statements, of which DuckDB says nothing. */
const NOTHING_SAID = 'Error in native callback';

async function statementsOf(connection: DuckDBConnection, sql: string): Promise<Statements> {
  const extract = (): Promise<DuckDBExtractedStatements> => connection.extractStatements(sql).catch((error: Error) => {
    throw new Error(error.message === NOTHING_SAID ? 'there is no statement in the SQL' : error.message.replace(BINDING_WORDS, ''));
  });
  let extracted = await extract();
  const prepared = new Set<number>();
  /** By a statement of the text. */
  let isInTransaction = false;
  return {
    count: extracted.count,
    prepare: async (at) => {
      // An extracted statement can be prepared once. Those of one PIVOT name a type that is called anew by each extraction:
      // as far as can be they are of one.
      if (prepared.has(at)) {
        extracted = await extract();
        prepared.clear();
      }
      prepared.add(at);
      const statement = await extracted.prepare(at);
      return {
        bind: (parameters) => bindTo(statement, parameters),
        stream: async () => {
          const type = statement.statementType;
          if (type === StatementType.SELECT || type === StatementType.EXECUTE) return streamed(connection, () => statement.stream(), !isInTransaction);
          const result = await statement.stream();
          if (type === StatementType.TRANSACTION) isInTransaction = !isInTransaction;
          return result.returnType === ResultReturnType.QUERY_RESULT ? rowsOf(result, async () => undefined) : null;
        },
        close: () => statement.destroySync(),
      };
    },
  };
}

/** Whole numbers as such: a float in their place would make `LIMIT $n` an error. */
function bindTo(statement: DuckDBPreparedStatement, parameters: Parameters): void {
  const wanted = Array.from({ length: statement.parameterCount }, (_, at) => statement.parameterName(at + 1));
  const missing = wanted.find((name) => !Object.hasOwn(parameters, name));
  if (missing !== undefined) throw new Error(`the statement has a parameter $${missing}, which is not among those given`);
  wanted.forEach((name, at) => {
    const value = parameters[name]!;
    if (value === null) statement.bindNull(at + 1);
    else if (typeof value === 'boolean') statement.bindBoolean(at + 1, value);
    else if (typeof value === 'string') statement.bindVarchar(at + 1, value);
    else if (Number.isSafeInteger(value)) statement.bindBigInt(at + 1, BigInt(value));
    else statement.bindDouble(at + 1, value);
  });
}

function tableFunctionOf({ name, columnsOf, onBound }: StandIn): DuckDBTableFunction {
  return DuckDBTableFunction.create({
    name,
    parameterTypes: [INTEGER],
    bindFunction: (info) => {
      const table = Number(info.getParameter(0));
      onBound(table);
      for (const [column, type] of columnsOf(table)) info.addResultColumn(column, TYPES[type]);
    },
    initFunction: (info) => info.setError('the rows of a table were asked for before they were there'),
    mainFunction: (info) => info.setError('a stand-in has no rows'),
  });
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The rows of a query, in a transaction of its own. The binding ends a result without a word where a file cannot be read
 * any further; DuckDB's transaction knows, and is asked at the end.
 * @param isOwn false: the SQL itself has begun one
 * @returns null for a statement that has no rows
 */
async function streamed(connection: DuckDBConnection, start: () => Promise<DuckDBResult>, isOwn = true): Promise<RowStream | null> {
  if (isOwn) await connection.run('BEGIN');
  const end = async (how: 'COMMIT' | 'ROLLBACK'): Promise<void> => void (isOwn && await connection.run(how));
  try {
    const result = await start();
    if (result.returnType !== ResultReturnType.QUERY_RESULT) {
      await end('COMMIT');
      return null;
    }
    return rowsOf(result, async (isWhole) => {
      if (!isWhole) {
        connection.interrupt();
        return end('ROLLBACK');
      }
      await connection.run('SELECT 1').catch(async (error: Error) => {
        await end('ROLLBACK');
        throw new Error('a file could not be read to its end, so that this is not all of the result', { cause: error });
      });
      return end('COMMIT');
    });
  } catch (error) {
    await end('ROLLBACK');
    throw error;
  }
}

/** @param onEnd is told when reading ends, and whether all was read; what it throws ends the rows */
function rowsOf(result: DuckDBResult, onEnd: (isWhole: boolean) => Promise<void>): RowStream {
  async function* rows(): AsyncGenerator<Cell[][]> {
    let isWhole = false;
    try {
      for await (const chunk of result) yield chunk.getRows().map((row) => row.map(cellOf));
      isWhole = true;
    } finally {
      await onEnd(isWhole);
    }
  }
  return { columns: result.columnNames(), rows: rows() };
}

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { digits: String(value) };
  if (value instanceof DuckDBDecimalValue) return { digits: value.toString() };
  if (value instanceof DuckDBTimestampTZValue) return timeText(value, 'Z');
  if (value instanceof DuckDBTimestampValue) return timeText(value, '');
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cellOf);
  if (value instanceof DuckDBStructValue) {
    return new Map(Object.entries(value.entries).map(([name, member]) => [name, cellOf(member)]));
  }
  if (value instanceof DuckDBMapValue) {
    return new Map(value.entries.map(({ key, value: member }) => [String(key), cellOf(member)]));
  }
  return String(value);
}

/** Years that four digits do not hold, and infinities, are said in DuckDB's words. */
function timeText(value: DuckDBTimestampTZValue | DuckDBTimestampValue, zone: string): string {
  const year0 = -62_167_219_200_000_000n;
  const year10000 = 253_402_300_800_000_000n;
  if (value.micros < year0 || value.micros >= year10000) return value.toString();
  const microsOfSecond = ((value.micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((value.micros - microsOfSecond) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(microsOfSecond).padStart(6, '0')}${zone}`;
}
