/** `sluice check`: whether tables are what they say, by the Delta protocol and by the rules of sluice. */
import { tablesBelow, tablesOfData, type FoundTables } from '../check/data-folder.js';
import type { TableReport } from '../check/problem.js';
import { checkTable } from '../check/table.js';
import { parseConfig, queryMemoryOf } from '../config.js';
import { helloAt } from '../control/client.js';
import { fileAt, systemDisk as disk } from '../disk.js';
import { dataPaths } from '../names.js';
import { openDuck, type DuckLimits } from '../query/duckdb.js';
import { writeOut } from './io.js';
import { withSpill } from './query.js';
import { counted, inWords } from './words.js';

interface CheckOptions {
  readonly dataDir: string | undefined;
  readonly format: 'pretty' | 'json';
  readonly queryMemory: string | undefined;
}

/**
 * Checks tables and says what is wrong with them; nothing is changed, and a server may run.
 * @param what a folder, a database or DATABASE.TABLE; null: all tables of the data folder
 * @returns how many problems there are
 * @throws Error when what is to be checked is not there
 */
export async function check(what: string | null, { dataDir, format, queryMemory }: CheckOptions): Promise<number> {
  const folder = what === null ? null : await folderAt(what);
  const config = parseConfig({ 'data-dir': dataDir }, process.env);
  if (folder === null && !(await disk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const isData = folder === null || await disk.exists(`${folder}/tables`);
  const found = isData ? await tablesOfData(disk, folder ?? config.dataDir, folder === null ? what : null) : await tablesBelow(disk, folder);
  const memoryBytesMax = queryMemoryOf(queryMemory, process.env);
  // Beside a folder of others nothing is made: what does not fit into memory there is an error.
  const checked = isData
    ? await withSpill(folder ?? dataDir, memoryBytesMax, null, (limits) => checkAll(found, limits, format))
    : await checkAll(found, { memoryBytesMax, spillFolder: `${folder}/none`, spillBytesMax: 0 }, format);
  if (format === 'json') await writeOut(`${JSON.stringify(checked, null, 2)}\n`);
  else await writeOut(summaryOf(checked));
  return checked.problems;
}

interface Checked {
  readonly problems: number;
  /** In sentences, of the catalog. */
  readonly catalog: readonly string[];
  readonly tables: readonly TableReport[];
}

async function checkAll({ problems, tables }: FoundTables, limits: DuckLimits, format: 'pretty' | 'json'): Promise<Checked> {
  const duck = await openDuck('checked', limits);
  try {
    const say = (line: string): Promise<void> => (format === 'pretty' ? writeOut(`${line}\n`) : Promise.resolve());
    for (const problem of problems) await say(`catalog: ${inWords(problem)}`);
    const reports: TableReport[] = [];
    for (const table of tables) {
      const report = await checkTable(disk, duck, table);
      for (const { code, where, why } of report.problems) await say(`${report.table}: ${where === null ? '' : `${where}: `}${code}: ${inWords(why)}`);
      reports.push(report);
    }
    return { problems: problems.length + reports.reduce((sum, report) => sum + report.problems.length, 0), catalog: problems, tables: reports };
  } finally {
    duck.close();
  }
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
  } finally {
    await engine.stop();
  }
}

/** A folder that stands at a path, or null. */
async function folderAt(path: string): Promise<string | null> {
  const found = await fileAt(path);
  return found === null || found.isPlain ? null : path;
}
