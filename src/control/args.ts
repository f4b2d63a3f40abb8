/** What each command must be given, for a command of another version may send something else. */
import { PERMISSIONS } from '../auth/principal.js';
import { array, boolean, check, decode, exactOptional, literal, nullable, number, object, picklist, pipe, regex, safeInteger, string, tuple, union, type GenericSchema } from '../json.js';
import { SPILL_NAME as QUERY } from '../names.js';
import { checkRetention } from '../retention.js';
import { TAG_RULES, TYPE_RULES } from '../schema-rules.js';
import type { ArgsOf, CommandName } from './commands.js';

const nothing = object({});
const ofDatabase = object({ database: nullable(string()) });
const named = object({ name: string() });
const settings = object({
  tags: exactOptional(picklist(TAG_RULES)), types: exactOptional(picklist(TYPE_RULES)),
  retentionS: exactOptional(nullable(pipe(number(), safeInteger('a whole number'), check((seconds) => checkRetention(seconds) === null, 'a period that a database may have')))),
});
const nanoseconds = pipe(string(), regex(/^-?\d{1,19}$/, 'a time in nanoseconds'));
const grants = array(object({ databases: array(string()), permissions: array(picklist(PERMISSIONS)) }));

const ARGS: { readonly [C in CommandName]: GenericSchema<unknown, ArgsOf<C>> } = {
  'status': nothing,
  'overview': nothing,
  'write': object({ database: string(), precision: pipe(number(), safeInteger('a whole number')), infinities: exactOptional(boolean()) }),
  'flush': ofDatabase,
  'compact': ofDatabase,
  'tables': ofDatabase,
  'delete': object({ database: string(), measurement: nullable(string()), firstNs: nanoseconds, lastNs: nanoseconds, tags: array(tuple([string(), string()])) }),
  'files': object({ table: string() }),
  'log-hold': object({ hold: nullable(string()) }),
  'log-release': object({ hold: string() }),
  'schema': nothing,
  'tables-to-read': object({ tables: array(object({ database: string(), measurement: string() })), query: pipe(string(), regex(QUERY, 'the name of the folder of a query')) }),
  'quarantine-list': ofDatabase,
  'quarantine-remove': object({ path: string() }),
  'database-create': object({ name: string(), settings: exactOptional(settings) }),
  'database-list': nothing,
  'database-update': object({ name: string(), settings }),
  'database-drop': named,
  'token-create': object({ name: nullable(string()), rights: union([literal('admin'), grants]), lifeMs: nullable(number()) }),
  'token-list': nothing,
  'token-rotate': named,
  'token-delete': named,
};

/** @throws Error with a sentence when they are not what the command takes */
export function argsOf<C extends CommandName>(command: C, args: unknown): ArgsOf<C> {
  try {
    return decode(ARGS[command], args);
  } catch (error) {
    throw new Error(`the command ${command} was asked with what it does not take, perhaps by another version of sluice: ${(error as Error).message}`, { cause: error });
  }
}
