/**
 * What is known of a table as of the last commit seen. It is little and does not grow with the log; the list of files is
 * there while someone looks at the table.
 */
import { commitPath } from './delta/commit-reader.js';
import type { FileChange, FileList } from './delta/file-list.js';
import { loadTable, takeUpNewer, type LoadedTable } from './delta/table-log.js';
import { bytesOf, TableRefused, type OwnNode, type TableState } from './delta/table-state.js';
import type { TableStore } from './table-store.js';

export interface SeenOptions extends OwnNode {
  readonly store: TableStore;
  /** Folder of the table, below the store's root. */
  readonly folder: string;
  /** Seq of the last commit of ours that is known to stand; 0 for none. */
  readonly committedTo: number;
}

/** Who uses it does one thing at a time. */
export class SeenTable {
  readonly #options: SeenOptions;
  #state: TableState;
  #stateBytes: number;
  /** As of `#state`; null when it must be read to be known. */
  #files: FileList | null;
  /** It was asked for, and stays until it is let go of. */
  #keepsFiles = false;

  constructor(options: SeenOptions, { files, state }: LoadedTable) {
    this.#options = options;
    this.#state = state;
    this.#stateBytes = bytesOf(state);
    this.#files = files;
  }

  get state(): TableState {
    return this.#state;
  }

  /** Memory, about. */
  get bytes(): number {
    return this.#stateBytes + (this.#files?.bytes ?? 0);
  }

  /** Whether the list of files is part of that. */
  get holdsFiles(): boolean {
    return this.#files !== null;
  }

  /** Whether a version named a file, as far as the log still tells. @throws Error when the list is not there */
  isNamed(path: string): boolean {
    if (this.#files === null) throw new Error(`the files of table ${this.#options.folder} are not read`);
    return this.#files.isNamed(path);
  }

  /** The list of files stays once it is read. */
  wantFiles(): void {
    this.#keepsFiles = true;
  }

  /** Lets go of the list of files. @param evenIfWanted also of one that should stay */
  letGo(evenIfWanted: boolean): void {
    if (this.#keepsFiles && !evenIfWanted) return;
    this.#keepsFiles = false;
    this.#files = null;
  }

  /** A commit of ours stands. @param state after it @param change what it did to the files */
  committed(state: TableState, change: FileChange): void {
    this.#files?.apply(change);
    this.#take({ files: this.#files, state });
  }

  /** Takes up what is newer. @throws as `assertStands` and `takeUpNewer` */
  async refresh(): Promise<void> {
    await this.assertStands();
    await this.takeUpNewer();
  }

  /** The list of files, read when it is not there: then the state may be newer as well. @throws as `loadTable` */
  async files(): Promise<FileList> {
    if (this.#files !== null) return this.#files;
    const { folder, store } = this.#options;
    const { files, state } = await loadTable(store, folder, this.#options);
    if (state.version < this.#state.version) throw new TableRefused(folder, `commit ${this.#state.version} stood and is gone`);
    this.#take({ files, state });
    return this.#files!;
  }

  /** @throws as `loadTable` */
  async takeUpNewer(): Promise<void> {
    const { folder, store } = this.#options;
    const files = this.#files;
    this.#files = null; // half changed, it is of no use
    this.#take(await takeUpNewer(store, folder, this.#options, { state: this.#state, files }));
  }

  /** Behind a folder that was taken away a commit would begin a log with a gap, which nobody can read; a cleaned one is read anew. @throws TableRefused */
  async assertStands(): Promise<void> {
    const { committedTo, folder, store } = this.#options;
    const { flushedTo, version } = this.#state;
    if (version < 0 || (await store.size(commitPath(folder, version))) !== null) return;
    const table = await loadTable(store, folder, this.#options);
    if (table.state.version < version || table.state.flushedTo < Math.max(flushedTo, committedTo)) {
      throw new TableRefused(folder, `commit ${version} stood and is gone: its folder was taken away, or its log was cleaned too far`);
    }
    this.#take(table);
    this.letGo(false);
  }

  #take({ files, state }: LoadedTable): void {
    if (state.metaData !== this.#state.metaData) this.#stateBytes = bytesOf(state);
    this.#state = state;
    this.#files = files;
  }
}
