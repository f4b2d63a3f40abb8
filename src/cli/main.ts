/** The command line. Exit codes: 0; 1 what was asked for failed; 2 it was asked wrongly. */
import { Command, CommanderError, Option } from 'commander';
import { helpOf, SETTINGS, UsageError, type Setting } from '../config.js';
import { FORMATS, type Format } from '../query/format.js';
import { VERSION } from '../version.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface DataOptions {
  readonly dataDir?: string;
}
interface DatabaseOptions extends DataOptions {
  readonly database?: string;
}
interface FormatOptions {
  readonly format: Format;
}

const formatOption = (): Option => new Option('--format <format>', 'how rows are written').choices(FORMATS).default('pretty');
const databaseOption = (): Option => new Option('--database <name>', 'of this database alone');

/** A command that works on a data folder. */
function dataCommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--data-dir <path>', 'folder of everything stored (default ./data; SLUICE_DATA_DIR)');
}

function addServe(program: Command): void {
  const command = program.command('serve').description('run the server');
  const options = SETTINGS.map((setting) => ({ setting, option: settingOption(setting) }));
  for (const { option } of options) command.addOption(option);
  command.action(async (given: Record<string, string | boolean | undefined>) => {
    const { serve } = await import('./serve.js');
    await serve(Object.fromEntries(options.map(({ setting, option }) => [setting.flag, given[option.attributeName()]])));
  });
}

function settingOption(setting: Setting): Option {
  const value = setting.unit === 'yes or no' ? '' : ` <${setting.unit}>`;
  return new Option(`--${setting.flag}${value}`, helpOf(setting));
}

function addDatabase(program: Command): void {
  const database = program.command('database').description('make, list and delete databases');
  dataCommand(database, 'create', 'make a database').argument('<name>').action(async (name: string, { dataDir }: DataOptions) => {
    await (await import('./database.js')).createDatabase(dataDir, name);
  });
  dataCommand(database, 'list', 'list databases').addOption(formatOption()).action(async ({ dataDir, format }: DataOptions & FormatOptions) => {
    await (await import('./database.js')).listDatabases(dataDir, format);
  });
  dataCommand(database, 'delete', 'delete a database and all its tables').argument('<name>').action(async (name: string, { dataDir }: DataOptions) => {
    await (await import('./database.js')).deleteDatabase(dataDir, name);
  });
}

function addReading(program: Command): void {
  dataCommand(program, 'tables', 'list tables, their files and the rows in them').addOption(databaseOption()).addOption(formatOption())
    .action(async ({ dataDir, database, format }: DatabaseOptions & FormatOptions) => {
      await (await import('./tables.js')).listTables(dataDir, database ?? null, format);
    });
  dataCommand(program, 'flush', 'move all rows from the log into files').addOption(databaseOption())
    .action(async ({ dataDir, database }: DatabaseOptions) => {
      await (await import('./flush.js')).flush(dataDir, database ?? null);
    });
  dataCommand(program, 'query', 'run SQL over all rows, moving them into files first: a database is a schema, a measurement a view')
    .argument('<sql>').addOption(formatOption())
    .option('--database <name>', 'measurements without a schema are of this database')
    .action(async (sql: string, { dataDir, database, format }: DatabaseOptions & FormatOptions) => {
      await (await import('./query.js')).query(sql, { dataDir, database: database ?? null, format });
    });
}

function addParse(program: Command): void {
  const precisions = ['auto', 'ns', 'us', 'ms', 's', 'm', 'h'];
  program.command('parse').description('check line protocol by its grammar: a JSON object a line for each point and each error')
    .argument('[file]', 'file to read, - for stdin', '-')
    .addOption(new Option('--precision <unit>', 'of the timestamps').choices(precisions).default('auto'))
    .action(async (file: string, { precision }: { precision: string }) => {
      if ((await (await import('./parse.js')).parse(file, precision)) > 0) process.exitCode = EXIT_FAILED;
    });
}

/** Usage errors of every subcommand end here: commander hands its settings down to commands added later. */
function makeProgram(): Command {
  const program = new Command('sluice').description('Write with any InfluxDB client, read with any data engine.')
    .version(VERSION).exitOverride().showHelpAfterError('(sluice --help says more)');
  addServe(program);
  addDatabase(program);
  addReading(program);
  addParse(program);
  return program;
}

async function main(argv: readonly string[]): Promise<void> {
  // The callback of each write tells of a closed stdout; without a listener the event would end the process first.
  process.stdout.on('error', () => undefined);
  try {
    await makeProgram().parseAsync(argv);
  } catch (error) {
    process.exitCode = exitCodeOf(error as Error);
  }
}

/** Says what went wrong, unless commander already did. */
function exitCodeOf(error: Error): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
  process.stderr.write(`sluice: ${error.message}\n`);
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

await main(process.argv);
