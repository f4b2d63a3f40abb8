/** `sluice rejected`: rejected lines out of the files of their databases, read without the server. */
import { wait } from '../clock.js';
import { parseConfig, UsageError } from '../config.js';
import { systemDisk as disk } from '../disk.js';
import { LINE_ERRORS } from '../errors.js';
import { dataPaths } from '../names.js';
import { RejectReader, type FoundReject } from '../rejects/reader.js';
import type { Cell } from '../query/duckdb.js';
import { writeResult, type Format } from '../query/format.js';
import { sourceOf } from '../rejects/reject-record.js';
import { runCommand, writeOut } from './io.js';
import { inWords } from './words.js';

/** How soon a line that was rejected shows with --follow. */
const LOOK_AGAIN_MS = 250;

export interface RejectedFilter {
  /** null: of all databases. */
  readonly database: string | null;
  /** Name of a line error, or null for all. */
  readonly code: string | null;
}

/** Whether a filter lets a rejected line through. @throws UsageError for a code that does not exist */
export function rejectedTest({ database, code }: RejectedFilter): (found: FoundReject) => boolean {
  const names = LINE_ERRORS.slice(1).map(({ name }) => name);
  if (code !== null && !names.includes(code)) throw new UsageError(`--code is ${JSON.stringify(code)}: it must be one of ${names.join(', ')}`);
  return (found) => (database === null || found.database === database) && (code === null || found.record.code === code);
}

/** What of the rejected lines cannot be read; the others are. */
export function sayProblem(sentence: string): void {
  process.stderr.write(`sluice: ${inWords(sentence)}\n`);
}

const COLUMNS = ['time', 'database', 'line', 'column', 'code', 'reason', 'source'];
const REASONS: ReadonlyMap<string, string> = new Map(LINE_ERRORS.map(({ name, sentence }) => [name, sentence]));

/**
 * Prints rejected lines. In json and jsonl they are as they are kept, a JSON object each.
 * @param follow goes on with those to come, as jsonl, until it is stopped
 * @throws Error when there is no such database
 */
export async function printRejected(dataDir: string | undefined, filter: RejectedFilter, { format, follow }: { readonly format: Format; readonly follow: boolean }): Promise<void> {
  const isWanted = rejectedTest(filter);
  if (follow && format !== 'jsonl') throw new UsageError(`--follow prints jsonl: no ${format} is finished while lines come`);
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  if (!(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const { database } = filter;
  if (database !== null && !(await runCommand(dataDir, 'database-list', {})).some(({ name }) => name === database)) throw new Error(`there is no database ${database}`);
  const reader = new RejectReader(disk, dataPaths(config.dataDir).rejects, sayProblem);
  async function* found(): AsyncGenerator<FoundReject> {
    for await (const each of reader.next()) if (isWanted(each)) yield each;
  }
  if (format !== 'json' && format !== 'jsonl') return writeResult({ columns: COLUMNS, rows: rowsOf(found()) }, format, writeOut);
  let before = format === 'json' ? '[' : '';
  for (;;) {
    for await (const { database: of, record } of found()) {
      await writeOut(`${before}${JSON.stringify({ database: of, ...record })}${format === 'json' ? '' : '\n'}`);
      if (format === 'json') before = ',\n';
    }
    if (!follow) break;
    await wait(LOOK_AGAIN_MS);
  }
  if (format === 'json') await writeOut(before === '[' ? '[]\n' : ']\n');
}

async function* rowsOf(found: AsyncIterable<FoundReject>): AsyncGenerator<Cell[][]> {
  for await (const { database, record } of found) {
    const { code, column, line, time } = record;
    yield [[time, database, line, column, code, REASONS.get(code) ?? '', sourceOf(record).toString()]];
  }
}
