/** Makes the data folder that the corruption matrix damages: by the real server, ended by kill -9 or by a clean stop. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askServer } from '../../src/control/client.js';
import { encodeChecked } from '../../src/json.js';
import { dataPaths } from '../../src/names.js';
import { post, write } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { AGAIN, droppedLineOf, lineOf, LOADED, FLUSHED, SLOW, YOUNG, type TableName } from './corruption-rows.js';

/** How the server that wrote a folder ended. */
export type Ending = 'killed' | 'stopped';

/** A data folder that nobody has damaged yet, and what was acknowledged to those who filled it. */
export interface PristineFolder {
  readonly ending: Ending;
  readonly dataDir: string;
  /** Table by row number. */
  readonly acknowledged: ReadonlyMap<number, string>;
  /** Rows of the table that was dropped. */
  readonly dropped: ReadonlySet<number>;
  readonly adminToken: string;
  /** May write to the database `plant`. */
  readonly limitedToken: string;
  /** The text whose import was interrupted, and the rows that it holds. */
  readonly importPath: string;
  readonly importIds: readonly number[];
}

/** Smaller than the smallest that is allowed is not to be had. */
export const SERVER_ARGS = ['--log-segment-bytes', '64KiB', '--workers', '1', '--log-level', 'warn', '--maintenance-cpu', '25'] as const;
const APPEARS_MS_MAX = 60_000;
const ROUNDS = 5;
/** In the last rounds some tables are not flushed any more. */
const FLUSHED_ROUNDS = 3;
/** Behind this round the files of some tables are put together; they get another flush. */
const COMPACTED_ROUND = 2;
/** Longer ago than any row. */
const RETENTION_S = 36_500 * 86_400;
const ROWS_A_TABLE = 8;
const SLOW_ROWS = 100;
const IMPORT_ROWS = 20;

class Maker {
  readonly acknowledged = new Map<number, string>();
  readonly dropped = new Set<number>();
  readonly #dataDir: string;
  readonly #server: TestServer;
  #nextId = 1;
  #bodies = 0;

  constructor(dataDir: string, server: TestServer) {
    this.#dataDir = dataDir;
    this.#server = server;
  }

