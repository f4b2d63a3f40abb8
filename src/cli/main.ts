/** The command line. Exit codes: 0; 1 what was asked for failed; 2 it was asked wrongly. */
import { Command, CommanderError, Option } from 'commander';
import { helpOf, QUERY_MEMORY, SETTINGS, UsageError, type Setting } from '../config.js';
import { outletOf } from '../outlet.js';
import { FORMATS, type Format } from '../query/format.js';
import { TAG_RULES, TYPE_RULES } from '../schema-rules.js';
import { VERSION } from '../version.js';
import type { SettingOptions } from './database.js';
import { Stopped } from './interrupt.js';
import type { DeleteOptions } from './delete.js';
import type { FilesOptions } from './files.js';
import type { CreateTokenOptions } from './token.js';
import { counted, inWords, verb } from './words.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const PRECISIONS = ['auto', 'ns', 'us', 'ms', 's', 'm', 'h'] as const;

interface DataOptions {
  readonly dataDir?: string;
}
interface DatabaseOptions extends DataOptions {
  readonly database?: string;
}
interface CodeOptions {
  readonly code?: string;
}
interface FormatOptions {
  readonly format: Format;
}

interface CheckOptions {
  readonly format: 'pretty' | 'json';
  readonly queryMemory?: string;
  readonly rebuild?: boolean;
  readonly ledger?: string;
  readonly precision: string;
}

interface QueryOptions extends DatabaseOptions {
  readonly format: Format | 'parquet';
  readonly output?: string;
  readonly queryMemory?: string;
}

const formatOption = (): Option => new Option('--format <format>', 'how rows are written').choices(FORMATS).default('pretty');
const codeOption = (): Option => new Option('--code <code>', 'rejected lines of this code alone, as type-conflict');
const databaseOption = (): Option => new Option('--database <name>', 'of this database alone');

/** A command that works on a data folder. */
function dataCommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--data-dir <path>', 'folder of everything stored (default ./data; SLUICE_DATA_DIR)');
}

function addServe(program: Command): void {
  const command = program.command('serve').description('run the server');
  const options = SETTINGS.map((setting) => ({ setting, option: settingOption(setting) }));
  for (const { option } of options) command.addOption(option);
  command.option('--port <port>', 'listen on this port of 127.0.0.1: short for --http-bind 127.0.0.1:<port>');
  command.action(async (given: Record<string, string | boolean | undefined>) => {
    const flags = Object.fromEntries(options.map(({ setting, option }) => [setting.flag, given[option.attributeName()]]));
    const { serve } = await import('./serve.js');
    await serve({ ...flags, ...bindOf(given['port'], flags['http-bind']) });
  });
}

function bindOf(port: string | boolean | undefined, address: string | boolean | undefined): Record<string, string> {
  if (port === undefined) return {};
  if (address !== undefined) throw new UsageError('--port is short for --http-bind: give one of them');
  if (!/^\d{1,5}$/.test(String(port)) || Number(port) > 65_535) throw new UsageError(`--port is ${JSON.stringify(port)}: it must be a port from 0 to 65535`);
  return { 'http-bind': `127.0.0.1:${port}` };
}

function settingOption(setting: Setting): Option {
  const value = setting.unit === 'yes or no' ? '' : ` <${setting.unit}>`;
  return new Option(`--${setting.flag}${value}`, helpOf(setting));
}

function addDatabase(program: Command): void {
  const database = program.command('database').description('make, list, change and delete databases');
  const tagsOption = (): Option => new Option('--tags <rule>', 'whether a table takes new tags after its first write').choices(TAG_RULES);
  const typesOption = (): Option => new Option('--types <rule>', 'what becomes of a value of another type than its column').choices(TYPE_RULES);
  const retentionOption = (): Option => new Option('--retention <time>', 'how long its rows are kept, as in 12h, 30d or 1y, or none: for ever');
  dataCommand(database, 'create', 'make a database').argument('<name>').addOption(tagsOption()).addOption(typesOption()).addOption(retentionOption())
    .action(async (name: string, { dataDir, ...settings }: DataOptions & SettingOptions) => {
      await (await import('./database.js')).createDatabase(dataDir, name, settings);
    });
  dataCommand(database, 'update', 'change the rules and the retention of a database').argument('<name>').addOption(tagsOption()).addOption(typesOption()).addOption(retentionOption())
    .action(async (name: string, { dataDir, ...settings }: DataOptions & SettingOptions) => {
      await (await import('./database.js')).updateDatabase(dataDir, name, settings);
    });
  dataCommand(database, 'list', 'list databases').addOption(formatOption()).action(async ({ dataDir, format }: DataOptions & FormatOptions) => {
    await (await import('./database.js')).listDatabases(dataDir, format);
  });
  dataCommand(database, 'delete', 'delete a database and all its tables').argument('<name>').action(async (name: string, { dataDir }: DataOptions) => {
    await (await import('./database.js')).deleteDatabase(dataDir, name);
  });
}

