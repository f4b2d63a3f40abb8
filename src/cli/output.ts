/** Where `sluice query --output` puts rows: a file that appears whole, or not at all. */
import { systemDisk as disk } from '../disk.js';
import type { Write } from '../query/format.js';
import { quoteText } from '../query/duckdb.js';

export interface Output {
  readonly write: Write;
  /** All is written. */
  end(): Promise<void>;
  /** Nothing of it is kept. */
  giveUp(): Promise<void>;
}

/** Pieces are joined to so many characters before they are written. */
const PIECE_CHARACTERS = 256 * 1024;

/** @throws when the file cannot be made */
export async function outputTo(path: string): Promise<Output> {
  const unfinished = unfinishedOf(path);
  await disk.remove(unfinished);
  const file = await disk.open(unfinished, 'create');
  let at = 0;
  let waiting = '';
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(waiting);
    waiting = '';
    await file.write(bytes, at);
    at += bytes.length;
  };
  return {
    async write(text) {
      waiting += text;
      if (waiting.length > PIECE_CHARACTERS) await flush();
    },
    async end() {
      await flush();
      await file.close();
      await disk.rename(unfinished, path);
    },
    async giveUp() {
      await file.close();
      await disk.remove(unfinished);
    },
  };
}

/** Writes the rows of a statement as Parquet. @param run runs a statement that does so */
export async function parquetTo(path: string, sql: string, run: (copy: string) => Promise<void>): Promise<void> {
  const unfinished = unfinishedOf(path);
  try {
    await run(`COPY (${sql.replace(/[;\s]+$/, '')}\n) TO ${quoteText(unfinished)} (FORMAT parquet)`);
    await disk.rename(unfinished, path);
  } catch (error) {
    await disk.remove(unfinished);
    throw error;
  }
}

function unfinishedOf(path: string): string {
  return `${path}.${process.pid}.unfinished`;
}
