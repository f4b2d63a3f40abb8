/** Files of a table in place of others, or files that only go: a commit that flushes nothing. */
import { addAction, removeAction, type AddedFile, type Operation } from './delta/actions.js';
import type { FileList, LiveFile } from './delta/file-list.js';
import { isAppendOnly, TableRefused, type TableState } from './delta/table-state.js';

/** What one commit does to the files of a table besides a flush. */
export interface Replacement {
  /** Published already, under names of `mergedFileName` that no version of the table had. */
  readonly adds: readonly AddedFile[];
  /** Paths in the table's folder of live files. */
  readonly removes: readonly string[];
  /** Whether a reader of changes has to see it: false when the rows are the same in other files. */
  readonly dataChange: boolean;
  /** A word of Delta's: OPTIMIZE, DELETE … */
  readonly operation: string;
  /** What else the commit tells of itself; counts of files and their bytes stand there anyway. */
  readonly operationMetrics?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Files that a replacement would remove are no part of the table any more: another writer was faster. Nothing was committed. */
export class FilesGone extends Error {
  constructor(folder: string, paths: readonly string[]) {
    const others = paths.length > 1 ? ` (and ${paths.length - 1} more)` : '';
    super(`table ${folder}: file ${paths[0]}${others} would be replaced and is part of the table no more`);
    this.name = 'FilesGone';
  }
}

/** Whether a table is as a replacement leaves it. @param files of the table @param wasTried a commit of it may stand */
export function isReplaced({ adds, removes }: Replacement, pathOf: (file: AddedFile) => string, files: FileList, wasTried: boolean): boolean {
  if (adds.length === 0 && !wasTried) return false;
  return adds.every((file) => files.isNamed(pathOf(file))) && !removes.some((path) => files.isLive(path));
}

/**
 * The actions of a replacement: what goes, then what comes.
 * @param columns every column name of the schema
 * @throws FilesGone; TableRefused for a table whose rows must stay; Error for a file whose name was used before
 */
export function replacementActions(
  replacement: Replacement, pathOf: (file: AddedFile) => string, folder: string, table: { state: TableState; files: FileList; columns: readonly string[] },
): string[] {
  const { columns, files, state } = table;
  const { adds, dataChange, removes } = replacement;
  if (dataChange && removes.length > 0 && isAppendOnly(state)) throw new TableRefused(folder, 'its rows may not be removed (delta.appendOnly)');
  const used = adds.map(pathOf).find((path) => files.isNamed(path));
  if (used !== undefined) throw new Error(`table ${folder}: file ${used} was part of it before`);
  return [
    ...removed(replacement, folder, files).map(({ bytes, path, uri }) => removeAction(path, uri, bytes, replacement)),
    ...adds.map((file) => addAction(pathOf(file), file, columns, replacement)),
  ];
}

/** @throws FilesGone */
function removed({ removes }: Replacement, folder: string, files: FileList): LiveFile[] {
  const found = removes.map((path) => files.liveFile(path));
  const gone = removes.filter((_, at) => found[at] === undefined);
  if (gone.length > 0) throw new FilesGone(folder, gone);
  return found as LiveFile[];
}

/** What the commit says that it does. */
export function operationOf({ adds, operation, operationMetrics, removes }: Replacement, files: FileList): Operation {
  const bytesOf = (some: readonly { readonly bytes: number }[]): string => String(some.reduce((sum, { bytes }) => sum + bytes, 0));
  const gone = removes.flatMap((path) => files.liveFile(path) ?? []);
  return {
    operation,
    operationParameters: {},
    operationMetrics: {
      numAddedFiles: String(adds.length), numAddedBytes: bytesOf(adds), numRemovedFiles: String(gone.length), numRemovedBytes: bytesOf(gone), ...operationMetrics,
    },
    isBlindAppend: false,
  };
}
