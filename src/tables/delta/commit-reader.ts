/** Commits of a table's log, read one after another: several ahead, and so few in one go that nobody waits long for the thread. */
import { commitName } from '../../names.js';
import type { TableStore } from '../table-store.js';

/** Commits that are read at once. */
const AHEAD_MAX = 16;
/** Bytes of commits that are worked on in one go: some milliseconds. */
const SLICE_BYTES = 256 * 1024;

/** Path of a commit below the store's root. @param folder of the table */
export function commitPath(folder: string, version: number): string {
  return `${folder}/_delta_log/${commitName(version)}`;
}

/** Versions of the commits among the names in a log's folder, ascending. */
export function versionsIn(names: readonly string[]): number[] {
  return names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20)));
}

/**
 * The commits from a version on, up to the first that is not there.
 * @param lastKnown a version that is there; behind it others may be
 */
export async function* commitsFrom(
  store: TableStore, folder: string, first: number, lastKnown: number,
): AsyncGenerator<{ readonly version: number; readonly text: string }> {
  const slices = new Slices();
  let version = first;
  for (let ahead = 1; ; ahead = Math.min(2 * ahead, AHEAD_MAX)) {
    const count = Math.max(ahead, Math.min(AHEAD_MAX, lastKnown - version + 1));
    const read = await Promise.all(Array.from({ length: count }, (_, at) => store.get(commitPath(folder, version + at))));
    for (const bytes of read) {
      if (bytes === null) return;
      await slices.take(bytes.length);
      yield { version, text: bytes.toString() };
      version += 1;
    }
  }
}

/** Gives the thread back after so many bytes. */
export class Slices {
  #bytes = 0;

  /** @param bytes that are worked on next */
  async take(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes <= SLICE_BYTES) return;
    this.#bytes = bytes;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
