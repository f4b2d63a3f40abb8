/** `sluice files`: the live files of a table, for engines that read Parquet and no Delta. */
import { UsageError } from '../config.js';
import type { FilesListing } from '../control/commands.js';
import { quoteText } from '../query/duckdb.js';
import { runCommand, sayProblems, writeOut } from './io.js';
import { momentOf } from './moment.js';
import { counted, verb } from './words.js';

export interface FilesOptions {
  /** Times as the user gave them. */
  readonly from?: string;
  readonly to?: string;
  readonly sql?: boolean;
  readonly format: 'plain' | 'json';
}

/** Other writers may have rounded the times of their statistics to milliseconds, in whatever direction. */
const SLACK_MS = 1;

/**
 * Prints the live files of a table; what is wrong with it, and rows that are in no file yet, on stderr.
 * @param table DATABASE.TABLE
 * @returns whether all of its files are there
 * @throws UsageError for a time that is none, or an end before the beginning; Error when there is no such table, or --sql would have no file
 */
export async function printFiles(dataDir: string | undefined, table: string, { format, from, sql = false, to }: FilesOptions): Promise<boolean> {
  const [firstMs, lastMs] = [msOf(momentOf('--from', from)) ?? -Infinity, msOf(momentOf('--to', to)) ?? Infinity];
  if (firstMs > lastMs) throw new UsageError(`--from ${from} is later than --to ${to}`);
  if (sql && format === 'json') throw new UsageError('--sql and --format json are two ways to write them: give one');
  const { files, ...listing } = await runCommand(dataDir, 'files', { table });
  const found = { ...listing, files: files.filter((file) => mayHold(file, firstMs, lastMs)) };
  sayProblems([found]);
  if (found.unflushed > 0) process.stderr.write(`sluice: ${counted(found.unflushed, 'row')} of ${table} ${verb(found.unflushed, 'is', 'are')} in the log alone; sluice flush moves them into files\n`);
  if (format === 'json') await writeOut(`${JSON.stringify(readable(found), null, 2)}\n`);
  else if (sql) await writeOut(`${sqlOf(found)}\n`);
  else for (const { path } of found.files) await writeOut(`${path}\n`);
  return found.rows !== null && found.problems.length === 0;
}

function msOf(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns / 1_000_000n);
}

function mayHold({ firstMs, lastMs }: FilesListing['files'][number], from: number, to: number): boolean {
  return firstMs === null || lastMs === null || (lastMs + SLACK_MS >= from && firstMs - SLACK_MS <= to);
}

function sqlOf({ database, files, measurement }: FilesListing): string {
  if (files.length === 0) throw new Error(`no file of ${database}.${measurement} holds such points, and read_parquet needs one`);
  const paths = files.map(({ path }) => quoteText(path.replace(/[*?[]/g, '[$&]')));
  return `read_parquet([${paths.join(', ')}], union_by_name = true)`;
}

/** Times as people write them. */
function readable({ files, ...rest }: FilesListing): object {
  const timeText = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return { ...rest, files: files.map(({ firstMs, lastMs, ...file }) => ({ ...file, first: timeText(firstMs), last: timeText(lastMs) })) };
}