function addToken(program: Command): void {
  const token = program.command('token').description('make, list, rotate and delete tokens');
  dataCommand(token, 'create', 'make a token and print it, this once')
    .option('--admin', 'allow everything')
    .option('--database <pattern>', 'allow this database: a name, prefix* or *; may be repeated', (pattern: string, before: readonly string[] = []) => [...before, pattern])
    .option('--permission <list>', 'read, write, or read,write')
    .option('--expires <time>', 'after this time, as in 12h, 90d or 1y; never unless said')
    .option('--name <name>', 'what it is called (default _admin with --admin, else token- and its number)')
    .action(async ({ dataDir, ...options }: DataOptions & CreateTokenOptions) => {
      await (await import('./token.js')).createToken(dataDir, options);
    });
  dataCommand(token, 'list', 'list tokens').addOption(formatOption()).action(async ({ dataDir, format }: DataOptions & FormatOptions) => {
    await (await import('./token.js')).listTokens(dataDir, format);
  });
  dataCommand(token, 'rotate', 'give a token a new text and print it, this once').argument('<name>').action(async (name: string, { dataDir }: DataOptions) => {
    await (await import('./token.js')).rotateToken(dataDir, name);
  });
  dataCommand(token, 'delete', 'delete a token').argument('<name>').action(async (name: string, { dataDir }: DataOptions) => {
    await (await import('./token.js')).deleteToken(dataDir, name);
  });
}

function addReading(program: Command): void {
  dataCommand(program, 'tables', 'list tables, their files and the rows in them').addOption(databaseOption()).addOption(formatOption())
    .action(async ({ dataDir, database, format }: DatabaseOptions & FormatOptions) => {
      if ((await (await import('./tables.js')).listTables(dataDir, database ?? null, format)) > 0) process.exitCode = EXIT_FAILED;
    });
  dataCommand(program, 'flush', 'move all rows from the log into files').addOption(databaseOption())
    .action(async ({ dataDir, database }: DatabaseOptions) => {
      if ((await (await import('./flush.js')).flush(dataDir, database ?? null)) > 0) process.exitCode = EXIT_FAILED;
    });
  dataCommand(program, 'compact', 'put files of tables together, as the server does by itself').addOption(databaseOption())
    .action(async ({ dataDir, database }: DatabaseOptions) => {
      if ((await (await import('./compact.js')).compact(dataDir, database ?? null)) > 0) process.exitCode = EXIT_FAILED;
    });
  dataCommand(program, 'query', 'run SQL over all rows, those in no file yet as well: a database is a schema, a measurement a view')
    .argument('<sql>', 'one statement or several, - for stdin')
    .addOption(new Option('--format <format>', 'how rows are written; parquet needs --output').choices([...FORMATS, 'parquet']).default('pretty'))
    .option('--database <name>', 'measurements without a schema are of this database')
    .option('--output <file>', 'write rows into this file, which appears when it is whole')
    .addOption(settingOption(QUERY_MEMORY))
    .action(async (sql: string, { dataDir, database, format, output, queryMemory }: QueryOptions) => {
      const unreadable = await (await import('./query.js')).query(sql, { dataDir, database: database ?? null, format, output: output ?? null, queryMemory });
      if (unreadable > 0) process.exitCode = EXIT_FAILED;
    });
}

function addFiles(program: Command): void {
  dataCommand(program, 'files', 'print the live files of a table, an absolute path a line').argument('<table>', 'DATABASE.TABLE')
    .option('--from <time>', 'only files that may hold points at this time or later, as in 2026-01-31 or 2026-01-31T12:00:00Z')
    .option('--to <time>', 'only files that may hold points at this time or earlier')
    .option('--sql', "as DuckDB's read_parquet")
    .addOption(new Option('--format <format>', 'how they are written; json says sizes, rows and times too').choices(['plain', 'json']).default('plain'))
    .action(async (table: string, { dataDir, ...options }: DataOptions & FilesOptions) => {
      if (!(await (await import('./files.js')).printFiles(dataDir, table, options))) process.exitCode = EXIT_FAILED;
    });
}

