/** What the commands share: where output goes, and who answers them. */
import { askServer, helloAt } from '../control/client.js';
import type { ArgsOf, CommandName, ResultOf, TableListing } from '../control/commands.js';
import { parseConfig, type Config } from '../config.js';
import { systemDisk } from '../disk.js';
import { dataPaths } from '../names.js';
import type { Cell } from '../query/duckdb.js';
import { writeResult, type Format } from '../query/format.js';
import { inWords } from './words.js';

/** Writes to stdout; settles when it is taken. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Says on stderr what is wrong with tables. */
export function sayProblems(tables: readonly Pick<TableListing, 'problems'>[]): void {
  for (const { problems } of tables) for (const problem of problems) process.stderr.write(`sluice: ${inWords(problem)}\n`);
}

/** Says on stderr of which tables not all rows are in files. @returns how many they are */
export function sayFailed({ failed }: Pick<ResultOf<'flush'>, 'failed'>): number {
  for (const { database, measurement, reason } of failed) {
    process.stderr.write(`sluice: not all rows of ${measurement} of database ${database} are in files: ${inWords(reason)}\n`);
  }
  return failed.length;
}

/** Says on stderr of which tables rows in the log alone are not shown. */
export function sayUnshown({ failed }: Pick<ResultOf<'tables-to-read'>, 'failed'>): void {
  for (const { database, measurement, reason } of failed) {
    process.stderr.write(`sluice: of ${measurement} of database ${database} rows that are in no file yet are not shown: ${inWords(reason)}\n`);
  }
}

/** Writes rows in a format of `sluice query`. */
export async function printRows(columns: readonly string[], rows: readonly (readonly Cell[])[], format: Format): Promise<void> {
  async function* once(): AsyncGenerator<readonly (readonly Cell[])[]> {
    yield rows;
  }
  await writeResult({ columns, rows: once() }, format, writeOut);
}

/** Runs commands of whoever holds a data folder. */
export type Runner = <C extends CommandName>(command: C, args: ArgsOf<C>, body?: Uint8Array) => Promise<ResultOf<C>>;

/**
 * Lets `use` run commands in the server of a data folder; with none running, opens the folder here for so long.
 * @param dataDir as the user gave it, or undefined for the setting's own
 * @throws Error with a sentence when there is no such folder or a command failed
 */
export async function withFolder<T>(dataDir: string | undefined, use: (run: Runner, config: Config) => Promise<T>): Promise<T> {
  const config = parseConfig({ 'data-dir': dataDir }, { SLUICE_LOG_LEVEL: 'warn', ...process.env });
  const { socket } = dataPaths(config.dataDir);
  const askHolder = (): Promise<T> => use(async (command, args, body) => {
    const answer = await askServer(socket, command, args, body);
    if (answer === null) throw new Error('the server went away');
    return answer;
  }, config);
  if ((await helloAt(socket)) !== null) return askHolder();
  if (!(await systemDisk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const { openEngine } = await import('../engine.js');
  const { FolderHeld } = await import('../control/server.js');
  const engine = await openEngine(config, { holder: 'command' }).catch(async (error: Error) => {
    // A server may have started since the question.
    if (error instanceof FolderHeld && (await helloAt(socket)) !== null) return null;
    throw error;
  });
  if (engine === null) return askHolder();
  try {
    await engine.recovered();
    return await use((command, args, body) => engine.control.run(command, args, body), config);
  } finally {
    await engine.stop();
  }
}

/** Runs one command. @throws as withFolder */
export function runCommand<C extends CommandName>(dataDir: string | undefined, command: C, args: ArgsOf<C>): Promise<ResultOf<C>> {
  return withFolder(dataDir, (run) => run(command, args));
}
