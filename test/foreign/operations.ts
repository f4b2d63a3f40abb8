/** What other writers do to a table of ours, and what must become of it. */
import { makeRow, type Row } from './ledger.js';

/** `writable`: sluice must go on writing to it. `refused`: it must not. `either`: both will do, with nothing lost. */
type Outcome = 'writable' | 'refused' | 'either';

export interface Operation {
  /** Acts of foreign.py, one after another. */
  readonly acts: readonly string[];
  readonly outcome: Outcome;
  /** What is left of the rows in files, and what is new; all of them and nothing, unless said. */
  readonly leaves?: (rows: readonly Row[]) => readonly Row[];
  /** What a refusal must speak of. */
  readonly reason?: RegExp;
  /** sluice need not be able to read the newest version: `sluice query` may say so instead of showing rows. */
  readonly unreadable?: boolean;
  /** From now on lines have a field `later`. */
  readonly writesLater?: boolean;
}

const FOREIGN = [1001, 1002, 1003].map((n) => makeRow(n));
const withForeign = (rows: readonly Row[]): Row[] => [...rows, ...FOREIGN];
const onlyForeign = (): Row[] => FOREIGN;
const nothing = (): Row[] => [];
const raised = (row: Row): Row => ({ ...row, v: row.v! + 1000 });
/** Rows of the first commit (story.ts). */
const firstOnly = (rows: readonly Row[]): Row[] => rows.filter(({ n }) => n <= 4);

function writable(acts: string, more: Partial<Operation> = {}): Operation {
  return { acts: acts.split(', then '), outcome: 'writable', ...more };
}

function refused(acts: string, reason: RegExp, more: Partial<Operation> = {}): Operation {
  return { acts: acts.split(', then '), outcome: 'refused', reason, ...more };
}

const PROTOCOL = /protocol|writer|version|feature/i;
const LATER = { writesLater: true, leaves: withForeign } as const;

export const OPERATIONS: readonly Operation[] = [
  // Files are made anew, contents stay.
  writable('compact'),
  writable('z-order'),
  writable('vacuum'),
  writable('vacuum full'),
  writable('compact, then vacuum'),
  writable('compact, then vacuum full'),
  writable('repair'),
  // Contents change.
  writable('delete all', { leaves: nothing }),
  writable('delete all, then vacuum', { leaves: nothing }),
  writable('delete by predicate', { leaves: (rows) => rows.filter(({ n }) => n > 3) }),
  writable('delete by tag', { leaves: (rows) => rows.filter(({ host }) => host !== 'a') }),
  writable('update', { leaves: (rows) => rows.map((row) => (row.host === 'a' ? raised(row) : row)) }),
  writable('merge', { leaves: (rows) => [...rows.map((row) => (row.n === 2 || row.n === 3 ? raised(row) : row)), makeRow(1001)] }),
  writable('append', { leaves: withForeign }),
  writable('overwrite', { leaves: onlyForeign }),
  writable('overwrite by predicate', {
    leaves: (rows) => [...rows.filter(({ host }) => host !== 'a'), ...FOREIGN.map((row) => ({ ...row, host: 'a' }))],
  }),
  writable('restore', { leaves: firstOnly }),
  writable('compact, then vacuum, then append', { leaves: withForeign }),
  // The log is tidied.
  writable('checkpoint'),
  writable('compact log'),
  writable('checkpoint each commit, then append often', { leaves: (rows) => [...rows, ...Array.from({ length: 12 }, (_, i) => makeRow(2000 + i))] }),
  writable('clean up'),
  writable('compact, then vacuum, then clean up'),
  // The schema changes.
  writable('append with a new column', { leaves: withForeign }),
  writable('append with later, a float', LATER),
  writable('append with LATER, a float', LATER),
  writable('append with later, a string', LATER),
  writable('add column later, a string', { writesLater: true }),
  { acts: ['overwrite with another schema'], outcome: 'either', reason: /column|schema/i, leaves: nothing },
  refused('overwrite with partitions', /partition/i, { unreadable: true, leaves: onlyForeign }),
  writable('drop not null'),
  writable('comment'),
  // Properties and names.
  writable('append only'),
  writable('no statistics'),
  writable('rename'),
  writable('describe'),
  // What a writer of version 2 must not touch.
  writable('feature append only'),
  writable('change data feed'),
  refused('constraint', /protocol|writer|version|constraint/i),
  refused('invariant', /invariant/i),
  refused('unknown writer feature', PROTOCOL),
  refused('raise versions', PROTOCOL, { unreadable: true }),
  refused('enable deletion vectors', PROTOCOL, { unreadable: true }),
  refused('deletion vector', PROTOCOL, { unreadable: true, leaves: (rows) => rows.filter(({ n }) => n !== 5) }),
  writable('feature column mapping'),
  refused('column mapping', PROTOCOL, { unreadable: true }),
];

/** Those that are done also while the server is down, by title. */
export const DOWN: readonly string[] = [
  'compact, then vacuum full', 'delete all, then vacuum', 'overwrite', 'restore', 'clean up', 'append with later, a string', 'overwrite with partitions', 'constraint', 'deletion vector',
];

/** Those after which the files of the other writer are put together with ours, and how many files are left then: what has a column of its own stays. */
export const PUT_TOGETHER: ReadonlyMap<string, number> = new Map([
  ['compact', 1], ['z-order', 1], ['delete by predicate', 1], ['delete by tag', 1], ['update', 1], ['merge', 1], ['append', 1], ['overwrite', 1], ['overwrite by predicate', 1],
  ['append with a new column', 2], ['append with later, a float', 1], ['append with later, a string', 2], ['add column later, a string', 1],
]);

/** Those that the other writer can take back by restoring the version before, by title. */
export const TAKEN_BACK: readonly string[] = ['constraint', 'invariant', 'raise versions', 'column mapping'];

export function titleOf({ acts }: Operation): string {
  return acts.join(', then ');
}
