/** `sluice check`: whether tables are what they say, by the Delta protocol and by the rules of sluice. */
import { tablesBelow, tablesOfData, type FoundTables } from '../check/data-folder.js';
import { Ledger, type LedgerPoint } from '../check/ledger.js';
import type { Problem, TableReport } from '../check/problem.js';
import { checkTable, type TableContents } from '../check/table.js';
import { parseConfig, queryMemoryOf, UsageError } from '../config.js';
import { helloAt } from '../control/client.js';
import { fileAt, systemDisk as disk } from '../disk.js';
import { dataPaths } from '../names.js';
import { openDuck, type Duck, type DuckLimits } from '../query/duckdb.js';
import { runCommand, sayFailed, writeOut } from './io.js';
import { pointsOf } from './parse.js';
import { withSpill } from './query.js';
import { counted, inWords, verb } from './words.js';

/** What a database must hold. */
interface LedgerOption {
  /** Of line protocol, - for stdin. */
  readonly file: string;
  /** Of its timestamps. */
  readonly precision: string;
}

interface CheckOptions {
  readonly dataDir: string | undefined;
  readonly format: 'pretty' | 'json';
  readonly queryMemory: string | undefined;
  readonly ledger: LedgerOption | null;
}

/**
 * Checks tables and says what is wrong with them; nothing is changed, and a server may run.
 * @param what a folder, a database or DATABASE.TABLE; null: all tables of the data folder. With a ledger, the database that it is of
 * @returns how many problems there are
 * @throws Error when what is to be checked is not there
 */
export async function check(what: string | null, { dataDir, format, ledger, queryMemory }: CheckOptions): Promise<number> {
  const folder = what === null ? null : await folderAt(what);
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  if (ledger !== null && (what === null || folder !== null)) throw new UsageError('--ledger goes with the database that it is of');
  if (ledger !== null) sayFailed(await runCommand(dataDir, 'flush', { database: what }));
  if (folder === null && !(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const isData = folder === null || await disk.exists(`${folder}/tables`);
  const found = isData ? await tablesOfData(disk, folder ?? config.dataDir, folder === null ? what : null) : await tablesBelow(disk, folder);
  const memoryBytesMax = queryMemoryOf(queryMemory, process.env);
  // Beside a folder of others nothing is made: what does not fit into memory there is an error.
  const checked = isData
    ? await withSpill(folder ?? dataDir, memoryBytesMax, null, (limits) => checkAll(found, limits, format, ledger))
    : await checkAll(found, { memoryBytesMax, spillFolder: `${folder}/none`, spillBytesMax: 0 }, format, null);
  if (format === 'json') await writeOut(`${JSON.stringify(checked, null, 2)}\n`);
  else await writeOut(summaryOf(checked));
  return checked.problems;
}

interface Checked {
  readonly problems: number;
  /** In sentences, of the catalog. */
  readonly catalog: readonly string[];
  readonly ledger: readonly Problem[];
  readonly tables: readonly TableReport[];
}

async function checkAll({ problems, tables }: FoundTables, limits: DuckLimits, format: 'pretty' | 'json', ledger: LedgerOption | null): Promise<Checked> {
  const duck = await openDuck('checked', limits);
  try {
    const say = (line: string): Promise<void> => (format === 'pretty' ? writeOut(`${line}\n`) : Promise.resolve());
    for (const problem of problems) await say(`catalog: ${inWords(problem)}`);
    const reports: TableReport[] = [];
    const contents = new Map<string, TableContents>();
    const sayProblem = (name: string, { code, where, why }: Problem): Promise<void> => say(`${name}: ${where === null ? '' : `${where}: `}${code}: ${inWords(why)}`);
    for (const table of tables) {
      const { report, contents: held } = await checkTable(disk, duck, table);
      for (const problem of report.problems) await sayProblem(report.table, problem);
      reports.push(report);
      if (held !== null && table.database !== null) contents.set(table.name.slice(table.database.length + 1), held);
    }
    const ofLedger = ledger === null ? [] : await ledgerProblems(duck, limits.spillFolder, ledger, contents);
    for (const problem of ofLedger) await sayProblem(ledger!.file, problem);
    const count = problems.length + ofLedger.length + reports.reduce((sum, report) => sum + report.problems.length, 0);
    return { problems: count, catalog: problems, ledger: ofLedger, tables: reports };
  } finally {
    duck.close();
  }
}

/** Lines that the parser rejects were never acknowledged, and those without a time cannot be looked for: that is said. */
async function ledgerProblems(duck: Duck, folder: string, { file, precision }: LedgerOption, contents: ReadonlyMap<string, TableContents>): Promise<Problem[]> {
  const ledger = new Ledger(disk, folder);
  let [rejected, timeless] = [0, 0];
  for await (const finding of pointsOf(file, precision)) {
    const point = JSON.parse(finding) as LedgerPoint | { readonly timestamp: null } | { readonly code: string };
    if ('code' in point) rejected += 1;
    else if (point.timestamp === null) timeless += 1;
    else await ledger.add(point);
  }
  await ledger.end();
  if (rejected > 0) process.stderr.write(`sluice: ${counted(rejected, 'line')} of the ledger ${verb(rejected, 'is', 'are')} no line protocol and ${verb(rejected, 'is', 'are')} not looked for; sluice parse says why\n`);
  if (timeless > 0) process.stderr.write(`sluice: ${counted(timeless, 'line')} of the ledger ${verb(timeless, 'has', 'have')} no time and ${verb(timeless, 'is', 'are')} not looked for\n`);
  return ledger.missing(duck, contents);
}

function summaryOf({ problems, tables }: Checked): string {
  const sum = (of: (report: TableReport) => number): number => tables.reduce((all, report) => all + of(report), 0);
  const seen = `${counted(tables.length, 'table')}, ${counted(sum(({ commits }) => commits), 'commit')}, ${counted(sum(({ files }) => files), 'live file')}, ${counted(sum(({ rows }) => rows), 'row')}`;
  return `${seen}: ${problems === 0 ? 'no problem' : counted(problems, 'problem')}\n`;
}

/**
 * Makes the catalog of a data folder anew from its tables and its log; the one before goes to quarantine. Says what came of it.
 * @throws Error with a sentence when a server runs, or there is no data folder
 */
export async function rebuild(dataDir: string | undefined): Promise<void> {
  const config = parseConfig({ 'data-dir': dataDir }, { SLUICE_LOG_LEVEL: 'silent', ...process.env });
  if (!(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  if ((await helloAt(dataPaths(config.dataDir).socket)) !== null) throw new Error('a process has the data folder open: stop the server first');
  const { openEngine } = await import('../engine.js');
  const engine = await openEngine(config, { holder: 'command', isCatalogMadeAnew: true });
  try {
    await engine.recovered();
    for (const sentence of engine.problems()) await writeOut(`${inWords(sentence)}\n`);
    const [databases, tables] = [await engine.control.run('database-list', {}), await engine.control.run('schema', {})];
    await writeOut(`catalog.json is made anew, with ${counted(databases.length, 'database')} and ${counted(tables.length, 'table')}; the one before is in quarantine/\n`);
    await writeOut('deletes that the log has no record of any more are lost with it: rows of them that are in files still are shown again (docs/deletes.md)\n');
  } finally {
    await engine.stop();
  }
}

/** A folder that stands at a path, or null. */
async function folderAt(path: string): Promise<string | null> {
  const found = await fileAt(path);
  return found === null || found.isPlain ? null : path;
}
