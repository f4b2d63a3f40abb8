/** Which live files of a table can be put together with others. */
import { isOwnFile, parseDataFileName, parseMergedFileName } from '../names.js';
import type { LiveFile } from '../tables/delta/file-list.js';
import type { TableState } from '../tables/delta/table-state.js';
import type { PlannedFile } from './plan.js';

/** Statistics of other writers may cut a time off behind its millisecond. */
const FOREIGN_SLACK_MS = 1;

/**
 * What can be planned with, and what is only in the way.
 * @param isLeft whether a file is left as it is
 */
export function plannable(live: readonly LiveFile[], state: TableState, isLeft: (file: LiveFile) => boolean): { files: (PlannedFile & LiveFile)[]; others: LiveFile[] } {
  const files: (PlannedFile & LiveFile)[] = [];
  const others: LiveFile[] = [];
  for (const file of live) {
    const { path, rows, span } = file;
    const isOwn = isOwnFile(path);
    if (span === null || rows === null || isLeft(file) || !(isOwn || isLikeOurs(file, state))) others.push(file);
    else {
      const lastMs = span.beforeMs === undefined ? span.lastMs + (isOwn ? 0 : FOREIGN_SLACK_MS) : span.beforeMs - 1;
      files.push({ ...file, rows, firstMs: span.firstMs, lastMs });
    }
  }
  return { files, others };
}

/**
 * Whether a file of another writer may be read as one of ours. One whose rows claim to be newer than what is in files waits:
 * rows in memory may be older than those.
 */
function isLikeOurs({ foreignSeqMax = 0, path }: LiveFile, { deletedFrom, flushedTo }: TableState): boolean {
  return !/[/:]/.test(path) && foreignSeqMax <= flushedTo && !deletedFrom.includes(path);
}

/** Up to which seq a file of ours has rows, by its name; 0 for another's. */
export function seqOf(path: string): number {
  return (parseDataFileName(path) ?? parseMergedFileName(path))?.seq ?? 0;
}
