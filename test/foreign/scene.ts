/**
 * A server beside which another writer works. Three tables of one database: the other writer changes `victim`, which is
 * written to all the time, and `quiet`, which is not; `bystander` must not notice.
 * Faults are collected, not thrown, so that one run tells all that is wrong.
 */
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import {
  flush, healthOf, keptLines, listTables, quarantineFolder, queryTables, SET_ASIDE_CODE, tableFolder, writeAgain, writeRows, type Shown,
} from './doors.js';
import { differences, makeRow, TableLedger, without, type Row } from './ledger.js';
import type { Operation } from './operations.js';
import type { ForeignWriter, Reading } from './writer.js';

const WAIT_MS_MAX = 8_000;
const LOOK_AGAIN_MS = 100;
const BATCH_ROWS = 4;

export class Scene {
  readonly victim = new TableLedger('victim');
  readonly quiet = new TableLedger('quiet');
  readonly bystander = new TableLedger('bystander');
  readonly #faults = new Set<string>();
  /** The other writer has undone what it did: the table must be writable again. */
  isTakenBack = false;
  readonly #operation: Operation;
  readonly #foreign: ForeignWriter;
  readonly #env: Record<string, string>;
  readonly #dataDir = makeDataDir();
  #server!: TestServer;
  #rowsMade = 0;
  #isChanged = false;

  /** @param env of the server */
  constructor(operation: Operation, foreign: ForeignWriter, env: Record<string, string>) {
    this.#operation = operation;
    this.#foreign = foreign;
    this.#env = env;
  }

