/** Deletes that are pending as conditions of SQL: below the grouping, where each row has its own sluice_seq. Pure. */
import { KIND_TAG } from '../../assembly/layout/codes.js';
import { FIRST_NS, LAST_NS, type DeletedRows } from '../model/tombstone.js';
import { quoteName, quoteText } from './duckdb.js';

/** Of a table to read. */
export interface Deletes {
  readonly deletes?: readonly DeletedRows[];
  /** By path, which of them may take rows of a file; of one that is not named all. */
  readonly deletesOf?: ReadonlyMap<string, readonly number[]>;
}

interface Columns {
  readonly columns: readonly { readonly kind: number; readonly key: string; readonly name: string }[];
}

const NS_PER_MICRO = 1000n;
const NS_LAST = 999n;

/** Files by the deletes that may take rows of them. */
export function byDeletes<T extends Deletes>({ deletes = [], deletesOf = new Map() }: T, files: readonly string[]): { readonly files: readonly string[]; readonly deletes: readonly DeletedRows[] }[] {
  const all = deletes.map((_, at) => at);
  const groups = new Map<string, { files: string[]; deletes: readonly DeletedRows[] }>();
  for (const path of files) {
    const of = deletesOf.get(path) ?? all;
    const group = groups.get(of.join()) ?? { files: [], deletes: of.map((at) => deletes[at]!) };
    groups.set(of.join(), group);
    group.files.push(path);
  }
  return [...groups.values()];
}

/** The rows of a relation without those that are deleted. @param rows a SELECT that has all columns of the table, sluice_ns and sluice_seq */
export function withoutDeleted(rows: string, deletes: readonly DeletedRows[], { columns }: Columns): string {
  const conditions = deletes.flatMap((each) => conditionOf(each, columns) ?? []);
  // A condition that is NULL would leave a row out: none can be.
  return conditions.length === 0 ? rows : `SELECT * FROM (${rows}) WHERE NOT (${conditions.join(' OR ')})`;
}

/** Whether a row is deleted; null: none is. */
function conditionOf({ firstNs, lastNs, seq, tags, takesUnnumbered }: DeletedRows, columns: Columns['columns']): string | null {
  const parts = [`coalesce(sluice_seq, 0) < ${seq}`, ...(takesUnnumbered ? [] : ['coalesce(sluice_seq, 0) > 0']), ...from(BigInt(firstNs)), ...upTo(BigInt(lastNs))];
  for (const [key, value] of tags) {
    const column = columns.find((each) => each.kind === KIND_TAG && each.key === key);
    if (column === undefined && value !== '') return null;
    if (column !== undefined) parts.push(value === '' ? `${quoteName(column.name)} IS NULL` : `coalesce(${quoteName(column.name)} = ${quoteText(value)}, false)`);
  }
  return `(${parts.join(' AND ')})`;
}

function from(ns: bigint): string[] {
  if (ns <= FIRST_NS) return [];
  const [micros, rest] = split(ns);
  const at = `make_timestamptz(${micros})`;
  return [rest === 0n ? `time >= ${at}` : `(time > ${at} OR (time = ${at} AND coalesce(sluice_ns, 0) >= ${rest}))`];
}

function upTo(ns: bigint): string[] {
  if (ns >= LAST_NS) return [];
  const [micros, rest] = split(ns);
  const at = `make_timestamptz(${micros})`;
  return [rest === NS_LAST ? `time <= ${at}` : `(time < ${at} OR (time = ${at} AND coalesce(sluice_ns, 0) <= ${rest}))`];
}

function split(ns: bigint): [micros: bigint, rest: bigint] {
  const rest = ((ns % NS_PER_MICRO) + NS_PER_MICRO) % NS_PER_MICRO;
  return [(ns - rest) / NS_PER_MICRO, rest];
}