function addDelete(program: Command): void {
  dataCommand(program, 'delete', 'delete rows that were written until now, by measurement, time and tags').argument('<database>')
    .option('--measurement <name>', 'of this measurement alone')
    .option('--from <time>', 'points at this time or later, as in 2026-01-31 or 2026-01-31T12:00:00Z')
    .option('--to <time>', 'points at this time or earlier')
    .option('--tag <key=value>', 'points with this tag, or without it where no value is said; may be repeated', (tag: string, before: readonly string[] = []) => [...before, tag])
    .option('--all', 'all rows of the database: where nothing bounds them')
    .action(async (database: string, { dataDir, ...options }: DataOptions & DeleteOptions) => (await import('./delete.js')).deleteRows(dataDir, database, options));
}

function addCheck(program: Command): void {
  dataCommand(program, 'check', 'check tables by the Delta protocol: commits, checkpoints, files, pages, statistics, rows')
    .argument('[what]', 'a folder, a database or DATABASE.TABLE (default: all tables)')
    .addOption(new Option('--format <format>', 'how it is written').choices(['pretty', 'json']).default('pretty'))
    .addOption(settingOption(QUERY_MEMORY))
    .option('--ledger <file>', 'a file of line protocol, - for stdin, all of which the database must hold; its rows are moved into files first')
    .addOption(new Option('--precision <unit>', 'of the timestamps of the ledger').choices(PRECISIONS).default('auto'))
    .option('--rebuild', 'before: make catalog.json anew from the tables and the log; no server may run')
    .action(async (what: string | undefined, { dataDir, format, ledger, precision, queryMemory, rebuild = false }: DataOptions & CheckOptions) => {
      if (rebuild && (what !== undefined || format === 'json')) throw new UsageError('--rebuild is of a whole data folder, and says what it did in sentences');
      if (rebuild) await (await import('./check.js')).rebuild(dataDir);
      if ((await (await import('./check.js')).check(what ?? null, { dataDir, format, queryMemory, ledger: ledger === undefined ? null : { file: ledger, precision } })) > 0) process.exitCode = EXIT_FAILED;
    });
}

function addBackup(program: Command): void {
  dataCommand(program, 'backup', 'copy the data folder while the server writes; again into the same folder only what is new')
    .argument('<folder>', 'folder of the backup')
    .action(async (folder: string, { dataDir }: DataOptions) => (await import('./backup.js')).backup(dataDir, folder));
  dataCommand(program, 'restore', 'make a data folder of a backup').argument('<folder>', 'folder of the backup')
    .action(async (folder: string, { dataDir }: DataOptions) => (await import('./backup.js')).restore(dataDir, folder));
}

function addRejected(program: Command): void {
  dataCommand(program, 'rejected', 'print the rejected lines that are kept, with code, reason, time and source')
    .addOption(databaseOption()).addOption(codeOption())
    .addOption(new Option('--format <format>', 'how they are written; json and jsonl say all that is kept (default pretty, with --follow jsonl)').choices(FORMATS))
    .option('--follow', 'go on with those to come')
    .action(async ({ dataDir, database, code, format, follow = false }: DatabaseOptions & CodeOptions & Partial<FormatOptions> & { readonly follow?: boolean }) => {
      const how = { format: format ?? (follow ? 'jsonl' : 'pretty'), follow };
      await (await import('./rejected.js')).printRejected(dataDir, { database: database ?? null, code: code ?? null }, how);
    });
}

function addStatus(program: Command): void {
  dataCommand(program, 'status', 'say what the server is at: lines, refusals, log, memory, tables in trouble')
    .option('--watch', 'go on, every two seconds')
    .addOption(new Option('--format <format>', 'how it is written').choices(['pretty', 'json']).default('pretty'))
    .action(async ({ dataDir, format, watch }: DataOptions & { readonly format: 'pretty' | 'json'; readonly watch?: boolean }) => {
      if (!(await (await import('./status.js')).printStatus(dataDir, { format, watch: watch ?? false }))) process.exitCode = EXIT_FAILED;
    });
}

