/** A server on a damaged data folder, for as long as it lives: what it takes, shows and says. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { askServer } from '../../src/control/client.js';
import type { ArgsOf, CommandName, ResultOf, TableListing } from '../../src/control/commands.js';
import { dataPaths } from '../../src/names.js';
import { writeResult } from '../../src/query/format.js';
import { runQuery } from '../../src/query/run-query.js';
import { post, writePath } from '../e2e/client.js';
import { PROGRAM, TestServer } from '../e2e/server.js';
import { SERVER_ARGS } from './corruption-folder.js';
import { lineOf, selectOf, SLOW, TABLES, type ShownRow, type TableName } from './corruption-rows.js';

export interface Health {
  readonly isWell: boolean;
  readonly sentences: readonly string[];
}

/** What a query over all tables shows. */
export interface Shown {
  readonly rows: readonly ShownRow[];
  /** Tables that nobody made. */
  readonly strangers: readonly string[];
  /** Table → why it cannot be read. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Why rows could not be moved into files, so that `sluice query` gives nothing at all; null when they could. */
  readonly blocked: string | null;
}

const RETRY_MS_MAX = 8_000;
const RETRY_PAUSE_MS = 100;
const COMMAND_MS_MAX = 30_000;
/** The thread that compacts lets whatever else wants the core go first. */
const COMPACT_MS_MAX = 600_000;

/** Runs the command line without holding up other cases. */
export function command(args: readonly string[]): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_MS_MAX, killSignal: 'SIGKILL' });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return Promise.all([text(child.stdout), text(child.stderr), ended]).then(([stdout, stderr, code]) => ({ stdout, stderr, code }));
}

export class Life {
  readonly server: TestServer;
  /** null: none is asked for, or known. */
  token: string | null = null;

  private constructor(server: TestServer) {
    this.server = server;
  }

  /** @throws Error with all that the server said when it does not start */
  static async start(dataDir: string, withAuth: boolean): Promise<Life> {
    return new Life(await TestServer.start(dataDir, [...(withAuth ? [] : ['--without-auth']), ...SERVER_ARGS]));
  }

  get dataDir(): string {
    return this.server.dataDir;
  }

  async health(): Promise<Health> {
    const { status, message, checks } = await (await fetch(`${this.server.url}/health`)).json() as { status: string; message: string; checks: { message: string }[] };
    const sentences = [...(status === 'pass' ? [] : [message]), ...checks.map((check) => check.message)];
    return { isWell: sentences.length === 0, sentences };
  }

  /** Writes rows in one body; the status of the answer. What is 503 is sent again for a while, as clients do. */
  async write(table: TableName, ids: readonly number[], token = this.token): Promise<number> {
    const body = Buffer.from(ids.map((id) => lineOf(id, table)).join('\n'));
    const headers: Record<string, string> = token === null ? {} : { Authorization: `Token ${token}` };
    for (const until = Date.now() + RETRY_MS_MAX; ;) {
      const { status } = await post(this.server.url, writePath('/write', table.database, 'ns'), body, { headers });
      if (status !== 503 || Date.now() > until) return status;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }

  /** Asks over the control socket. @throws Error with the server's sentence, or when no answer comes */
  async ask<C extends CommandName>(name: C, args: ArgsOf<C>, answerMsMax = COMMAND_MS_MAX): Promise<ResultOf<C>> {
    let late: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(`no answer to ${name} within ${answerMsMax} ms`)), answerMsMax);
    });
    try {
      const answer = await Promise.race([askServer(dataPaths(this.dataDir).socket, name, args), silence]);
      if (answer === null) throw new Error(`nobody listens for ${name}`);
      return answer;
    } finally {
      clearTimeout(late);
    }
  }

  /** What is done to its tables in the course of days, at once: compaction. (Deletes by predicate have their place here.) */
  async goOn(): Promise<void> {
    await this.ask('compact', { database: null }, COMPACT_MS_MAX);
  }

  /**
   * What `sluice query` does and shows, in this process where it is quick.
   * @param leftOut a data file that is not read: where it cannot be read, the others of its table are to be seen
   */
  async shown(leftOut?: string): Promise<Shown> {
    const refusal = await this.ask('flush', { database: null }).then(() => null, (error: Error) => error.message);
    const complaint = refusal === null ? null : await this.complaint(selectOf(SLOW));
    const blocked = complaint === null ? null : `${complaint.trim()} (flush: ${refusal})`;
    const listings = await this.ask('tables', { database: null });
    const unreadable = new Map<string, string>();
    for (const { database, measurement, problems } of listings) if (problems.length > 0) unreadable.set(`${database}.${measurement}`, problems.join('; '));
    const tables = listings.map((table) => ({ ...table, files: [...table.files, ...table.quarantined].filter((path) => path !== leftOut) }));
    const there = TABLES.filter((name) => tables.some(({ database, measurement }) => database === name.database && measurement === name.measurement));
    const known = new Set(TABLES.map(({ key }) => key));
    const strangers = listings.map(({ database, measurement }) => `${database}.${measurement}`).filter((key) => !known.has(key));
    const rows = await rowsOf(tables, there).catch(() => rowsOfEach(tables, there, unreadable));
    return { rows, strangers, unreadable, blocked };
  }

  /** What the command line complains of when it runs a query; null when it does not. */
  async complaint(sql: string): Promise<string | null> {
    const { code, stderr } = await this.#query(sql);
    return code === 0 ? null : stderr;
  }

  /** The only cell of a result, by the command line. */
  async cell(sql: string): Promise<string> {
    return (await this.#query(sql)).stdout.trim().split(/\r?\n/).at(-1)!;
  }

  #query(sql: string): ReturnType<typeof command> {
    return command(['query', '--data-dir', this.dataDir, '--format', 'csv', sql]);
  }
}

async function rowsOf(tables: readonly TableListing[], there: readonly TableName[]): Promise<ShownRow[]> {
  if (there.length === 0) return [];
  const lines: string[] = [];
  await runQuery({
    tables, database: null, sql: there.map(selectOf).join(' UNION ALL '), limits: null,
    load: async (named) => named.map((table) => ({ ...table, since: null, spans: new Map() })),
    onResult: (result) => writeResult(result, 'jsonl', async (piece) => void lines.push(piece)),
  });
  return lines.join('').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as ShownRow);
}

/** One table that cannot be read must not hide the others. */
async function rowsOfEach(tables: readonly TableListing[], there: readonly TableName[], unreadable: Map<string, string>): Promise<ShownRow[]> {
  const rows: ShownRow[] = [];
  for (const table of there) {
    try {
      rows.push(...(await rowsOf(tables, [table])));
    } catch (error) {
      unreadable.set(table.key, (error as Error).message);
    }
  }
  return rows;
}
