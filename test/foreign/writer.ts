/** A running Python that does to tables what other writers do, and reads them as another engine. */
import { join } from 'node:path';
import { root } from '../root.js';
import { rowOf, type Row } from './ledger.js';
import { PythonProcess } from './python/process.js';

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

export class ForeignWriter {
  readonly #python: PythonProcess;

  /** @param python that can import deltalake */
  constructor(python: string) {
    this.#python = new PythonProcess(python, [join(root, 'test/foreign/python/foreign.py')], ANSWER_MS_MAX);
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

  close(): Promise<void> {
    return this.#python.close();
  }

  #ask(order: string, folder: string): Promise<unknown> {
    return this.#python.ask(order, { do: order, table: folder });
  }
}