function addParse(program: Command): void {
  program.command('parse').description('check line protocol by its grammar: a JSON object a line for each point and each error')
    .argument('[file]', 'file to read, - for stdin', '-')
    .addOption(new Option('--precision <unit>', 'of the timestamps').choices(PRECISIONS).default('auto'))
    .option('--exact', 'floats as the 16 hex digits of their bits')
    .action(async (file: string, { precision, exact }: { readonly precision: string; readonly exact?: boolean }) => {
      if ((await (await import('./parse.js')).parse(file, precision, exact ?? false)) > 0) process.exitCode = EXIT_FAILED;
    });
}

function addImport(program: Command): void {
  dataCommand(program, 'import', 'store files of line protocol, or those of influx_inspect export; interrupted, the same command goes on')
    .argument('[file...]', 'files to read, gzip or plain, - for stdin')
    .option('--database <name>', 'where lines go, instead of the database that an export names')
    .addOption(new Option('--precision <unit>', 'of the timestamps (default: ns for an export, else auto)').choices(PRECISIONS))
    .option('--rejected', 'instead of files: the rejected lines that the server kept, once the cause is mended (--database: of this one alone)')
    .addOption(codeOption())
    .option('--quarantine', 'instead of files: the rows that could not go into their table, once the cause is mended (--database: of this one alone)')
    .action(async (files: string[], { dataDir, database, precision, rejected, quarantine, code }: DatabaseOptions & CodeOptions & { readonly precision?: string; readonly rejected?: boolean; readonly quarantine?: boolean }) => {
      if (quarantine) {
        if (files.length > 0 || precision !== undefined || rejected || code !== undefined) throw new UsageError('--quarantine goes with --database alone: the rows say all else themselves');
        const sum = await (await import('./import/quarantined.js')).importQuarantined(dataDir, database ?? null);
        process.stdout.write(`${counted(sum.stored, 'row')} ${verb(sum.stored, 'is', 'are')} stored, ${sum.rejected} ${verb(sum.rejected, 'was', 'were')} rejected; `
          + `of ${counted(sum.done + sum.left, 'lot')} ${sum.left} ${verb(sum.left, 'stays', 'stay')} in quarantine\n`);
        if (sum.left > 0) process.exitCode = EXIT_FAILED;
        return;
      }
      if (rejected) {
        if (files.length > 0 || precision !== undefined) throw new UsageError('--rejected goes with neither files nor --precision: kept lines have both');
        const sum = await (await import('./import/rejected.js')).importRejected(dataDir, { database: database ?? null, code: code ?? null });
        process.stdout.write(`${counted(sum.stored, 'line')} ${verb(sum.stored, 'is', 'are')} stored, ${sum.rejected} ${verb(sum.rejected, 'was', 'were')} rejected again, `
          + `${sum.unreadable} ${verb(sum.unreadable, 'is no line protocol and stays', 'are no line protocol and stay')}\n`);
        if (sum.rejected > 0) process.exitCode = EXIT_FAILED;
        return;
      }
      if (files.length === 0) throw new UsageError('give files to import, --rejected or --quarantine');
      if (code !== undefined) throw new UsageError('--code goes with --rejected');
      const lines = await (await import('./import.js')).importFiles(files, { dataDir, database: database ?? null, precision: precision ?? null });
      if (lines > 0) process.exitCode = EXIT_FAILED;
    });
}

/** Usage errors of every subcommand end here: commander hands its settings down to commands added later. */
function makeProgram(): Command {
  const program = new Command('sluice').description('Write with any InfluxDB client, read with any data engine.')
    .version(VERSION, '-v, --version', 'print the version').exitOverride();
  addServe(program);
  addDatabase(program);
  addToken(program);
  addReading(program);
  addFiles(program);
  addDelete(program);
  addCheck(program);
  addBackup(program);
  addRejected(program);
  addStatus(program);
  addParse(program);
  addImport(program);
  program.command('version').description('print the version').action(() => outletOf('stdout').write(`${VERSION}\n`));
  pointToHelp(program, 'sluice');
  return program;
}

/** A usage error names the help that says how it is right. */
function pointToHelp(command: Command, called: string): void {
  command.showHelpAfterError(`(${called} --help says more)`);
  for (const below of command.commands) pointToHelp(below, `${called} ${below.name()}`);
}

async function main(argv: readonly string[]): Promise<void> {
  // The callback of each write tells of a closed stdout; without a listener the event would end the process first.
  // To stderr go warnings of Node and whatever a worker thread says: that nobody takes it is no reason to end.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
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
  outletOf('stderr').write(`sluice: ${inWords(error.message)}\n`);
  if (error instanceof Stopped) return error.exitCode;
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

await main(process.argv);
