/** Which files are written anew for the sake of deletes alone: those that may hold rows which a delete takes. Pure. */
import { mayHoldDeleted, type Tombstone } from '../model/tombstone.js';
import { windowOfBoth } from './calendar.js';
import type { Job, PlannedFile, PlanLimits } from './plan.js';

/** A file with what tells of deleted rows in it. */
type Candidate = PlannedFile & Pick<Parameters<typeof mayHoldDeleted>[1], 'deletedTo' | 'leastSeq' | 'span'>;

/**
 * The next of them: a file, with those of its day that go into one file with it. Null: none may hold such rows.
 * @param isClean whether a file is known to hold no row of a delete, though its statistics do not tell
 */
export function nextDeleteJob(
  files: readonly Candidate[], tombstones: readonly Tombstone[], isClean: (path: string, seq: number) => boolean, { bytesMax, rowsMax }: PlanLimits,
): Job | null {
  const candidates = files.filter((file) => tombstones.some((each) => mayHoldDeleted(each, file) && !isClean(file.path, each.seq)))
    .toSorted((a, b) => a.firstMs - b.firstMs || a.lastMs - b.lastMs || (a.path < b.path ? -1 : 1));
  const [first] = candidates;
  if (first === undefined) return null;
  const taken: Candidate[] = [];
  let bytes = 0, rows = 0;
  for (const file of candidates) {
    bytes += file.bytes;
    rows += file.rows;
    if (taken.length > 0 && (bytes > bytesMax || rows > rowsMax || windowOfBoth(first.firstMs, Math.max(file.firstMs, file.lastMs - 1))?.grain !== 'day')) break;
    taken.push(file);
  }
  const isOf = new Set(taken);
  const beside = files.filter((file) => !isOf.has(file) && taken.some((each) => each.firstMs <= file.lastMs && file.firstMs <= each.lastMs));
  // What compaction made is of one window as it is.
  return { files: taken, untilMs: null, isOneFile: taken.length === 1 && first.isMerged, beside };
}
