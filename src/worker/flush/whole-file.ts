/** A file of a store that stands whole under its name, or not at all. */
import type { StoreWriter, TableStore } from '../../tables/table-store.js';

/**
 * Starts the file that will stand at `path`.
 * @param write writes and publishes it
 * @returns what `write` returns
 * @throws what `write` throws; the unfinished file is thrown away, and the error names both when that fails too
 */
export async function writeWhole<T>(store: TableStore, path: string, write: (writer: StoreWriter) => Promise<T>): Promise<T> {
  const writer = await store.put(path);
  try {
    return await write(writer);
  } catch (error) {
    await abandon(writer, error as Error);
    throw error;
  }
}

async function abandon(writer: StoreWriter, cause: Error): Promise<void> {
  try {
    await writer.abandon();
  } catch (error) {
    throw new Error(`${cause.message}; its unfinished file stays, since ${(error as Error).message}`, { cause });
  }
}
