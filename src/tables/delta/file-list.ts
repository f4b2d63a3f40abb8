/** The files of a table: what its newest version is made of, and what any version named. Changed in place, commit by commit. */
import type { TableStore } from '../table-store.js';
import { isOwnFile } from '../../names.js';
import { spanOf, type FileSpan, type SpanStatistics } from '../../model/file-span.js';
import { BEFORE_TAG, DELETED_TAG, MERGED_TAG, MERGED_TAG_VALUES, uriOf } from './actions.js';
import type { Action } from './commit-text.js';

/** What an entry takes besides its path, about: measured with a hundred thousand of them. */
const LIVE_BYTES = 276;
const REMOVED_BYTES = 100;

/** Files that are looked at at once. */
const LOOKED_AT_MAX = 16;

/** A data file of the newest version. */
export interface LiveFile {
  /** Below the table's folder, decoded. */
  readonly path: string;
  readonly bytes: number;
  /** Rows as its statistics state, or null when another writer left them out. */
  readonly rows: number | null;
  /** Between which times its rows are, or null when its statistics do not tell. */
  readonly span: FileSpan | null;
  /** No row has a lower sluice_seq, or null when its statistics do not tell. */
  readonly leastSeq: number | null;
  /** Rows of deletes up to this seq are gone from it; 0: it does not say. */
  readonly deletedTo: number;
  /** When it became part of the table, as its `add` says; milliseconds since 1970. */
  readonly addedMs: number;
  /** Compaction made it. */
  readonly isMerged: boolean;
  /** Of another writer's: the highest sluice_seq of its rows, where its statistics state one. */
  readonly foreignSeqMax?: number;
  /** It was found as long as its commit says. */
  isWhole: boolean;
  /** The path as its `add` has it, where `uriOf` writes it in another way: a `remove` must say the same. */
  readonly uri?: string;
}

/** What a commit does to the files. */
export interface FileChange {
  /** Paths, decoded. They go before others come: one that is removed and added at once got a deletion vector, or lost one. */
  readonly removed: readonly string[];
  readonly added: readonly LiveFile[];
  /** Paths of those added of whose rows a deletion vector deletes some. */
  readonly deletedFrom: readonly string[];
}

/** @throws when a path or a file's statistics cannot be read */
export function fileChangeOf(actions: readonly Action[]): FileChange {
  const adds = actions.flatMap(({ add }) => (add ? [add] : []));
  return {
    removed: actions.flatMap(({ remove }) => (remove ? [decodeURIComponent(remove.path)] : [])),
    added: adds.map(liveFile),
    deletedFrom: adds.filter(({ deletionVector }) => deletionVector != null).map(({ path }) => decodeURIComponent(path)),
  };
}

function liveFile(add: NonNullable<Action['add']>): LiveFile {
  const stats = add.stats == null ? {} : JSON.parse(add.stats) as SpanStatistics & { numRecords?: number };
  const path = decodeURIComponent(add.path);
  const uri = add.path === uriOf(path) ? {} : { uri: add.path };
  const merged = add.tags?.[MERGED_TAG];
  const span = spanOf(stats, { isCombined: merged === MERGED_TAG_VALUES.points, before: add.tags?.[BEFORE_TAG] });
  const leastSeq = stats.minValues?.sluice_seq;
  const foreignSeqMax = isOwnFile(path) ? undefined : stats.maxValues?.sluice_seq;
  const foreign = foreignSeqMax === undefined ? {} : { foreignSeqMax };
  return {
    path, bytes: add.size, rows: stats.numRecords ?? null, span, leastSeq: Number.isSafeInteger(leastSeq) ? leastSeq! : null, deletedTo: seqIn(add.tags?.[DELETED_TAG]),
    addedMs: add.modificationTime ?? 0, isMerged: merged != null, isWhole: false, ...uri, ...foreign,
  };
}

function seqIn(text: unknown): number {
  return typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : 0;
}

export class FileList {
  readonly #live = new Map<string, LiveFile>();
  /** Named by a version, and not live. */
  readonly #removed = new Set<string>();
  #bytes = 0;

  apply({ added, removed }: FileChange): void {
    for (const path of removed) this.#remove(path);
    for (const file of added) this.#add(file);
  }

  #remove(path: string): void {
    if (this.#live.delete(path)) this.#bytes -= LIVE_BYTES + path.length;
    if (!this.#removed.has(path)) this.#bytes += REMOVED_BYTES + path.length;
    this.#removed.add(path);
  }

  #add(file: LiveFile): void {
    if (this.#removed.delete(file.path)) this.#bytes -= REMOVED_BYTES + file.path.length;
    if (!this.#live.has(file.path)) this.#bytes += LIVE_BYTES + file.path.length;
    this.#live.set(file.path, file);
  }

  /** In the order in which they were added. */
  live(): LiveFile[] {
    return [...this.#live.values()];
  }

  isLive(path: string): boolean {
    return this.#live.has(path);
  }

  /** A live file, or undefined. */
  liveFile(path: string): LiveFile | undefined {
    return this.#live.get(path);
  }

  /** Whether any version named a file, live or removed since: another of ours never got its commit. */
  isNamed(path: string): boolean {
    return this.#live.has(path) || this.#removed.has(path);
  }

  /** Memory, about. */
  get bytes(): number {
    return this.#bytes;
  }
}

/** Which live files of a table are not there, or not as long as their commit says. Each is looked at until it was found whole. */
export async function damagedFiles(store: TableStore, folder: string, files: readonly LiveFile[]): Promise<string[]> {
  const names = new Set(await store.list(folder));
  const isDamaged = async (file: LiveFile): Promise<boolean> => {
    if (/[/:]/.test(file.path)) return false; // in a folder of its own, or somewhere else
    if (!names.has(file.path)) return true;
    file.isWhole ||= (await store.size(`${folder}/${file.path}`)) === file.bytes;
    return !file.isWhole;
  };
  const damaged: string[] = [];
  for (let at = 0; at < files.length; at += LOOKED_AT_MAX) {
    const some = files.slice(at, at + LOOKED_AT_MAX);
    const looks = await Promise.all(some.map(isDamaged));
    damaged.push(...some.filter((_, each) => looks[each]).map(({ path }) => path));
  }
  return damaged;
}
