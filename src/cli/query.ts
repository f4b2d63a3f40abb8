/** `sluice query` */
import { systemClock as clock } from '../clock.js';
import { parseConfig, queryMemoryOf, UsageError } from '../config.js';
import { systemDisk as disk } from '../disk.js';
import { dataPaths, spillName } from '../names.js';
import type { DuckLimits } from '../query/duckdb.js';
import { writeResult, type Format } from '../query/format.js';
import { runQuery } from '../query/run-query.js';
import { tableOf } from '../query/found-tables.js';
import type { QueryTable } from '../query/views.js';
import { removeLeftSpills } from '../spill.js';
import { undoOnSignal } from './interrupt.js';
import { runCommand, sayFailed, sayProblems, writeOut } from './io.js';
import { outputTo, parquetTo, targetOf, type Output, type Target } from './output.js';
import { textOf } from './source.js';

interface QueryOptions {
  readonly dataDir: string | undefined;
  /** Whose tables need no schema before them, or null. */
  readonly database: string | null;
  readonly format: Format | 'parquet';
  /** Where rows go; null: to stdout. */
  readonly output: string | null;
  /** As the user gave it. */
  readonly queryMemory: string | undefined;
}

/**
 * Runs SQL over all that was acknowledged: of the tables that it names, rows in the log alone go into files first. Where
 * they cannot, and where files cannot be read, stderr says so.
 * @param sql one statement or several, or - for stdin
 * @returns how many tables could not be read: their rows are not in the result
 */
export async function query(sql: string, options: QueryOptions): Promise<number> {
  const { dataDir, database, format, output, queryMemory } = options;
  if (format === 'parquet' && output === null) throw new UsageError('--format parquet needs --output FILE: no terminal shows it');
  const memoryBytesMax = queryMemoryOf(queryMemory, process.env);
  const target = output === null ? null : await targetOf(output);
  const text = sql === '-' ? await wholeText() : sql;
  const tables = await runCommand(dataDir, 'schema', {});
  let unreadable = 0;
  const load = async (names: readonly { readonly database: string; readonly measurement: string }[]): Promise<QueryTable[]> => {
    const found = await runCommand(dataDir, 'tables-to-read', { tables: names.map(({ database: of, measurement }) => ({ database: of, measurement })) });
    sayFailed(found);
    sayProblems(found.tables);
    unreadable += found.tables.filter(({ rows }) => rows === null).length;
    return found.tables.map(tableOf);
  };
  await withSpill(dataDir, memoryBytesMax, target, async (limits) => {
    if (format === 'parquet') return parquetTo(target!, text, (copy) => runQuery({ tables, load, database, sql: copy, limits, onResult: async () => undefined }));
    const to: Output = target === null ? { write: writeOut, end: async () => undefined, giveUp: async () => undefined } : await outputTo(target);
    try {
      let results = 0;
      await runQuery({
        tables, load, database, sql: text, limits,
        onResult: async (result) => {
          if (results > 0 && format === 'pretty') await to.write('\n');
          results += 1;
          await writeResult(result, format, to.write);
        },
      });
      await to.end();
    } catch (error) {
      await to.giveUp();
      throw error;
    }
  }).catch((error: Error) => {
    if ((error as NodeJS.ErrnoException).code === undefined) error.message += hintFor(text, error.message);
    throw error;
  });
  return unreadable;
}

async function wholeText(): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of textOf('-')) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/**
 * Gives a query a folder for what does not fit into memory, and removes it; also what killed queries left.
 * @param target of which nothing stays when a signal ends the query
 */
export async function withSpill<T>(dataDir: string | undefined, memoryBytesMax: number, target: Target | null, use: (limits: DuckLimits) => Promise<T>): Promise<T> {
  const { dataDir: folder, diskReserveBytes } = parseConfig({ 'data-dir': dataDir }, process.env);
  const paths = dataPaths(folder);
  await removeLeftSpills(disk, paths.allTmp);
  const spillFolder = paths.tmp(spillName(process.pid, clock.nowMs()));
  undoOnSignal(async () => {
    if (target !== null) await disk.remove(target.unfinished);
    await disk.removeTree(spillFolder);
  });
  await disk.makeFolder(spillFolder);
  try {
    const spillBytesMax = Math.max(0, (await disk.freeBytes(spillFolder)) - diskReserveBytes);
    return await use({ memoryBytesMax, spillFolder, spillBytesMax });
  } finally {
    await disk.removeTree(spillFolder);
  }
}

/** InfluxQL writes a time span as 1h, SQL does not. */
const INFLUXQL_SPAN = /\bnow\(\)\s*[-+]\s*(\d+)\s*(ns|us|µs|u|ms|s|m|h|d|w)\b/i;
const SPAN_WORDS: Readonly<Record<string, string>> = {
  ns: 'nanosecond', u: 'microsecond', us: 'microsecond', µs: 'microsecond', ms: 'millisecond', s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week',
};

function hintFor(sql: string, message: string): string {
  const [span, count, unit] = INFLUXQL_SPAN.exec(sql) ?? [];
  if (span !== undefined) {
    return `\nInfluxQL's ${span} is ${span.slice(0, span.search(/\d/))}interval '${count} ${SPAN_WORDS[unit!.toLowerCase()]}${count === '1' ? '' : 's'}' in SQL`;
  }
  if (/\btime\(\d+[a-z]+\)/i.test(sql)) return "\nInfluxQL's GROUP BY time(1m) is GROUP BY time_bucket(interval '1 minute', time) in SQL";
  if (message.includes('Out of Memory')) return '\n--query-memory gives the query more';
  return '';
}
