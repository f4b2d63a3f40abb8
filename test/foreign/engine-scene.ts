/** A server in this process with a table of many commits, and the engines that read it. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Engine as Server } from '../../src/engine.js';
import { open, store } from '../engine/harness.js';
import { tableFolder } from './doors.js';
import { Engine, type EngineKind, type Question } from './engines.js';
import { COLUMNS, EXTREME_ROWS, lineOf, rowOf, type Row } from './many-commits.js';

export class EngineScene {
  readonly engines: readonly Engine[];
  /** Each is in a file, in the order in which they were written. */
  readonly rows: Row[] = [];
  readonly folder: string;
  readonly #top = mkdtempSync(join(tmpdir(), 'sl-'));
  readonly #commits: number;
  #server!: Server;

  /** @param commits of one row each */
  constructor(commits: number, kinds: readonly EngineKind[]) {
    this.#commits = commits;
    this.folder = tableFolder(join(this.#top, 'd'), 'm');
    this.engines = kinds.map((kind) => new Engine(kind, this.#top));
  }

  /** @param compactedFirst so many of the first rows are put together before the others come */
  async fill(compactedFirst: number): Promise<void> {
    const dataDir = join(this.#top, 'd');
    this.#server = await open(dataDir, { 'table-log-age': '0s' });
    while (this.rows.length < this.#commits) {
      if (this.rows.length === compactedFirst && compactedFirst > 0) await this.compact();
      await this.write();
    }
    // From here on nothing of the log is cleaned away under a reader.
    await this.#server.stop();
    this.#server = await open(dataDir);
  }

  /** A row and its commit. The extremes come last, but for one, which has the first column. */
  async write(): Promise<void> {
    const [place, plain] = [this.rows.length, this.#commits - EXTREME_ROWS];
    const n = place === 0 || place >= this.#commits ? place : place <= plain ? place + EXTREME_ROWS - 1 : place - plain;
    const row = rowOf(n);
    await store(this.#server, 'db', lineOf(row));
    await this.#run('flush');
    this.rows.push(row);
  }

  async compact(): Promise<void> {
    await this.#run('compact');
  }

  async #run(command: 'flush' | 'compact'): Promise<void> {
    const { failed } = await this.#server.control.run(command, { database: 'db' });
    assert.deepEqual(failed, []);
  }

  /** The live files; times are in microseconds. */
  async files(): Promise<{ path: string; first: number; last: number }[]> {
    const { files } = await this.#server.control.run('files', { table: 'db.m' });
    return files.map(({ firstMs, lastMs, path }) => ({ path: join(this.folder, basename(path)), first: firstMs! * 1000, last: lastMs! * 1000 }));
  }

  /** What an engine is to be asked of the table as it is now: all rows, unless said. */
  async question(some: Partial<Question> = {}): Promise<Question> {
    return { folder: this.folder, files: (await this.files()).map(({ path }) => path), columns: COLUMNS, conditions: [], rows: true, ...some };
  }

  /** A copy of the table that has some of its files alone. @returns its folder */
  copyWith(files: readonly string[]): string {
    const copy = join(mkdtempSync(join(this.#top, 'p-')), 'm');
    mkdirSync(copy);
    cpSync(join(this.folder, '_delta_log'), join(copy, '_delta_log'), { recursive: true });
    for (const path of files) cpSync(path, join(copy, basename(path)));
    return copy;
  }

  /** Versions in the names of the table's log, in order, and whether there is a checkpoint. */
  log(): { first: number; hasCheckpoint: boolean } {
    const names = readdirSync(join(this.folder, '_delta_log')).filter((name) => /^\d{20}\./.test(name)).sort();
    return { first: Number(names[0]!.slice(0, 20)), hasCheckpoint: names.some((name) => name.endsWith('.checkpoint.parquet')) };
  }

  async close(): Promise<void> {
    for (const engine of this.engines) await engine.close();
    await this.#server?.stop();
    rmSync(this.#top, { recursive: true, force: true });
  }
}
