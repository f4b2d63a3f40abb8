/** What can be asked of whoever holds a data folder: the commands, what they take and what they give. */
import type { ColumnDefinition } from '../worker/protocol.js';

/** A table and its files. */
export interface TableListing {
  readonly database: string;
  readonly measurement: string;
  /** By id. */
  readonly columns: readonly ColumnDefinition[];
  /** Rows in files, as their statistics state; a point written twice may count twice. */
  readonly rows: number;
  /** Absolute paths of the live files. */
  readonly files: readonly string[];
  /** Log number up to which rows are in files; 0: none are. */
  readonly sealedTo: number;
}

/** Every command. `database: null` means all of them. */
interface ControlCommands {
  readonly 'status': { readonly args: Readonly<Record<string, never>>; readonly result: { readonly pid: number; readonly problems: readonly string[] } };
  /** Moves all rows that are on disk into files. */
  readonly 'flush': { readonly args: { readonly database: string | null }; readonly result: { readonly tables: number } };
  readonly 'tables': { readonly args: { readonly database: string | null }; readonly result: readonly TableListing[] };
  readonly 'database-create': { readonly args: { readonly name: string }; readonly result: { readonly created: boolean } };
  readonly 'database-list': { readonly args: Readonly<Record<string, never>>; readonly result: readonly { readonly name: string; readonly tables: number }[] };
  readonly 'database-drop': { readonly args: { readonly name: string }; readonly result: { readonly tables: number } };
}

export type CommandName = keyof ControlCommands;
export type ArgsOf<C extends CommandName> = ControlCommands[C]['args'];
export type ResultOf<C extends CommandName> = ControlCommands[C]['result'];

/** What answers the commands. An error's message is what the user reads. */
export type ControlHandlers = { readonly [C in CommandName]: (args: ArgsOf<C>) => Promise<ResultOf<C>> };

/** A request line: a command, or the question who is there. */
export type ControlRequest =
  | { readonly command: 'hello' }
  | { readonly command: CommandName; readonly args: unknown };

/** An answer line. */
export type ControlAnswer = { readonly result: unknown } | { readonly error: string };

/** Answer to `hello`. */
export interface Hello {
  readonly pid: number;
  /** Made anew at every bind: tells one's own socket from another's at the same path. */
  readonly nonce: string;
}
