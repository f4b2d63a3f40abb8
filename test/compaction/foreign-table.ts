/** A table of ours into which another writer puts files: Parquet by DuckDB, and commits by hand as delta-rs would write them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Engine } from '../../src/engine.js';
import { quoteText } from '../../src/query/duckdb.js';
import { tableOf } from '../../src/query/found-tables.js';
import { placeTables, viewStatement } from '../../src/query/views.js';

interface Added {
  readonly path: string;
}

/** Bounds that a file states of a column. */
type Bounds = Readonly<Record<string, string | number>>;

export class ForeignTable {
  readonly folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #files = 0;

  private constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.folder = folder;
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(folder: string): Promise<ForeignTable> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new ForeignTable(folder, instance, connection);
  }

  close(): void {
    this.#instance.closeSync();
  }

  live(): string[] {
    return livePaths(this.folder);
  }

  /** Whether the newest commit says that rows changed. */
  lastChanges(): boolean {
    return readFileSync(join(this.#log, this.#commits().at(-1)!), 'utf8').includes('"dataChange":true');
  }

  /**
   * Commits the rows of a statement as a file, in the place of others. @param options how DuckDB writes it
   * @param tellsTimes whether its statistics state times @param addedMs since 1970, as it says
   */
  async commit(sql: string, { addedMs = 0, options = '', removes = [] as readonly string[], tellsTimes = true } = {}): Promise<string> {
    this.#files += 1;
    const path = `part-${String(this.#files).padStart(5, '0')}-c000.parquet`;
    const file = join(this.folder, path);
    await this.#connection.run(`COPY (${sql}) TO ${quoteText(file)} (FORMAT parquet${options === '' ? '' : `, ${options}`})`);
    const bounds = await this.#bounds(file, tellsTimes);
    const add = { path, partitionValues: {}, size: readFileSync(file).length, modificationTime: addedMs, dataChange: removes.length === 0, stats: JSON.stringify(bounds) };
    const actions = [
      { commitInfo: { timestamp: 0, operation: removes.length === 0 ? 'WRITE' : 'OPTIMIZE', operationParameters: {}, engineInfo: 'another' } },
      ...removes.map((removed) => ({ remove: { path: removed, dataChange: false, deletionTimestamp: 1 } })), { add },
    ];
    const version = Number(this.#commits().at(-1)!.slice(0, 20)) + 1;
    writeFileSync(join(this.#log, `${String(version).padStart(20, '0')}.json`), `${actions.map((action) => JSON.stringify(action)).join('\n')}\n`, { flag: 'wx' });
    return path;
  }

  /** Reads files as `files`, whoever wrote them. */
  relation(paths: readonly string[]): string {
    return `read_parquet([${paths.map((path) => quoteText(join(this.folder, path))).join(', ')}], union_by_name = true)`;
  }

  /** All points as sluice shows them, by the view that a query of it gets. */
  async points(engine: Engine): Promise<string[]> {
    const [database, measurement] = this.folder.split('/').slice(-2) as [string, string];
    const { failed, tables: [found] } = await engine.control.run('tables-to-read', { tables: [{ database, measurement }], query: 'query-1-1' });
    assert.deepEqual(failed, []);
    const table = tableOf(found!);
    const [placed] = placeTables([table]);
    await this.#connection.run(`CREATE SCHEMA IF NOT EXISTS ${database}`);
    await this.#connection.run(viewStatement(placed!, { ...table, lineBytes: 0 }));
    return this.rows(`SELECT * REPLACE (epoch_us(time) AS time) FROM ${database}.${measurement}`);
  }

  /** Rows of a statement as JSON texts, sorted. */
  async rows(sql: string): Promise<string[]> {
    const read = await this.#connection.runAndReadAll(sql);
    return read.getRowsJson().map((row) => JSON.stringify(row)).sort();
  }

  async #bounds(file: string, tellsTimes: boolean): Promise<{ numRecords: number; minValues: Bounds; maxValues: Bounds; nullCount: Bounds }> {
    const columns = (await this.#connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quoteText(file)})`)).getRows().map(([name]) => String(name));
    const seq = columns.includes('sluice_seq') ? 'max(sluice_seq)' : 'NULL';
    // As Spark does, cut off behind the millisecond.
    const sql = `SELECT count(*), epoch_ms(min(time)), epoch_ms(max(time)), ${seq} FROM read_parquet(${quoteText(file)})`;
    const [rows, first, last, highest] = (await this.#connection.runAndReadAll(sql)).getRows()[0]!;
    const bound = (time: unknown, more: Bounds): Bounds => ({ ...(tellsTimes ? { time: new Date(Number(time)).toISOString() } : {}), ...more });
    return {
      numRecords: Number(rows), nullCount: {}, minValues: bound(first, {}), maxValues: bound(last, highest === null ? {} : { sluice_seq: Number(highest) }),
    };
  }

  get #log(): string {
    return join(this.folder, '_delta_log');
  }

  #commits(): string[] {
    return commitsIn(this.#log);
  }
}

/** Paths of the live files of a table, in the order in which they were added. Checkpoints are not looked at. */
export function livePaths(folder: string): string[] {
  const log = join(folder, '_delta_log');
  const live = new Set<string>();
  for (const line of commitsIn(log).flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n')).filter((text) => text !== '')) {
    const { add, remove } = JSON.parse(line) as { add?: Added; remove?: Added };
    if (remove) live.delete(remove.path);
    if (add) live.add(add.path);
  }
  return [...live];
}

function commitsIn(log: string): string[] {
  return readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name)).sort();
}
