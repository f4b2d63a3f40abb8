/** Makes flushed files part of a table: one Delta commit a batch. */
import { atMost } from '../in-turn.js';
import { randomUUID } from 'node:crypto';
import type { FlushedFile } from '../model/flushed-file.js';
import type { ColumnDefinition } from '../model/schema.js';
import { addAction, metaDataAction, newMetaData, protocolAction, type MetaData, type TableIdentity } from './delta/actions.js';
import { commitText } from './delta/commit-text.js';
import { mergeSchemas, schemaOf, schemaString, type SchemaField } from './delta/schema-string.js';
import {
  assertWritable, commitPath, loadTable, takeUpNewer, TableRefused, withCommit, type OwnNode, type TableState,
} from './delta/table-log.js';
import type { TableStore } from './table-store.js';

/** Lost races in a row before a commit gives up. */
const attemptsMax = 100;

/** What one flush of a table made: its files, and up to which seq they reach. */
export interface FlushBatch {
  /** All columns of the table, by id. */
  readonly columns: readonly ColumnDefinition[];
  readonly files: readonly FlushedFile[];
  /** Log number that the files reach up to. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Where a committer works. */
interface CommitterOptions extends OwnNode {
  readonly store: TableStore;
  /** Folder of the table, below the store's root. */
  readonly folder: string;
  readonly identity: TableIdentity;
  /** Log number of the last commit of ours that is known to stand; 0 for none. */
  readonly committedTo: number;
}

/**
 * It is not known whether the commit stands: the store failed and could not be asked afterwards. The files of the batch
 * must stay; committing the same batch again settles it.
 */
export class CommitUncertain extends Error {
  constructor(folder: string, version: number, cause: unknown) {
    super(`table ${folder}: commit ${version} may stand or not: ${(cause as Error).message}`, { cause });
    this.name = 'CommitUncertain';
  }
}

/** Commits the batches of one table, one at a time, and takes up what other writers commit. */
export class TableCommitter {
  readonly #options: CommitterOptions;
  #state: TableState;
  /** Live files that were found as long as their commits say. */
  readonly #whole = new Set<string>();
  /** Commits and looks at the table run one after another. */
  readonly #inTurn = atMost(1);

  private constructor(options: CommitterOptions, state: TableState) {
    this.#options = options;
    this.#state = state;
  }

  /** Reads the table's log. @throws TableRefused as `loadTable`, and when commits of ours are missing at its end */
  static async open(options: CommitterOptions): Promise<TableCommitter> {
    const { committedTo, folder, store } = options;
    const state = await loadTable(store, folder, options);
    if (state.flushedTo < committedTo) {
      throw new TableRefused(folder, `commits are missing at the end of its log: our last one was of number ${committedTo}, the last one found is of ${state.flushedTo}`);
    }
    return new TableCommitter(options, state);
  }

  /** The table as of the last commit seen. */
  get state(): TableState {
    return this.#state;
  }

