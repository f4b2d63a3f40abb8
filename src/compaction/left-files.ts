/** What compaction learnt of files from jobs that failed: which stay as they are, and for how little memory a table is planned. Forgotten at the end of the process. */
import { DAMAGED_FILE, FOREIGN_FORM, NO_ROOM } from './compaction-thread.js';
import type { PlannedFile } from './plan.js';

/** Below it a file is too large for the memory, whatever is put together with it. */
const SHARE_MIN = 1 / 16;

/** damaged: it cannot be read; form: another writer's, with what no file of ours can have; size: too large for the memory given. */
type Reason = 'damaged' | 'form' | 'size';

export class LeftFiles {
  readonly #paths = new Map<number, Set<string>>();
  /** By table, the share of the memory that its jobs are planned for, where all of it was not enough. */
  readonly #shares = new Map<number, number>();
  readonly #counts: Record<Reason, number> = { damaged: 0, form: 0, size: 0 };

  /** Files left since the start, by the reason. */
  counts(): readonly (readonly [reason: string, files: number])[] {
    return Object.entries(this.#counts);
  }

  isLeft(tableId: number, path: string): boolean {
    return this.#paths.get(tableId)?.has(path) === true;
  }

  /** Forgets those that have left the table. */
  keepLive(tableId: number, live: readonly { readonly path: string }[]): void {
    const left = this.#paths.get(tableId);
    if (left === undefined) return;
    const still = new Set(live.flatMap(({ path }) => (left.has(path) ? [path] : [])));
    if (still.size > 0) this.#paths.set(tableId, still);
    else this.#paths.delete(tableId);
  }

  share(tableId: number): number {
    return this.#shares.get(tableId) ?? 1;
  }

  forget(tableId: number): void {
    this.#paths.delete(tableId);
    this.#shares.delete(tableId);
  }

  /**
   * A job failed. When its error tells of its files, the table is planned anew without those, or for less memory.
   * @returns whether that is so, and a sentence on what is left now
   */
  learn(tableId: number, files: readonly PlannedFile[], error: Error): { readonly isNew: boolean; readonly said: string | null } {
    const share = this.share(tableId) / 2;
    if (error.cause === NO_ROOM && files.length > 2 && share >= SHARE_MIN) {
      this.#shares.set(tableId, share);
      return { isNew: true, said: null };
    }
    const found = foundIn(error, files);
    const left = this.#paths.get(tableId) ?? new Set();
    const added = (found?.paths ?? []).filter((path) => !left.has(path));
    if (found === null || added.length === 0) return { isNew: false, said: null };
    this.#paths.set(tableId, left);
    for (const path of added) left.add(path);
    this.#counts[found.reason] += added.length;
    const [first] = error.message.split('\n');
    const what = added.length === 1 ? `${added[0]} stays as it is and is put together with no other` : `${added.length} files stay as they are and are put together with no other, the first one`;
    return { isNew: true, said: `${what}: ${first}` };
  }
}

/** The files that an error tells of. */
function foundIn({ cause, message }: Error, files: readonly PlannedFile[]): { readonly reason: Reason; readonly paths: readonly string[] } | null {
  const named = (): string[] => files.map(({ path }) => path).filter((path) => message.includes(`/${path}`));
  switch (cause) {
    case NO_ROOM: return { reason: 'size', paths: [files.reduce((a, b) => (b.bytes > a.bytes ? b : a)).path] };
    case DAMAGED_FILE: return { reason: 'damaged', paths: named().slice(0, 1) };
    case FOREIGN_FORM: return { reason: 'form', paths: named() };
    default: return null;
  }
}
