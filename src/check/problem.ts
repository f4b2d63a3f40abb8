/** What is wrong with a table, as `sluice check` says it. */

/** What a check can find; docs/operations.md says what each means. */
export const PROBLEM_CODES = [
  'not-a-table', 'no-protocol', 'no-metadata', 'metadata-without-schema', 'schema', 'refused',
  'version-gap', 'commit', 'commit-mark', 'checkpoint', 'last-checkpoint', 'file-twice', 'remove-without-add', 'catalog',
  'file-missing', 'file-size', 'file-unreadable', 'file-page', 'file-columns', 'file-rows', 'statistics', 'row', 'row-twice', 'ledger',
] as const;
type ProblemCode = (typeof PROBLEM_CODES)[number];

/** One fault. */
export interface Problem {
  /** A version, a checkpoint or a file; null: the table as a whole. */
  readonly where: string | null;
  readonly code: ProblemCode;
  /** What is wrong and how that shows. */
  readonly why: string;
}

/** What a check of one table came to. */
export interface TableReport {
  /** As it was asked for or as it calls itself: `database.measurement`, or its folder. */
  readonly table: string;
  readonly folder: string;
  /** Of the newest commit; null when the log cannot be read. */
  readonly version: number | null;
  readonly commits: number;
  readonly files: number;
  readonly rows: number;
  readonly problems: readonly Problem[];
}

/** Takes problems as they are found. */
export type Report = (code: ProblemCode, where: string | null, why: string) => void;