  /** The table as of its newest commit. @throws TableRefused as `loadTable`, and when the commits that were seen are gone */
  look(): Promise<TableState> {
    return this.#inTurn(async () => {
      await this.#assertStands();
      const { folder, store } = this.#options;
      this.#state = await takeUpNewer(store, folder, this.#options, this.#state);
      return this.#state;
    });
  }

  /** Live files that are not there, or are not as long as their commit says. Each is looked at until it was found whole. */
  async damagedFiles(): Promise<string[]> {
    const { folder, store } = this.#options;
    const { liveFiles } = this.#state;
    for (const path of this.#whole) if (!liveFiles.has(path)) this.#whole.delete(path);
    const names = new Set(await store.list(folder));
    const damaged: string[] = [];
    for (const { bytes, path } of liveFiles.values()) {
      if (/[/:]/.test(path)) continue; // in a folder of its own, or somewhere else
      if (!names.has(path)) damaged.push(path);
      else if (!this.#whole.has(path)) {
        if ((await store.size(`${folder}/${path}`)) === bytes) this.#whole.add(path);
        else damaged.push(path);
      }
    }
    return damaged;
  }

  /** Looks whether the table can be written as it is now, with these columns. @throws TableRefused saying why not */
  async check(columns: readonly ColumnDefinition[]): Promise<void> {
    assertWritable(this.#options.folder, await this.look());
    this.#mergedFields(columns);
  }

  /**
   * Adds the files of a batch exactly once: a commit that is visible counts, also one whose making failed or crashed.
   * @returns 'already' when the table was flushed past the number by other files: then these are not part of it
   * @throws CommitUncertain, or any other error when the commit surely does not stand
   */
  commit(batch: FlushBatch): Promise<'committed' | 'already'> {
    return this.#inTurn(() => this.#commit(batch));
  }

  async #commit(batch: FlushBatch): Promise<'committed' | 'already'> {
    const { folder } = this.#options;
    await this.#assertStands();
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (this.#state.flushedTo >= batch.number) return this.#holdsFiles(batch) ? 'committed' : 'already';
      assertWritable(folder, this.#state);
      const version = this.#state.version + 1;
      const text = this.#commitText(batch);
      const next = withCommit(this.#state, text, { ...this.#options, numberMax: () => batch.number });
      const end = await this.#putCommit(version, Buffer.from(text));
      if (end === 'ours') this.#state = next;
      else await this.#takeUp(version, end);
    }
    throw new Error(`table ${folder}: ${attemptsMax} commits in a row were overtaken by other writers`);
  }

  /** Behind a folder that was taken away a commit would begin a log with a gap, which nobody can read; a cleaned one is read anew. */
  async #assertStands(): Promise<void> {
    const { committedTo, folder, store } = this.#options;
    const { flushedTo, version } = this.#state;
    if (version < 0 || (await store.size(commitPath(folder, version))) !== null) return;
    const state = await loadTable(store, folder, this.#options);
    if (state.version < version || state.flushedTo < Math.max(flushedTo, committedTo)) {
      throw new TableRefused(folder, `commit ${version} stood and is gone: its folder was taken away, or its log was cleaned too far`);
    }
    this.#state = state;
  }

  /** Settles when a commit of this version is visible and lasts. @returns whose it is: after a failure that is not known */
  async #putCommit(version: number, bytes: Buffer): Promise<'ours' | 'others' | 'unknown'> {
    const { store, folder } = this.#options;
    try {
      return (await store.putIfAbsent(commitPath(folder, version), bytes)) ? 'ours' : 'others';
    } catch (error) {
      if (await this.#stands(version, error)) return 'unknown';
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

  /** A commit of this version stands, and perhaps more behind it. */
  async #takeUp(version: number, whose: 'others' | 'unknown'): Promise<void> {
    const { store, folder } = this.#options;
    try {
      this.#state = await takeUpNewer(store, folder, this.#options, this.#state);
    } catch (error) {
      // Whether it is ours shows in the log alone.
      throw whose === 'unknown' ? new CommitUncertain(folder, version, error) : error;
    }
  }

  #holdsFiles(batch: FlushBatch): boolean {
    return batch.files.every((file) => this.#state.liveFiles.has(this.#pathInTable(file)));
  }

  #pathInTable(file: FlushedFile): string {
    const { folder } = this.#options;
    if (!file.path.startsWith(`${folder}/`)) throw new Error(`file ${file.path} is not in the folder of table ${folder}`);
    return file.path.slice(folder.length + 1);
  }

  #commitText(batch: FlushBatch): string {
    const { number, timeMs } = batch;
    const { node } = this.#options;
    const fields = this.#mergedFields(batch.columns);
    const names = fields.map((field) => field.name);
    return commitText([
      ...(this.#state.version < 0 ? [protocolAction()] : []),
      ...(fields.length > this.#state.fields.length ? [metaDataAction(this.#metaData(fields, timeMs))] : []),
      ...batch.files.map((file) => addAction(this.#pathInTable(file), file, names, timeMs)),
    ], { node, number, previous: this.#state.flushedTo, commitId: randomUUID(), timeMs });
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
