/** The engines that read tables of ours: what each needs, which files it leaves unopened, and what it is known to get wrong. */
import { join } from 'node:path';
import { root } from '../root.js';
import type { Clause, Condition } from './many-commits.js';
import { PythonProcess } from './python/process.js';
import { pythonWith } from './python/program.js';

const READERS = ['deltalake==1.6.6', 'polars==2.1.0', 'pyarrow==25.0.1', 'pandas==3.1.1', 'chdb==4.4.0', 'daft==0.7.26'];
/** Reading from a cold start, on a busy machine. */
const ANSWER_MS_MAX = 300_000;

export interface EngineKind {
  readonly title: string;
  /** Of it in engines.py. */
  readonly name: string;
  readonly packages: readonly string[];
  readonly modules: string;
  /** Conditions on what leave files unopened that cannot hold a row. */
  readonly prunesBy: 'time' | 'n' | null;
  /** It has times to the millisecond, half of one rounded up. */
  readonly roundsTimes?: boolean;
  /** Whether it is known to answer a clause wrongly, or not at all. @param hasOldFiles that do not have all columns */
  readonly isKnownWrong?: (clause: Clause, kind: string, hasOldFiles: boolean) => boolean;
}

/** delta-rs over pyarrow miscounts NULLs of a column in files that are older than it. */
const miscountsNulls: EngineKind['isKnownWrong'] = ([, operator], _kind, hasOldFiles) => hasOldFiles && operator.includes('null');
/** Delta Kernel, in DuckDB and ClickHouse, takes a dot in a name for a step into a struct: a condition on such a column is an error. */
const splitsNames: EngineKind['isKnownWrong'] = ([column]) => column.includes('.');
/** Daft compares no boolean in a file that does not have the column: an error. */
const lacksBooleans: EngineKind['isKnownWrong'] = (_clause, kind, hasOldFiles) => hasOldFiles && kind === 'bool';

export const ENGINES: readonly EngineKind[] = [
  { title: 'delta-rs 1.6.6 over DataFusion', name: 'delta-rs, DataFusion', packages: READERS, modules: 'deltalake', prunesBy: 'time' },
  { title: 'delta-rs 1.6.6 over pyarrow', name: 'delta-rs, pyarrow', packages: READERS, modules: 'deltalake', prunesBy: 'time', isKnownWrong: miscountsNulls },
  { title: 'Polars 2.1.0', name: 'Polars', packages: READERS, modules: 'polars', prunesBy: 'time' },
  { title: 'pyarrow 25.0.1 on the list of files', name: 'pyarrow', packages: READERS, modules: 'pyarrow', prunesBy: null },
  { title: 'ClickHouse (chDB 4.4.0)', name: 'ClickHouse', packages: READERS, modules: 'chdb', prunesBy: 'n', isKnownWrong: splitsNames },
  { title: 'Daft 0.7.26', name: 'Daft', packages: READERS, modules: 'daft', prunesBy: null, isKnownWrong: lacksBooleans },
  { title: 'DuckDB 1.5.5 with its extension', name: 'DuckDB', packages: ['duckdb==1.5.5', 'duckdb-extensions==1.5.5', 'duckdb-extension-delta==1.5.5'], modules: 'duckdb, duckdb_extensions', prunesBy: 'n', isKnownWrong: splitsNames },
  { title: 'DataFusion 55 on the list of files', name: 'DataFusion', packages: ['datafusion==55.0.0', 'pyarrow==25.0.1'], modules: 'datafusion, pyarrow', prunesBy: null },
  { title: 'Spark 4.2', name: 'Spark', packages: ['pyspark==4.2.0', 'delta-spark==4.4.0'], modules: 'pyspark, delta', prunesBy: 'time' },
  { title: 'Spark 3.5', name: 'Spark', packages: ['pyspark==3.5.9', 'delta-spark==3.3.3'], modules: 'pyspark, delta', prunesBy: 'time' },
];

/** Fetches 821 MB and needs a Java of 24 or newer. */
export const TRINO: EngineKind = { title: 'Trino 476', name: 'Trino', packages: READERS, modules: 'pyarrow', prunesBy: 'n', roundsTimes: true };

/** What is asked of a table. */
export interface Question {
  readonly folder: string;
  /** Absolute paths of its live files, for who cannot read Delta. */
  readonly files: readonly string[];
  readonly columns: readonly (readonly [name: string, kind: string])[];
  readonly conditions: readonly Condition[];
  /** All rows are wanted. */
  readonly rows: boolean;
  /** Housekeeping that it does before, if it can. */
  readonly act?: 'OPTIMIZE' | 'ZORDER' | 'VACUUM';
}

export interface Answer {
  /** A text each; null: they were not wanted. */
  readonly rows: readonly string[] | null;
  /** By condition, n of each row. */
  readonly found: readonly (readonly string[])[];
}

/** An engine in a process of its own, which is started at the first question. */
export class Engine {
  readonly kind: EngineKind;
  readonly #cwd: string;
  #process: PythonProcess | null = null;
  #found: ReturnType<typeof pythonWith> | null = null;

  /** @param cwd above all tables: chDB opens none that is elsewhere */
  constructor(kind: EngineKind, cwd: string) {
    this.kind = kind;
    this.#cwd = cwd;
  }

  /** Why it cannot be had here, or null. */
  get missing(): string | null {
    this.#found ??= pythonWith(this.kind.packages, this.kind.modules);
    return 'missing' in this.#found ? this.#found.missing : null;
  }

  /** @throws Error in the words of the engine */
  async ask(question: Question): Promise<Answer> {
    this.#process ??= this.#start();
    return (await this.#process.ask(this.kind.title, question)) as Answer;
  }

  async close(): Promise<void> {
    await this.#process?.close();
  }

  #start(): PythonProcess {
    if (this.missing !== null || !('python' in this.#found!)) throw new Error(this.missing ?? 'there is no Python');
    return new PythonProcess(this.#found.python, [join(root, 'test/foreign/python/engines.py'), this.kind.name], ANSWER_MS_MAX, this.#cwd);
  }
}
