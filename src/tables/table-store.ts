/** What tables need of storage: nothing that an object store cannot do. Paths are relative, with forward slashes. */

/** A file being written. It has its final name only after `publish`. */
export interface StoreWriter {
  /** Appends; `bytes` may be reused once the promise settles. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file durable under its final name. */
  publish(): Promise<void>;
  /** Throws the unfinished file away. */
  abandon(): Promise<void>;
}

export interface TableStore {
  /** Starts a file that will stand at `path`. */
  put(path: string): Promise<StoreWriter>;
  /** Writes a small file unless one stands there; false when one does. Durable when it returns true. */
  putIfAbsent(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Whole file, or null. */
  get(path: string): Promise<Buffer | null>;
  /** Bytes of the file at `path`, or null. */
  size(path: string): Promise<number | null>;
  /** Names directly below a folder ('' is the root), sorted; empty when there is none. */
  list(folder: string): Promise<string[]>;
  delete(path: string): Promise<void>;
}

/** A store that also reads parts of files: an object store's ranges. */
export interface RangeStore extends TableStore {
  /** Bytes of a file from a place on, fewer where it ends; null when there is none. */
  getRange(path: string, from: number, bytes: number): Promise<Buffer | null>;
}
