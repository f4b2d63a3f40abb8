/** A live file: there, as long as it was, whole page by page, with the columns of the table and the values that its statistics claim. */
import { basename, isAbsolute, join } from 'node:path';
import type { Disk } from '../disk.js';
import { quoteName, quoteText, type Cell, type Duck } from '../query/duckdb.js';
import type { Add } from './action.js';
import { originOf, type Origin } from './mark.js';
import { walkPages } from './pages.js';
import type { Report } from './problem.js';
import { fits, type Field } from './schema.js';
import { factsSql, parseStatistics, statisticsFaults, type ColumnFacts, type Statistics } from './statistics.js';

export interface FileParts {
  readonly disk: Disk;
  readonly duck: Duck;
  /** Of the table. */
  readonly folder: string;
  /** Without partition columns, which stand in no file. */
  readonly fields: readonly Field[];
  readonly partitionColumns: readonly string[];
}

/** A file that could be read. */
export interface ReadFile {
  readonly path: string;
  readonly rows: bigint;
  /** Least and greatest `sluice_seq` of a file of sluice; null for other files. */
  readonly seqs: readonly [bigint, bigint] | null;
}

/** A list of files as DuckDB reads it; characters that mean a pattern there stand for themselves. */
export function parquetSql(paths: readonly string[]): string {
  return `read_parquet([${paths.map((path) => quoteText(path.replace(/[*?[]/g, '[$&]'))).join(', ')}], union_by_name = true, hive_partitioning = false)`;
}

/** @returns null when its rows cannot be read; why was reported */
export async function checkFile(parts: FileParts, path: string, add: Add, report: Report): Promise<ReadFile | null> {
  const full = isAbsolute(path) ? path : join(parts.folder, path);
  const say: Report = (code, _where, why) => report(code, path, why);
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) {
    say('file-missing', null, 'it lies in another store and was not looked at');
    return null;
  }
  for (const column of parts.partitionColumns) if (!(column in (add.partitionValues ?? {}))) say('commit', null, `its add says no value of the partition column ${column}`);
  const bytes = await parts.disk.sizeOf(full);
  if (bytes === null) {
    say('file-missing', null, 'there is no such file');
    return null;
  }
  if (bytes !== add.size) say('file-size', null, `it has ${bytes} bytes, and its add says ${add.size}`);
  try {
    const found = await walkPages(parts.disk, full, bytes);
    for (const fault of found.faults) say('file-page', null, fault);
    return await checkValues(parts, { path, full, rows: found.rows }, add, say);
  } catch (error) {
    say('file-unreadable', null, (error as Error).message.split('\n')[0]!);
    return null;
  }
}

async function checkValues({ duck, fields }: FileParts, { path, full, rows }: { path: string; full: string; rows: bigint }, add: Add, say: Report): Promise<ReadFile | null> {
  const types = new Map((await rowsOf(duck, `DESCRIBE SELECT * FROM ${parquetSql([full])}`)).map(([name, type]) => [String(name), String(type)]));
  const present = fields.filter(({ name, type }) => {
    const found = types.get(name);
    if (found !== undefined && !fits(type, found)) say('file-columns', null, `column ${name} is ${found}, and the table says ${JSON.stringify(type)}`);
    return found !== undefined && fits(type, found);
  });
  const strange = [...types.keys()].filter((name) => !fields.some((field) => field.name === name));
  const origin = originOf(basename(path));
  if (origin !== null && strange.length > 0) say('file-columns', null, `the table has no column ${strange.join(', ')}`);
  const facts = await factsOf(duck, full, present, rows, say);
  const statistics = statisticsOf(add, say);
  if (statistics?.numRecords != null && statistics.numRecords !== rows) say('file-rows', null, `it has ${rows} rows, and its add says ${statistics.numRecords}`);
  for (const field of fields) {
    const held = facts.get(field.name) ?? { nulls: rows, least: null, greatest: null, hasNaN: false, isPresent: false };
    if (!field.nullable && held.nulls > 0n) say('row', null, `${held.nulls} rows have no ${field.name}, which none may lack`);
    if (statistics === null) continue;
    for (const fault of faultsOf(field, statistics, held, origin !== null)) say('statistics', null, fault);
  }
  if (origin === null) return { path: full, rows, seqs: null };
  if (statistics === null) say('statistics', null, 'its add has none, and sluice gives each file some');
  return { path: full, rows, seqs: ownRules(facts, origin, say) };
}

