/** Makes flushed files part of a table: one Delta commit a batch. */
import { atMost } from '../in-turn.js';
import { randomUUID } from 'node:crypto';
import type { FlushedFile } from '../model/flushed-file.js';
import type { ColumnDefinition } from '../model/schema.js';
import { addAction, appendOf, metaDataAction, newMetaData, protocolAction, type MetaData, type Operation, type TableIdentity } from './delta/actions.js';
import type { Expected } from './delta/checkpoint-writing.js';
import { commitText } from './delta/commit-text.js';
import { mergeSchemas, schemaOf, schemaString, takenNames, type SchemaField, type TakenNames } from './delta/schema-string.js';
import { commitPath } from './delta/commit-reader.js';
import { damagedFiles, type FileChange, type LiveFile } from './delta/file-list.js';
import { loadTable, newestSeq, withCommit, type LoadedTable } from './delta/table-log.js';
import { assertWritable, fieldsOf, TableRefused, type TableState } from './delta/table-state.js';
import { isReplaced, operationOf, replacementActions, type Replacement } from './replacement.js';
import { SeenTable, type SeenOptions } from './seen-table.js';

/** Commits from one checkpoint to the next. */
const CHECKPOINT_EVERY = 50;
/** Lost races in a row before a commit gives up. */
const attemptsMax = 100;

/** What one flush of a table made: its files, and up to which seq they reach. */
export interface FlushBatch {
  /** All columns of the table, by id. */
  readonly columns: readonly ColumnDefinition[];
  readonly files: readonly FlushedFile[];
  /** Seq that the files reach up to. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Where a committer works. */
export interface CommitterOptions extends SeenOptions {
  readonly identity: TableIdentity;
  /** Hears when so many commits came that the log should get a checkpoint. */
  readonly onLong?: (newest: Expected) => void;
}

/** A table as of a look at it. */
interface LookedAt {
  readonly state: TableState;
  readonly files: readonly LiveFile[];
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

/** Columns of others have names of columns that were to be committed: these need other names, and their files are of no use. */
export class NamesTaken extends TableRefused {}

/** Commits the batches of one table, one at a time, and takes up what other writers commit. */
export class TableCommitter {
  readonly #options: CommitterOptions;
  readonly #seen: SeenTable;
  /** Lots of commits that have their checkpoint, or were said to want one. */
  #lots: number;
  /** Commits and looks at the table run one after another. */
  readonly #inTurn = atMost(1);

  private constructor(options: CommitterOptions, table: LoadedTable) {
    this.#options = options;
    this.#seen = new SeenTable(options, table);
    this.#lots = lotsOf(table.state);
  }

  /** Reads the table's log. @throws TableRefused as `loadTable`, and when commits of ours are missing at its end */
  static async open(options: CommitterOptions): Promise<TableCommitter> {
    const table = await loadTable(options.store, options.folder, options);
    assertReaches(options, table.state.flushedTo);
    return new TableCommitter(options, table);
  }

  /** Seq of our last commit, read from the end of the log where that tells it. @throws as `open`, without what shows before the end */
  static async flushedTo(options: CommitterOptions): Promise<number> {
    const seq = await newestSeq(options.store, options.folder, options);
    if (seq === null) return (await TableCommitter.open(options)).state.flushedTo;
    assertReaches(options, seq);
    return seq;
  }

  /** The table as of the last commit seen. */
  get state(): TableState {
    return this.#seen.state;
  }

  /** Memory, about. */
  get bytes(): number {
    return this.#seen.bytes;
  }

  /** Whether the list of files is part of that. */
  get holdsFiles(): boolean {
    return this.#seen.holdsFiles;
  }

  /** Whether a version of the table named a file, as far as its log still tells. Known from `open` up to `letGo`. */
  isNamed(path: string): boolean {
    return this.#seen.isNamed(path);
  }

  /** Lets go of the list of files that was read in passing. @param evenIfWanted also of one that was looked at */
  letGo(evenIfWanted = false): void {
    this.#seen.letGo(evenIfWanted);
  }

