/** What can be asked of whoever holds a data folder: the commands, what they take and what they give. */
import type { OverviewNow } from '../admin/overview.js';
import type { DatabaseSettings } from '../database-settings.js';
import type { TokenEntry, TokenOrder } from '../auth/token.js';
import type { WriteOutcome } from '../ingest/request.js';
import type { LineError } from '../model/line-error.js';
import type { ColumnDefinition } from '../model/schema.js';
import type { FileSpan } from '../model/file-span.js';
import type { DeletedPoints, DeletedRows } from '../model/tombstone.js';

/** A table and its files. */
export interface TableListing {
  readonly database: string;
  readonly measurement: string;
  /** By id. */
  readonly columns: readonly ColumnDefinition[];
  /** Rows in files, as their statistics state; a point written twice may count twice. null: not known. */
  readonly rows: number | null;
  /** Rows that were acknowledged and are in the log alone. */
  readonly unflushed: number;
  /** Absolute paths of the live files that are there. */
  readonly files: readonly string[];
  /** Absolute paths of files with rows that could not go into the table. */
  readonly quarantined: readonly string[];
  /** Seq up to which rows are in files; 0: none are. */
  readonly flushedTo: number;
  /** What is wrong, in sentences: its Delta log cannot be read, it is set aside, files are missing. */
  readonly problems: readonly string[];
}

/** A table as a query names it, before its files are looked for. */
export interface TableName {
  readonly database: string;
  readonly measurement: string;
}

/** What of a table, or rows of one, is not to be shown. */
interface Kept {
  /** What is before it is past retention; microseconds since 1970, null: all are shown. */
  readonly since: number | null;
  /** Rows of these are deleted. */
  readonly deletes: readonly DeletedRows[];
}

/** A data file, and what its statistics tell. */
interface DataFile {
  readonly path: string;
  readonly span: FileSpan | null;
}

