/** Where `sluice query --output` puts rows: a file that appears whole, or not at all. */
import { UsageError } from '../config.js';
import { fileAt, systemDisk as disk } from '../disk.js';
import type { Write } from '../query/format.js';
import { copyOf } from '../query/run-query.js';

export interface Output {
  readonly write: Write;
  /** All is written. */
  end(): Promise<void>;
  /** Nothing of it is kept. */
  giveUp(): Promise<void>;
}

/** Where rows are to go. */
export interface Target {
  readonly path: string;
  /** Of this process alone; whoever ends early removes it. */
  readonly unfinished: string;
}

/** The file that a user named: where a link leads, so that the link stays. @throws UsageError for what a file must not take the place of */
export async function targetOf(given: string): Promise<Target> {
  const found = await fileAt(given);
  if (found?.isPlain === false) throw new UsageError(`--output ${given} is a folder, a pipe or a device: give a file, or leave it out and rows go to stdout`);
  const path = found?.path ?? given;
  return { path, unfinished: `${path}.${process.pid}.unfinished` };
}

/** Pieces are joined to so many characters before they are written. */
const PIECE_CHARACTERS = 256 * 1024;

/** @throws when the file cannot be made */
export async function outputTo({ path, unfinished }: Target): Promise<Output> {
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
export async function parquetTo({ path, unfinished }: Target, sql: string, run: (copy: string) => Promise<void>): Promise<void> {
  try {
    await run(copyOf(sql, unfinished));
    await disk.rename(unfinished, path);
  } catch (error) {
    await disk.remove(unfinished);
    throw error;
  }
}
