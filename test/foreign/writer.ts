/** A running Python that does to tables what other writers do, and reads them as another engine. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { root } from '../root.js';
import { rowOf, type Row } from './ledger.js';

const ANSWER_MS_MAX = 60_000;

/** The newest version of a table. */
export interface Reading {
  readonly version: number;
  /** Versions of the protocol that it asks for. */
  readonly reader: number;
  readonly writer: number;
  /** All rows, also those that sluice cannot have written. */
  readonly count: number;
  readonly rows: readonly Row[];
}

type Cells = [n: number, host: string | null, v: number | null, t: string, later: number | null];
interface Waiting {
  readonly order: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ForeignWriter {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<unknown>;

  /** @param python that can import deltalake */
  constructor(python: string) {
    this.#child = spawn(python, [join(root, 'test/foreign/python/foreign.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
    createInterface(this.#child.stdout).on('line', (line) => this.#answered(JSON.parse(line)));
    void this.#ended.then(() => {
      for (const { order, reject } of this.#waiting.splice(0)) reject(new Error(`Python ended before it answered ${order}`));
    });
  }

  /** Does one of the acts of foreign.py to a table. @throws Error in the words of what refused */
  async act(name: string, folder: string): Promise<void> {
    await this.#ask(name, folder);
  }

  /** Makes a table that sluice knows nothing of, as one of the makes of foreign.py. */
  async make(name: string, folder: string): Promise<void> {
    await this.#ask(name, folder);
  }

  /** @throws Error when delta-rs cannot read the table */
  async read(folder: string): Promise<Reading> {
    const { rows, ...rest } = (await this.#ask('read', folder)) as Omit<Reading, 'rows'> & { rows: Cells[] };
    return { ...rest, rows: rows.map((cells) => rowOf(...cells)) };
  }

  /** The rows of all Parquet files below a folder, which need not exist. */
  async readParquet(folder: string): Promise<Row[]> {
    return ((await this.#ask('read parquet', folder)) as Cells[]).map((cells) => rowOf(...cells));
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #ask(order: string, folder: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${order} took over ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX);
      const settle = <T>(how: (value: T) => void) => (value: T): void => {
        clearTimeout(late);
        how(value);
      };
      this.#waiting.push({ order, resolve: settle(resolve), reject: settle(reject) });
      this.#child.stdin.write(`${JSON.stringify({ do: order, table: folder })}\n`);
    });
  }

  #answered(answer: { value: unknown } | { error: string }): void {
    const { order, resolve, reject } = this.#waiting.shift()!;
    if ('error' in answer) reject(new Error(`${order}: ${answer.error}`));
    else resolve(answer.value);
  }
}
