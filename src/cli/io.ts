/** What the commands share: where output goes, and who answers them. */
import { askServer } from '../control/client.js';
import type { ArgsOf, CommandName, ResultOf } from '../control/commands.js';
import { parseConfig } from '../config.js';
import { systemDisk } from '../disk.js';
import { dataPaths } from '../names.js';
import type { Cell } from '../query/duckdb.js';
import { writeResult, type Format } from '../query/format.js';

/** Writes to stdout; settles when it is taken. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes rows in a format of `sluice query`. */
export async function printRows(columns: readonly string[], rows: readonly (readonly Cell[])[], format: Format): Promise<void> {
  async function* once(): AsyncGenerator<readonly (readonly Cell[])[]> {
    yield rows;
  }
  await writeResult({ columns, rows: once() }, format, writeOut);
}

/**
 * Runs a command in the server of a data folder; with none running, opens the folder here.
 * @param dataDir as the user gave it, or undefined for the setting's own
 * @throws Error with a sentence when there is no such folder or the command failed
 */
export async function runCommand<C extends CommandName>(dataDir: string | undefined, command: C, args: ArgsOf<C>): Promise<ResultOf<C>> {
  const quiet = { SLUICE_LOG_LEVEL: 'warn', ...process.env };
  const config = parseConfig({ 'data-dir': dataDir }, quiet);
  const answer = await askServer(dataPaths(config.dataDir).socket, command, args);
  if (answer !== null) return answer;
  if (!(await systemDisk.exists(config.dataDir))) throw new Error(`there is no data folder ${config.dataDir}`);
  const { openEngine } = await import('../engine.js');
  const engine = await openEngine(config);
  try {
    await engine.recovered();
    return await engine.control.run(command, args);
  } finally {
    await engine.stop();
  }
}
