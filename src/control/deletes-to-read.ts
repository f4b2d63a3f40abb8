/** What of a table's files a query is to leave out: the deletes that are pending, and which files they may touch. Pure. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { isAddedAfter, mayHoldDeleted, mayTakeAny, type DeletedRows, type Tombstone } from '../model/tombstone.js';
import type { ColumnDefinition } from '../model/schema.js';
import { isOwnFile } from '../names.js';
import type { LiveFile } from '../tables/delta/file-list.js';

export class DeletesToRead {
  readonly #tombstones: readonly Tombstone[];
  /** Two for each of them: as it is, and as it is for files that others added later. */
  readonly #all: readonly DeletedRows[];

  constructor(tombstones: readonly Tombstone[], columns: readonly ColumnDefinition[]) {
    const tagKeys = new Set(columns.filter(({ kind }) => kind === KIND_TAG).map(({ key }) => key));
    this.#tombstones = tombstones.filter((each) => mayTakeAny(each, tagKeys));
    this.#all = this.#tombstones.flatMap(({ firstNs, lastNs, seq, tags }) => [true, false].map((takesUnnumbered) => ({ firstNs, lastNs, seq, tags, takesUnnumbered })));
  }

  /** All of them, for files of which nothing is known. */
  get all(): readonly DeletedRows[] {
    return this.#all;
  }

  /** Places in `all` of those that may take rows of a file. */
  of(file: Pick<LiveFile, 'path' | 'span' | 'leastSeq' | 'deletedTo' | 'addedMs'>): number[] {
    const isOurs = isOwnFile(file.path);
    return this.#tombstones.flatMap((tombstone, at) => {
      if (!mayHoldDeleted(tombstone, file)) return [];
      return [!isOurs && isAddedAfter(tombstone, file.addedMs) ? 2 * at + 1 : 2 * at];
    });
  }
}