function faultsOf(field: Field, statistics: Statistics, held: ColumnFacts, isOurs: boolean): string[] {
  try {
    return statisticsFaults(field, statistics, held, isOurs);
  } catch (error) {
    return [(error as Error).message];
  }
}

function statisticsOf({ stats }: Add, say: Report): Statistics | null {
  if (stats == null) return null;
  try {
    return parseStatistics(stats);
  } catch (error) {
    say('statistics', null, `they cannot be read: ${(error as Error).message}`);
    return null;
  }
}

/** Columns of one statement: a table may have thousands. */
const COLUMNS_AT_ONCE = 200;
const FACTS = 4;

/** What the columns hold. The rows are counted as well, for a footer may say something else than its pages. */
async function factsOf(duck: Duck, full: string, fields: readonly Field[], rows: bigint, say: Report): Promise<Map<string, ColumnFacts>> {
  const facts = new Map<string, ColumnFacts>();
  for (let at = 0; at === 0 || at < fields.length; at += COLUMNS_AT_ONCE) {
    const some = fields.slice(at, at + COLUMNS_AT_ONCE);
    const wanted = some.flatMap((field) => factsSql(quoteName(field.name), field));
    const [row] = await rowsOf(duck, `SELECT ${['count(*)', ...wanted].join(', ')} FROM ${parquetSql([full])}`);
    if (at === 0 && wholeOf(row![0]!) !== rows) say('file-rows', null, `${wholeOf(row![0]!)} rows can be read, and its footer says ${rows}`);
    some.forEach(({ name }, index) => {
      const [nulls, least, greatest, hasNaN] = row!.slice(1 + FACTS * index, 1 + FACTS * (index + 1)) as [Cell, Cell, Cell, Cell];
      facts.set(name, { nulls: wholeOf(nulls), least, greatest, hasNaN: hasNaN === true, isPresent: true });
    });
  }
  return facts;
}

/** What holds of the rows of every file of sluice. @returns the least and greatest seq */
function ownRules(facts: ReadonlyMap<string, ColumnFacts>, { isCompacted, seq: seqMax }: Origin, say: Report): readonly [bigint, bigint] | null {
  const span = (name: string): readonly [bigint, bigint] | null => {
    const held = facts.get(name);
    if (held === undefined) say('file-columns', null, `it has no column ${name}`);
    return held === undefined || held.least === null || held.greatest === null ? null : [wholeOf(held.least), wholeOf(held.greatest)];
  };
  span('time');
  const ns = span('sluice_ns');
  if (ns !== null && (ns[0] < 0n || ns[1] > 999n)) say('row', null, `sluice_ns goes from ${ns[0]} to ${ns[1]}: it is 0 to 999`);
  const seqs = span('sluice_seq');
  // Rows that another writer gave none count as of 0, also where they were put together with ours.
  if (seqs !== null && (seqs[0] < (isCompacted ? 0n : 1n) || seqs[1] > BigInt(seqMax))) say('row', null, `sluice_seq goes from ${seqs[0]} to ${seqs[1]}, and the file's name says at most ${seqMax}`);
  return seqs;
}

/** All rows of a small result. */
export async function rowsOf(duck: Duck, sql: string): Promise<(readonly Cell[])[]> {
  const { rows } = await duck.stream(sql);
  const all: (readonly Cell[])[] = [];
  for await (const chunk of rows) all.push(...chunk);
  return all;
}

/** A whole number out of a cell. */
export function wholeOf(cell: Cell): bigint {
  return BigInt(typeof cell === 'object' && cell !== null && 'digits' in cell ? cell.digits : String(cell));
}
