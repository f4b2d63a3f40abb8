/**
 * A server beside which another writer works, in tables of one database. Each of its operations is done to two: to a
 * victim, which is written to all the time, and to a quiet table, which is not; the bystander must not notice.
 * Faults are collected, not thrown, so that one run tells all that is wrong.
 */
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { flush, healthOf, SET_ASIDE_CODE, tableFolder, writeRows } from './doors.js';
import { differences, makeRow, TableLedger } from './ledger.js';
import { titleOf, type Operation } from './operations.js';
import type { ForeignWriter } from './writer.js';

const BATCH_ROWS = 4;

/** An operation and its tables. */
export class Change {
  readonly operation: Operation;
  readonly victim: TableLedger;
  readonly quiet: TableLedger;
  /** The other writer has come. */
  isDone = false;
  /** It has undone what it did: the table must be writable again. */
  isTakenBack = false;
  /** The victim was set aside at the last flush. */
  isAside = false;

  constructor(operation: Operation, at: number) {
    const [victim, quiet] = [`victim_${at}`, `quiet_${at}`];
    this.operation = operation;
    this.victim = new TableLedger(victim, `${victim} (${titleOf(operation)})`);
    this.quiet = new TableLedger(quiet, `${quiet} (${titleOf(operation)})`);
  }

  get outcome(): Operation['outcome'] {
    return this.isDone && !this.isTakenBack ? this.operation.outcome : 'writable';
  }
}

export class Scene {
  readonly changes: readonly Change[];
  readonly bystander = new TableLedger('bystander');
  readonly foreign: ForeignWriter;
  readonly dataDir = makeDataDir();
  /** The number of the row written last. */
  rowsMade = 0;
  readonly #env: Record<string, string>;
  readonly #faults = new Set<string>();
  #server!: TestServer;

  /** @param env of the server */
  constructor(operations: readonly Operation[], foreign: ForeignWriter, env: Record<string, string>) {
    this.changes = operations.map((operation, at) => new Change(operation, at));
    this.foreign = foreign;
    this.#env = env;
  }

  get victims(): readonly TableLedger[] {
    return this.changes.map(({ victim }) => victim);
  }

  get tables(): readonly TableLedger[] {
    return [...this.changes.flatMap(({ victim, quiet }) => [victim, quiet]), this.bystander];
  }

  get url(): string {
    return this.#server.url;
  }

  get faults(): readonly string[] {
    return [...this.#faults];
  }

  fault(...sentences: readonly string[]): void {
    for (const sentence of sentences) this.#faults.add(sentence);
  }

  async start(): Promise<void> {
    this.#server = await TestServer.start(this.dataDir, ['--without-auth'], this.#env);
  }

  async kill(): Promise<void> {
    await this.#server.kill();
  }

  close(): void {
    removeDataDir(this.dataDir);
  }

  /** The operation a table belongs to; undefined for the bystander. */
  changeOf(table: TableLedger): Change | undefined {
    return this.changes.find(({ victim, quiet }) => table === victim || table === quiet);
  }

  /** Two commits in each table, and rows in the log alone but for the quiet ones. */
  async begin(): Promise<void> {
    for (let commits = 0; commits < 2; commits += 1) {
      await this.write(this.tables);
      const { code, stderr } = await flush(this.dataDir);
      if (code !== 0) throw new Error(`the first flush failed: ${stderr}`);
      for (const table of this.tables) table.flushed();
    }
    await this.write();
  }

  /** The other writer does its operations. What they leave of the rows in files is what is stored from here on. */
  async change(): Promise<void> {
    for (const change of this.changes) {
      await this.act(change, change.operation.acts, change.operation.leaves);
      change.isDone = true;
    }
  }

  /** The other writer does acts to both tables of a change. @throws Error when they do not do what the test thinks they do */
  async act({ victim, quiet }: Change, acts: readonly string[], leaves: Operation['leaves']): Promise<void> {
    for (const table of [victim, quiet]) {
      const folder = tableFolder(this.dataDir, table.name);
      for (const act of acts) await this.foreign.act(act, folder);
      if (leaves !== undefined) table.stored = [...leaves(table.stored)];
      const wrong = differences(`the operation itself, on ${table.label}`, (await this.foreign.read(folder)).rows, table.stored);
      if (wrong.length > 0) throw new Error(wrong.join('; '));
    }
  }

  /** Writes rows of the next numbers, the same to each table, to all but the quiet ones unless said. */
  async write(tables: readonly TableLedger[] = [...this.victims, this.bystander]): Promise<void> {
    const numbers = Array.from({ length: BATCH_ROWS }, (_, i) => this.rowsMade + i + 1);
    this.rowsMade += BATCH_ROWS;
    for (const table of tables) {
      const change = this.changeOf(table);
      const rows = numbers.map((n) => makeRow(n, change?.isDone === true && change.operation.writesLater === true));
      const { status, codes, body } = await writeRows(this.url, table.name, rows);
      const isRefused = status === 400 && codes.length === rows.length && codes.every((code) => code === SET_ASIDE_CODE);
      if (status === 204) table.unflushed.push(...rows);
      else if (isRefused && change !== undefined && change.outcome !== 'writable') table.refused.push(...rows);
      else this.fault(`a write to ${table.label} was answered ${status}: ${body}`);
    }
  }

  /** Flushes, and looks which tables are set aside, as they must or may be. Rows of a flush that fails stay unflushed. */
  async flush(): Promise<void> {
    const { code, stderr } = await flush(this.dataDir);
    this.bystander.flushed();
    for (const change of this.changes) await this.#flushed(change, code === 0);
    const isExplained = this.changes.some(({ isAside, victim: { name } }) => isAside && new RegExp(`\\b${name}\\b`).test(stderr));
    if (code !== 0 && !isExplained) this.fault(`flush ended with ${code}: ${stderr.trim()}`);
  }

  async #flushed(change: Change, isComplete: boolean): Promise<void> {
    const { outcome, victim } = change;
    const health = await healthOf(this.url, victim.name);
    const wasAside = change.isAside;
    change.isAside = health.length > 0 && outcome !== 'writable';
    if (change.isAside) return;
    if (isComplete) victim.flushed();
    if (wasAside && !change.isTakenBack) this.fault(`${victim.label} was set aside and is not any more`);
    if (outcome === 'refused') this.fault(`${victim.label} must be set aside, and /health does not name it`);
    else if (health.length > 0) this.fault(`/health names ${victim.label}, which must be writable: ${health.join('; ')}`);
  }
}