/** Files of one table, for who reads them without Delta. */
export interface FilesListing extends Omit<TableListing, 'files' | 'columns'> {
  /** Absolute paths; times in milliseconds since 1970, no row lies outside of them; null: not known. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly rows: number | null; readonly firstMs: number | null; readonly lastMs: number | null }[];
}

/** A table with all its rows. */
interface TableToRead extends Omit<TableListing, 'files'>, Kept {
  /** With the places in the list of those deletes that may take rows of a file; of all else any may. */
  readonly files: readonly (DataFile & { readonly deletes: readonly number[] })[];
  /** Of their rows those with a sluice_seq above `after` count; all others are in `files`. */
  readonly drafts: readonly DataFile[];
  readonly after: number;
}

/** A table whose rows did not all go into files. */
interface UnflushedTable {
  readonly database: string;
  readonly measurement: string;
  readonly reason: string;
}

/** Rows of a table that could not go into it. */
export interface QuarantinedListing extends Kept {
  /** Names it for `quarantine-remove`. */
  readonly path: string;
  readonly database: string;
  readonly measurement: string;
  readonly columns: readonly ColumnDefinition[];
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** Where the lines of a body belong and what their timestamps mean. */
export interface WriteArgs {
  readonly database: string;
  /** PRECISION_* of the ABI. */
  readonly precision: number;
  /** A number that no double holds is an infinity, as in earlier programs: for rows that these stored. */
  readonly infinities?: boolean;
}

/** The outcome of a write as JSON can say it. */
export type WriteResult =
  | Exclude<WriteOutcome, { kind: 'partial' }>
  | {
      readonly kind: 'partial';
      readonly accepted: number;
      readonly rejected: number;
      /** The first of the rejected lines, with all that is known of them. */
      readonly errors: readonly LineError[];
      /** Pairs (first, last) of the physical lines of all rejected lines. */
      readonly runs: readonly number[];
      /** Records of rejected lines (src/rejects/reject-record.ts), of all unless there are very many. */
      readonly records: string;
    };

/** Every command. `database: null` means all of them. */
interface ControlCommands {
  readonly 'status': { readonly args: Readonly<Record<string, never>>; readonly result: { readonly pid: number; readonly problems: readonly string[]; readonly bodyBytesMax: number; readonly bodyLinesMax: number } };
  /** What the server is at, for people. */
  readonly 'overview': { readonly args: Readonly<Record<string, never>>; readonly result: OverviewNow };
  /** Writes the body that came with it; waits a little for room. The outcome of what waited in vain is 503's. */
  readonly 'write': { readonly args: WriteArgs; readonly result: WriteResult };
  /** Moves all rows that are on disk into files. */
  readonly 'flush': { readonly args: { readonly database: string | null }; readonly result: { readonly tables: number; readonly failed: readonly UnflushedTable[] } };
  readonly 'tables': { readonly args: { readonly database: string | null }; readonly result: readonly TableListing[] };
  /** Puts the files of all tables together, also those that would wait for more. */
  readonly 'compact': {
    readonly args: { readonly database: string | null };
    readonly result: { readonly tables: number; readonly jobs: number; readonly failed: readonly { readonly database: string; readonly measurement: string; readonly reason: string }[] };
  };
  /** Deletes rows that were written until now; gives how many tables may have had some. No measurement: of all tables. */
  readonly 'delete': { readonly args: DeletedPoints & { readonly database: string; readonly measurement: string | null }; readonly result: { readonly tables: number } };
  /** The live files of a table named `database.measurement`; nothing is flushed for it. */
  readonly 'files': { readonly args: { readonly table: string }; readonly result: FilesListing };
  /**
   * Nothing of the log goes for a minute, or until `log-release`; taken again by its name it goes on. Gives the segments and
   * the bytes of each that are synced.
   */
  readonly 'log-hold': { readonly args: { readonly hold: string | null }; readonly result: { readonly hold: string; readonly segments: readonly { readonly name: string; readonly bytes: number }[] } };
  /** `held`: all of the log was kept since the hold was taken. */
  readonly 'log-release': { readonly args: { readonly hold: string }; readonly result: { readonly held: boolean } };
  /** Names and columns of all tables; no file is opened. */
  readonly 'schema': { readonly args: Readonly<Record<string, never>>; readonly result: readonly (TableName & { readonly columns: readonly ColumnDefinition[] })[] };
  /**
   * Finds all rows of these tables that were acknowledged. Of those in the log alone drafts are made, with names in the folder
   * of the query, which must be there. Tables that are gone are left out.
   */
  readonly 'tables-to-read': {
    readonly args: { readonly tables: readonly TableName[]; readonly query: string };
    readonly result: { readonly failed: readonly UnflushedTable[]; readonly tables: readonly TableToRead[] };
  };
  readonly 'quarantine-list': { readonly args: { readonly database: string | null }; readonly result: readonly QuarantinedListing[] };
  /** Removes rows that were written again. */
  readonly 'quarantine-remove': { readonly args: { readonly path: string }; readonly result: Readonly<Record<string, never>> };
  readonly 'database-create': { readonly args: { readonly name: string; readonly settings?: Partial<DatabaseSettings> }; readonly result: { readonly created: boolean } };
  readonly 'database-list': { readonly args: Readonly<Record<string, never>>; readonly result: readonly ({ readonly name: string; readonly tables: number } & DatabaseSettings)[] };
  /** Settings left out stay; gives those that the database has then. */
  readonly 'database-update': { readonly args: { readonly name: string; readonly settings: Partial<DatabaseSettings> }; readonly result: DatabaseSettings };
  /** `trash` has the files of its tables, until then in milliseconds since 1970. */
  readonly 'database-drop': { readonly args: { readonly name: string }; readonly result: { readonly tables: number; readonly trash: { readonly folder: string; readonly untilMs: number } } };
  readonly 'token-create': { readonly args: TokenOrder; readonly result: { readonly name: string; readonly token: string } };
  /** Without hashes. */
  readonly 'token-list': { readonly args: Readonly<Record<string, never>>; readonly result: readonly Omit<TokenEntry, 'sha512'>[] };
  readonly 'token-rotate': { readonly args: { readonly name: string }; readonly result: { readonly name: string; readonly token: string } };
  readonly 'token-delete': { readonly args: { readonly name: string }; readonly result: Readonly<Record<string, never>> };
}

export type CommandName = keyof ControlCommands;
export type ArgsOf<C extends CommandName> = ControlCommands[C]['args'];
export type ResultOf<C extends CommandName> = ControlCommands[C]['result'];

/** What answers the commands; most are given no body, which is empty then. An error's message is what the user reads. */
export type ControlHandlers = { readonly [C in CommandName]: (args: ArgsOf<C>, body: Uint8Array) => Promise<ResultOf<C>> };

/** A request line: a command, or the question who is there. */
export type ControlRequest =
  | { readonly command: 'hello' }
  | { readonly command: CommandName; readonly args: unknown };

/** An answer line. */
export type ControlAnswer = { readonly result: unknown } | { readonly error: string };

/** What a process holds a data folder for: a server until it is stopped, a command as long as it runs. */
export type Holder = 'server' | 'command';

/** Answer to `hello`. */
export interface Hello {
  readonly pid: number;
  /** Earlier programs do not say it: they are taken for servers. */
  readonly holder?: Holder;
  /** Made anew at every bind: tells one's own socket from another's at the same path. */
  readonly nonce: string;
}