  take(count: number): number[] {
    return Array.from({ length: count }, () => this.#nextId++);
  }

  /** One body of rows of a table; every other one is packed. */
  async write(table: TableName, ids: readonly number[], toLine = lineOf): Promise<void> {
    const body = Buffer.from(ids.map((id) => toLine(id, table)).join('\n'));
    this.#bodies += 1;
    const gzip = table !== SLOW && this.#bodies % 2 === 0;
    const { status, body: answer } = await write(this.#server.url, table.database, body, { endpoint: '/write', gzip, chunked: false }, 'ns');
    assert.equal(status, 204, answer);
    for (const id of ids) this.acknowledged.set(id, table.key);
  }

  async flush(database: string): Promise<void> {
    await askServer(dataPaths(this.#dataDir).socket, 'flush', { database });
  }

  async compact(database: string): Promise<void> {
    const result = await askServer(dataPaths(this.#dataDir).socket, 'compact', { database });
    assert.deepEqual(result?.failed, []);
    // The server may have done some by itself.
    assert.ok(readdirSync(join(this.#dataDir, 'tables'), { recursive: true, encoding: 'utf8' }).some((name) => /-c\d+\.parquet$/.test(name)), 'nothing was put together');
  }

  async keepFor(database: string, retentionS: number): Promise<void> {
    await askServer(dataPaths(this.#dataDir).socket, 'database-update', { name: database, settings: { retentionS } });
  }

  /** A table of other types, flushed and dropped. */
  async dropOne(table: TableName): Promise<void> {
    const ids = this.take(ROWS_A_TABLE);
    await this.write(table, ids, droppedLineOf);
    await this.flush(table.database);
    const { status, body } = await post(this.#server.url, `/query?db=${table.database}&q=${encodeURIComponent(`DROP MEASUREMENT ${table.measurement}`)}`, Buffer.alloc(0));
    assert.ok(status === 200 && !body.includes('error'), body);
    for (const id of ids) {
      this.acknowledged.delete(id);
      this.dropped.add(id);
    }
  }

  async refuseOne(): Promise<void> {
    const { status } = await post(this.#server.url, '/write?db=plant', Buffer.from('engine,host=h1 id=text 1'));
    assert.equal(status, 400);
  }

  async round(round: number): Promise<void> {
    for (const table of FLUSHED) await this.write(table, this.take(ROWS_A_TABLE));
    if (round > 0) await this.write(AGAIN, this.take(ROWS_A_TABLE));
    for (let part = 0; part < 4; part += 1) await this.write(SLOW, this.take(SLOW_ROWS / 4));
    if (round < ROUNDS - 1) await this.flush('plant');
    if (round < FLUSHED_ROUNDS) for (const database of ['metrics/two_weeks', 'shop']) await this.flush(database);
    if (round === COMPACTED_ROUND) await this.compact('plant');
  }
}

/** Fills a new folder. @throws when a write is not answered as it should be */
export async function makeFolder(ending: Ending): Promise<PristineFolder> {
  const dataDir = makeDataDir();
  const importPath = join(dataDir, '..', 'import.lp');
  const server = await TestServer.start(dataDir, ['--without-auth', ...SERVER_ARGS]);
  const maker = new Maker(dataDir, server);
  const importIds = maker.take(IMPORT_ROWS);
  await interruptImport(dataDir, importPath, importIds.map((id) => lineOf(id, LOADED)));
  await maker.write(LOADED, importIds.slice(0, IMPORT_ROWS / 2));
  const limited = await askServer(dataPaths(dataDir).socket, 'token-create', {
    name: 'limited', lifeMs: null, rights: [{ databases: ['plant'], permissions: ['write'] }],
  });
  await maker.refuseOne();
  await maker.dropOne(AGAIN);
  for (let round = 0; round < ROUNDS; round += 1) {
    await maker.round(round);
    // The catalog is published about a second after a new segment: both snapshots shall be there, and young records behind them.
    if (round === 1) await appeared(dataPaths(dataDir).catalog);
    if (round === 2) await appeared(dataPaths(dataDir).catalogPrevious);
  }
  for (const database of ['plant', 'shop']) await maker.keepFor(database, RETENTION_S);
  await maker.write(YOUNG, maker.take(ROWS_A_TABLE));
  if (ending === 'killed') await server.kill();
  else assert.equal(await server.stop(), 0);
  const { acknowledged, dropped } = maker;
  return { ending, dataDir, acknowledged, dropped, importPath, importIds, adminToken: server.token, limitedToken: limited!.token };
}

/** Resolves when a file is there. @throws when it does not come in time */
async function appeared(path: string): Promise<void> {
  for (const until = Date.now() + APPEARS_MS_MAX; !existsSync(path); await new Promise((resolve) => setTimeout(resolve, 5))) {
    assert.ok(Date.now() < until, `${path} did not appear`);
  }
}

/** Leaves a file of progress as an import leaves it that was killed after half of its lines. */
async function interruptImport(dataDir: string, path: string, lines: readonly string[]): Promise<void> {
  writeFileSync(path, `${lines.join('\n')}\n`);
  const elsewhere = makeDataDir();
  try {
    mkdirSync(elsewhere);
    const { code } = sluice(['import', '--data-dir', elsewhere, '--database', LOADED.database, '--precision', 'ns', path, `${path}.missing`]);
    assert.equal(code, 1);
    const [name] = readdirSync(join(elsewhere, 'imports')).filter((file) => file.endsWith('.json'));
    const state = JSON.parse(readFileSync(join(elsewhere, 'imports', name!), 'utf8'));
    const half = lines.length / 2;
    const bytes = Buffer.byteLength(`${lines.slice(0, half).join('\n')}\n`);
    Object.assign(state.reached, { bytes, physicalLines: half, lines: half, isDone: false });
    const folder = dataPaths(dataDir).imports;
    mkdirSync(folder, { recursive: true });
    delete state.crc;
    writeFileSync(join(folder, name!), encodeChecked(state));
  } finally {
    removeDataDir(elsewhere);
  }
}