  get #all(): readonly TableLedger[] {
    return [this.victim, this.quiet, this.bystander];
  }

  async start(): Promise<void> {
    this.#server = await TestServer.start(this.#dataDir, ['--without-auth'], this.#env);
  }

  async kill(): Promise<void> {
    await this.#server.kill();
  }

  close(): void {
    removeDataDir(this.#dataDir);
  }

  get faults(): readonly string[] {
    return [...this.#faults];
  }

  fault(...sentences: readonly string[]): void {
    for (const sentence of sentences) this.#faults.add(sentence);
  }

  /** Two commits in each table, and rows in the log alone but for `quiet`. */
  async begin(): Promise<void> {
    for (let commits = 0; commits < 2; commits += 1) {
      await this.write(this.#all);
      const { code, stderr } = await flush(this.#dataDir);
      if (code !== 0) throw new Error(`the first flush failed: ${stderr}`);
      for (const table of this.#all) table.flushed();
    }
    await this.write();
  }

  /** The other writer does its acts. What they leave of the rows in files is what is stored from here on. */
  async change(acts: readonly string[], leaves: Operation['leaves']): Promise<void> {
    for (const table of [this.victim, this.quiet]) {
      for (const act of acts) await this.#foreign.act(act, tableFolder(this.#dataDir, table.name));
      if (leaves !== undefined) table.stored = [...leaves(table.stored)];
      const { rows } = await this.#foreign.read(tableFolder(this.#dataDir, table.name));
      const wrong = differences('the operation itself', rows, table.stored);
      if (wrong.length > 0) throw new Error(wrong.join('; '));
    }
    this.#isChanged = true;
  }

  /** The other writer does one act to one table; what it leaves is the caller's affair. */
  async actOn(table: TableLedger, act: string): Promise<void> {
    await this.#foreign.act(act, tableFolder(this.#dataDir, table.name));
  }

  /** Writes rows of the next numbers, the same to each table. */
  async write(tables: readonly TableLedger[] = [this.victim, this.bystander]): Promise<void> {
    const withLater = this.#isChanged && this.#operation.writesLater === true;
    const rows = Array.from({ length: BATCH_ROWS }, (_, i) => makeRow(this.#rowsMade + i + 1, withLater));
    this.#rowsMade += BATCH_ROWS;
    for (const table of tables) {
      const { status, codes, body } = await writeRows(this.#server.url, table.name, rows);
      const isRefused = status === 400 && codes.length === rows.length && codes.every((code) => code === SET_ASIDE_CODE);
      if (status === 204) table.unsealed.push(...rows);
      else if (isRefused && this.#mayRefuse(table)) table.refused.push(...rows);
      else this.fault(`a write to ${table.name} was answered ${status}: ${body}`);
    }
  }

  get #outcome(): Operation['outcome'] {
    return this.isTakenBack ? 'writable' : this.#operation.outcome;
  }

  #mayRefuse(table: TableLedger): boolean {
    return table === this.victim && this.#isChanged && this.#outcome !== 'writable';
  }

  /** Flushes; rows of a flush that fails stay unsealed. @returns whether the victim is set aside, as it must or may be */
  async flush(): Promise<boolean> {
    const outcome = this.#outcome;
    const { code, stderr } = await flush(this.#dataDir);
    const health = await this.health();
    const isAside = health.length > 0 && outcome !== 'writable';
    this.bystander.flushed();
    if (isAside) {
      if (code !== 0 && !/\bvictim\b/.test(stderr)) this.fault(`flush failed and does not name the table: ${stderr.trim()}`);
      return true;
    }
    if (code === 0) this.victim.flushed();
    else this.fault(`flush ended with ${code}: ${stderr.trim()}`);
    if (health.length > 0) this.fault(`/health names a table that must be writable: ${health.join('; ')}`);
    if (outcome === 'refused') this.fault('the table must be set aside, and /health does not name it');
    return false;
  }

  /** Once a table is not set aside, all that was acknowledged must have come into files by now. */
  checkFlushed(): void {
    this.fault(...missingSentence('acknowledged rows that are neither in files nor set aside', this.victim.unsealed));
  }

  /** What /health says of the victim. */
  health(): Promise<string[]> {
    return healthOf(this.#server.url, this.victim.name);
  }

  /** What readers see of each table, sluice and others. */
  async check(when: string): Promise<void> {
    const shown = await queryTables(this.#dataDir, this.#all.map(({ name }) => name));
    const listed = await listTables(this.#dataDir);
    for (const table of this.#all) {
      const says = (what: string): string => `${when}, ${what} of ${table.name}`;
      const reading = await this.#read(says, table);
      this.#checkShown(says('sluice query'), table, shown.get(table.name)!);
      const entry = listed.get(table.name);
      if (entry === undefined) {
        if (this.#isReadable(table)) this.fault(`${says('sluice tables')}: nothing`);
        continue;
      }
      const { rows, unsealed } = entry;
      if (reading !== null && this.#isReadable(table) && rows !== reading.count) this.fault(`${says('sluice tables')}: ${rows} rows in files, there are ${reading.count}`);
      if (unsealed === null) this.fault('sluice tables does not tell unsealed rows');
      else if (unsealed > table.unsealed.length) this.fault(`${says('sluice tables')}: ${unsealed} unsealed rows, there are at most ${table.unsealed.length}`);
    }
  }

  #isReadable(table: TableLedger): boolean {
    return table === this.bystander || this.#operation.unreadable !== true;
  }

  /** The newest version as delta-rs reads it; null when it cannot. */
  async #read(says: (what: string) => string, table: TableLedger): Promise<Reading | null> {
    try {
      const reading = await this.#foreign.read(tableFolder(this.#dataDir, table.name));
      this.fault(...differences(says('the newest version'), reading.rows, table.stored));
      return reading;
    } catch (error) {
      this.fault(`${says('the newest version')} cannot be read by others: ${(error as Error).message}`);
      return null;
    }
  }

  /** Rows that wait in the log, since their table cannot be flushed, may be shown or not. */
  #checkShown(what: string, table: TableLedger, shown: Shown): void {
    if ('refusal' in shown) {
      if (this.#isReadable(table) || !shown.refusal.includes(table.name)) this.fault(`${what} fails: ${shown.refusal}`);
      return;
    }
    const waiting = shown.rows.filter(({ n }) => table.unsealed.some((row) => row.n === n));
    this.fault(...differences(what, shown.rows, [...table.stored, ...waiting]));
  }

  /** A table that is set aside: every new line is refused and kept, /health says why, what was acknowledged goes to quarantine. */
  async checkRefusal(): Promise<void> {
    const { unsealed, refused } = this.victim;
    if (!refused.some(({ n }) => n === this.#rowsMade)) this.fault('the last write was acknowledged, though the table was set aside');
    const health = await this.health();
    if (!health.some((sentence) => this.#operation.reason!.test(sentence))) this.fault(`/health gives no reason ${this.#operation.reason}: ${health.join('; ')}`);
    const kept = await keptLines(this.#dataDir);
    if ('refusal' in kept) this.fault(`sluice rejected fails: ${kept.refusal}`);
    else this.fault(...missingSentence('refused lines that are not kept', refused.filter(({ n }) => !kept.numbers.has(n))));
    this.fault(...missingSentence('acknowledged rows that neither the table nor quarantine has', await this.#notInQuarantine(unsealed)));
  }

  /** Waits until all of these rows are in files below quarantine/; gives those that are not after a while. */
  async #notInQuarantine(rows: readonly Row[]): Promise<Row[]> {
    const until = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const missing = without(rows, await this.#foreign.readParquet(quarantineFolder(this.#dataDir)));
      if (missing.length === 0 || Date.now() > until) return missing;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** With the table dropped, all that was kept is written again and stands in a table made anew. */
  async writeAgain(): Promise<void> {
    const { name, unsealed, refused } = this.victim;
    await writeAgain(this.#server.url, this.#dataDir, name);
    const shown = (await queryTables(this.#dataDir, [name])).get(name)!;
    if ('refusal' in shown) this.fault(`after all was written again, sluice query fails: ${shown.refusal}`);
    else this.fault(...differences('after all was written again, sluice query', shown.rows, [...unsealed, ...refused]));
    const health = await this.health();
    if (health.length > 0) this.fault(`/health still names the table that was dropped: ${health.join('; ')}`);
  }
}

function missingSentence(what: string, rows: readonly Row[]): string[] {
  return rows.length === 0 ? [] : [`${what}: n=${rows.map(({ n }) => n).join(', ')}`];
}
