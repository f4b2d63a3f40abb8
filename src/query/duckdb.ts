/** DuckDB, the only door to it: one in-memory instance a command. */
import {
  DuckDBArrayValue, DuckDBDecimalValue, DuckDBInstance, DuckDBListValue, DuckDBMapValue, DuckDBStructValue,
  DuckDBTimestampTZValue, DuckDBTimestampValue, type DuckDBConnection, type DuckDBValue,
} from '@duckdb/node-api';

/** A number that JavaScript's own do not hold: its digits. */
interface ExactNumber {
  readonly digits: string;
}

/** A value of a result, free of DuckDB. Times are RFC 3339 text with microseconds, in UTC. */
export type Cell = null | boolean | number | string | ExactNumber | readonly Cell[] | ReadonlyMap<string, Cell>;

/** A result as it streams: chunks of rows. */
export interface RowStream {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<readonly (readonly Cell[])[]>;
}

/** An open database. */
interface Duck {
  /** Runs a statement for its effect. @throws with DuckDB's words */
  run(sql: string): Promise<void>;
  /** Runs a statement and streams its rows. @throws with DuckDB's words, also while rows are read */
  stream(sql: string): Promise<RowStream>;
  close(): void;
}

/** Opens a database in memory whose clock is UTC and whose only catalog is `catalog`. */
export async function openDuck(catalog: string): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:');
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
    stream: (sql) => stream(connection, sql),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function stream(connection: DuckDBConnection, sql: string): Promise<RowStream> {
  const result = await connection.stream(sql);
  async function* rows(): AsyncGenerator<Cell[][]> {
    for await (const chunk of result) yield chunk.getRows().map((row) => row.map(cellOf));
  }
  return { columns: result.columnNames(), rows: rows() };
}

function cellOf(value: DuckDBValue): Cell {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { digits: String(value) };
  if (value instanceof DuckDBDecimalValue) return { digits: value.toString() };
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return timeText(value);
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
function timeText(value: DuckDBTimestampTZValue | DuckDBTimestampValue): string {
  const year0 = -62_167_219_200_000_000n;
  const year10000 = 253_402_300_800_000_000n;
  if (value.micros < year0 || value.micros >= year10000) return value.toString();
  const microsOfSecond = ((value.micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((value.micros - microsOfSecond) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(microsOfSecond).padStart(6, '0')}Z`;
}
