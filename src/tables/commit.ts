/** Makes sealed files part of a table: one Delta commit a cut. */
import { randomUUID } from 'node:crypto';
import type { ColumnDefinition, SealedFile } from '../worker/protocol.js';
import {
  addAction, appIdOf, commitInfoAction, metaDataAction, newMetaData, protocolAction, txnAction,
  type MetaData, type TableIdentity,
} from './delta/actions.js';
import { mergeSchemas, schemaOf, schemaString, type SchemaField } from './delta/schema.js';
import { assertWritable, commitPath, loadTable, takeUpNewer, TableRefused, withCommit, type TableState } from './delta/table-log.js';
import type { TableStore } from './store.js';

/** Lost races in a row before a commit gives up. */
const attemptsMax = 100;

/** A cut of a table. */
export interface Cut {
  /** All columns of the table, by id. */
  readonly columns: readonly ColumnDefinition[];
  readonly files: readonly SealedFile[];
  /** Log number that the files reach up to. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Where a committer works. */
interface CommitterOptions {
  readonly store: TableStore;
  /** Folder of the table, below the store's root. */
  readonly folder: string;
  /** 8 hex digits. */
  readonly node: string;
  readonly identity: TableIdentity;
}

/**
 * It is not known whether the commit stands: the store failed and could not be asked afterwards. The files of the cut
 * must stay; committing the same cut again settles it.
 */
export class CommitUncertain extends Error {
  constructor(folder: string, version: number, cause: unknown) {
    super(`table ${folder}: commit ${version} may stand or not: ${(cause as Error).message}`, { cause });
    this.name = 'CommitUncertain';
  }
}

/** Commits the cuts of one table, one at a time. */
export class TableCommitter {
  readonly #options: CommitterOptions;
  #state: TableState;

  private constructor(options: CommitterOptions, state: TableState) {
    this.#options = options;
    this.#state = state;
  }

  /** Reads the table's log. @throws TableRefused as `loadTable` */
  static async open(options: CommitterOptions): Promise<TableCommitter> {
    return new TableCommitter(options, await loadTable(options.store, options.folder, options.node));
  }

  /** The table as of the last commit seen. */
  get state(): TableState {
    return this.#state;
  }

  /**
   * Adds the files of a cut exactly once: a commit that is visible counts, also one whose making failed or crashed.
   * @returns 'already' when the table was sealed past the number by other files: then these are not part of it
   * @throws CommitUncertain, or any other error when the commit surely does not stand
   */
  async commit(cut: Cut): Promise<'committed' | 'already'> {
    const { folder } = this.#options;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (this.#state.sealedTo >= cut.number) return this.#holdsFiles(cut) ? 'committed' : 'already';
      assertWritable(folder, this.#state);
      const version = this.#state.version + 1;
      const text = this.#commitText(cut);
      const next = withCommit(this.#state, text, this.#options.node);
      if (await this.#putCommit(version, Buffer.from(text))) this.#state = next;
      else await this.#takeUp(version);
    }
    throw new Error(`table ${folder}: ${attemptsMax} commits in a row were overtaken by other writers`);
  }

  /** Settles when a commit of this version is visible and lasts; false: it may be another's. */
  async #putCommit(version: number, bytes: Buffer): Promise<boolean> {
    const { store, folder } = this.#options;
    try {
      return await store.putIfAbsent(commitPath(folder, version), bytes);
    } catch (error) {
      if (await this.#stands(version, error)) return false;
      throw error;
    }
  }

  /** Whether there is a commit of this version after all. Listing makes what it names last. */
  async #stands(version: number, failure: unknown): Promise<boolean> {
    const { store, folder } = this.#options;
    try {
      const path = commitPath(folder, version);
      return (await store.list(`${folder}/_delta_log`)).some((name) => path.endsWith(`/${name}`));
    } catch {
      throw new CommitUncertain(folder, version, failure);
    }
  }

  /** A commit of this version stands: whether it is ours shows in the log alone. */
  async #takeUp(version: number): Promise<void> {
    const { store, folder, node } = this.#options;
    try {
      this.#state = await takeUpNewer(store, folder, node, this.#state);
    } catch (error) {
      throw new CommitUncertain(folder, version, error);
    }
  }

  #holdsFiles(cut: Cut): boolean {
    return cut.files.every((file) => this.#state.liveFiles.has(this.#pathInTable(file)));
  }

  #pathInTable(file: SealedFile): string {
    const { folder } = this.#options;
    if (!file.path.startsWith(`${folder}/`)) throw new Error(`file ${file.path} is not in the folder of table ${folder}`);
    return file.path.slice(folder.length + 1);
  }

  #commitText(cut: Cut): string {
    const { node } = this.#options;
    const fields = this.#mergedFields(cut.columns);
    const names = fields.map((field) => field.name);
    return [
      ...(this.#state.version < 0 ? [protocolAction()] : []),
      ...(fields.length > this.#state.fields.length ? [metaDataAction(this.#metaData(fields, cut.timeMs))] : []),
      ...cut.files.map((file) => addAction(this.#pathInTable(file), file, names, cut.timeMs)),
      txnAction(appIdOf(node), cut.number, cut.timeMs),
      commitInfoAction(randomUUID(), cut.timeMs),
      '',
    ].join('\n');
  }

  #mergedFields(columns: readonly ColumnDefinition[]): SchemaField[] {
    try {
      return mergeSchemas(schemaOf(columns), this.#state.fields);
    } catch (error) {
      throw new TableRefused(this.#options.folder, `it is read-only: ${(error as Error).message}`);
    }
  }

  #metaData(fields: readonly SchemaField[], timeMs: number): MetaData {
    const before = this.#state.metaData;
    if (before !== null) return { ...before, schemaString: schemaString(fields) };
    return newMetaData(randomUUID(), this.#options.identity, schemaString(fields), timeMs);
  }
}