  /** The table and its files as of its newest commit. @throws TableRefused as `loadTable`, and when the commits that were seen are gone */
  look(): Promise<LookedAt> {
    this.#seen.wantFiles();
    return this.#inTurn(async () => {
      await this.#seen.refresh();
      const files = await this.#seen.files();
      return { state: this.state, files: files.live() };
    });
  }

  /** The files of its newest commit, read in passing: they are not kept. @throws as `look` */
  async liveFiles(): Promise<readonly LiveFile[]> {
    return this.#inTurn(async () => {
      await this.#seen.refresh();
      return (await this.#seen.files()).live();
    });
  }

  /** Which of these live files are not there, or not as long as their commit says. Each is looked at until it was found whole. */
  damagedFiles(files: readonly LiveFile[]): Promise<string[]> {
    const { folder, store } = this.#options;
    return damagedFiles(store, folder, files);
  }

  /**
   * Looks whether the table can be written as it is now, with its columns or other names of them.
   * @param columnsNow gives them; it is asked once the newest commit is known, for a flush meanwhile may have given a column another name
   * @throws TableRefused saying why not
   */
  async check(columnsNow: () => readonly ColumnDefinition[]): Promise<void> {
    await this.#inTurn(() => this.#seen.refresh());
    const columns = columnsNow();
    const fields = this.#writableFields();
    const { columns: taken } = takenNames(columns, fields);
    this.#mergedFields(columns.filter(({ id }) => !taken.has(id)), fields);
  }

  /** Which of these columns need other names before they can be committed, as of the last commit seen. */
  takenNames(columns: readonly ColumnDefinition[]): TakenNames {
    return takenNames(columns, fieldsOf(this.state));
  }

  /**
   * Adds the files of a batch exactly once: a commit that is visible counts, also one whose making failed or crashed.
   * @returns 'already' when the table was flushed past the seq by other files: then these are not part of it
   * @throws CommitUncertain, or any other error when the commit surely does not stand
   */
  commit(batch: FlushBatch): Promise<'committed' | 'already'> {
    return this.#inTurn(() => this.#commit(batch));
  }

  async #commit(batch: FlushBatch): Promise<'committed' | 'already'> {
    await this.#putUntil(async () => (this.state.flushedTo >= batch.seq ? null : this.#batchText(batch)));
    return (await this.#holds(batch)) ? 'committed' : 'already';
  }

  /**
   * Puts files in place of others, or removes some, by one commit; rows that wait for a flush are not touched by it. Doing
   * the same again is nothing, also where it is not known whether the first commit stands.
   * @throws FilesGone when one that is to be removed is no part of the table any more, also when another writer removed
   *   it meanwhile: nothing was committed, and the new files are part of nothing
   * @throws CommitUncertain when the new files must stay, or any other error when the commit surely does not stand
   */
  replace(replacement: Replacement): Promise<void> {
    const pathOf = (file: FlushedFile): string => this.#pathInTable(file);
    let wasTried = false;
    return this.#inTurn(() => this.#putUntil(async () => {
      const files = await this.#seen.files().catch((error: Error) => {
        throw wasTried ? new CommitUncertain(this.#options.folder, this.state.version, error) : error;
      });
      if (isReplaced(replacement, pathOf, files, wasTried)) return null;
      wasTried = true;
      const columns = this.#writableFields().map(({ name }) => name);
      const actions = replacementActions(replacement, pathOf, this.#options.folder, { state: this.state, files, columns });
      return this.#ownText(actions, operationOf(replacement, files), this.state.flushedTo, replacement.timeMs);
    }));
  }

  /** Puts one commit after another, taking up what others commit meanwhile. @param next the text of the next one; null when what was wanted stands */
  async #putUntil(next: () => Promise<string | null>): Promise<void> {
    const { folder } = this.#options;
    await this.#seen.assertStands();
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const text = await next();
      if (text === null) return;
      const version = this.state.version + 1;
      const { change, state } = withCommit(this.state, text, { ...this.#options, seqMax: () => Number.MAX_SAFE_INTEGER });
      const end = await this.#putCommit(version, Buffer.from(text));
      if (end === 'ours') this.#committed(state, change);
      else await this.#takeUp(version, end);
    }
    throw new Error(`table ${folder}: ${attemptsMax} commits in a row were overtaken by other writers`);
  }

  #committed(state: TableState, change: FileChange): void {
    this.#seen.committed(state, change);
    const lots = lotsOf(state);
    if (lots <= this.#lots) return;
    this.#lots = lots;
    this.#options.onLong?.({ version: state.version, flushedTo: state.flushedTo });
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
    try {
      await this.#seen.takeUpNewer();
    } catch (error) {
      // Whether it is ours shows in the log alone.
      throw whose === 'unknown' ? new CommitUncertain(this.#options.folder, version, error) : error;
    }
  }

  /**
   * Whether it was this batch that was committed: our last flush is of its files, or else a version named them.
   * @throws CommitUncertain when that cannot be read
   */
  async #holds(batch: FlushBatch): Promise<boolean> {
    const { flushedTo, lastFiles, version } = this.state;
    const paths = batch.files.map((file) => this.#pathInTable(file));
    if (flushedTo === batch.seq && lastFiles !== null) return paths.every((path) => lastFiles.includes(path));
    try {
      const files = await this.#seen.files();
      return paths.every((path) => files.isNamed(path));
    } catch (error) {
      throw new CommitUncertain(this.#options.folder, version, error);
    }
  }

  #pathInTable(file: FlushedFile): string {
    const { folder } = this.#options;
    if (!file.path.startsWith(`${folder}/`)) throw new Error(`file ${file.path} is not in the folder of table ${folder}`);
    return file.path.slice(folder.length + 1);
  }

  #batchText({ columns, files, seq, timeMs }: FlushBatch): string {
    const before = this.#writableFields();
    const fields = this.#mergedFields(columns, before);
    const names = fields.map((field) => field.name);
    return this.#ownText([
      ...(this.state.version < 0 ? [protocolAction()] : []),
      ...(fields.length > before.length ? [metaDataAction(this.#metaData(fields, timeMs))] : []),
      ...files.map((file) => addAction(this.#pathInTable(file), file, names, { dataChange: true, timeMs })),
    ], appendOf(files), seq, timeMs);
  }

  #ownText(actions: readonly string[], operation: Operation, seq: number, timeMs: number): string {
    return commitText(actions, operation, { node: this.#options.node, seq, previous: this.state.flushedTo, commitId: randomUUID(), timeMs });
  }

  /** The columns of the table. @throws TableRefused when it must not be written */
  #writableFields(): SchemaField[] {
    const fields = fieldsOf(this.state);
    assertWritable(this.#options.folder, this.state, fields);
    return fields;
  }

  #mergedFields(columns: readonly ColumnDefinition[], before: readonly SchemaField[]): SchemaField[] {
    try {
      return mergeSchemas(schemaOf(columns), before);
    } catch (error) {
      const Refusal = takenNames(columns, before).columns.size > 0 ? NamesTaken : TableRefused;
      throw new Refusal(this.#options.folder, `it is read-only: ${(error as Error).message}`);
    }
  }

  #metaData(fields: readonly SchemaField[], timeMs: number): MetaData {
    const before = this.state.metaData;
    if (before !== null) return { ...before, schemaString: schemaString(fields) };
    return newMetaData(randomUUID(), this.#options.identity, schemaString(fields), timeMs);
  }
}

function lotsOf({ version }: TableState): number {
  return Math.max(0, Math.floor(version / CHECKPOINT_EVERY));
}

/** @throws TableRefused when commits of ours that stood are not there */
function assertReaches({ committedTo, folder }: CommitterOptions, flushedTo: number): void {
  if (flushedTo >= committedTo) return;
  throw new TableRefused(folder, `commits are missing at the end of its log: our last one was of seq ${committedTo}, the last one found is of ${flushedTo}`);
}
