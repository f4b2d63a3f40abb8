/** Deletes that still hide rows (DESIGN.md, section 17): which rows a delete takes, and whether a file may have some. Pure. */
import type { FileSpan } from './file-span.js';

/** Deletes of one database that wait at once for its files to be written anew: each costs whoever reads a file that it may touch. */
export const TOMBSTONES_MAX = 256;

/** What holds all times. */
export const FIRST_NS = -(2n ** 63n);
export const LAST_NS = 2n ** 63n - 1n;

/** Which points a delete takes. Times in decimal nanoseconds since 1970, which JSON cannot say as numbers; both are allowed. */
export interface DeletedPoints {
  readonly firstNs: string;
  readonly lastNs: string;
  /** All must be so; a value of '' stands for a point without the tag. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Rows to leave out of files, as a query is told. */
export interface DeletedRows extends DeletedPoints {
  /** Those with a lower sluice_seq. */
  readonly seq: number;
  /** Whether rows without one count as lower: not those of files that others added after the delete. */
  readonly takesUnnumbered: boolean;
}

/** A delete: of these points the rows that were written before it. */
export interface Tombstone extends DeletedPoints {
  /** Of its record: rows below it are deleted. */
  readonly seq: number;
  /** Database id. */
  readonly database: number;
  /** Table id; null: all tables that the database had then. */
  readonly table: number | null;
}

interface TableFacts {
  readonly id: number;
  readonly databaseId: number;
  readonly created: number;
}

/** What is known of a file of a table. */
interface FileFacts {
  readonly span: FileSpan | null;
  /** No row has a lower seq; null: not known. */
  readonly leastSeq: number | null;
  /** Rows of deletes up to this seq are gone from it already; 0: of none. */
  readonly deletedTo: number;
}

/** What other writers may have rounded the times of their statistics by. */
const SLACK_MS = 1000;
const NS_PER_MS = 1_000_000n;

/** Whether a delete is about rows of a table. */
export function isOfTable({ database, seq, table }: Tombstone, { created, databaseId, id }: TableFacts): boolean {
  return table === null ? database === databaseId && created < seq : table === id;
}

/** Whether all rows that `other`, which came before, takes are taken by `tombstone` as well. */
export function covers(tombstone: Tombstone, other: Tombstone): boolean {
  return tombstone.database === other.database && (tombstone.table === null || tombstone.table === other.table)
    && BigInt(tombstone.firstNs) <= BigInt(other.firstNs) && BigInt(tombstone.lastNs) >= BigInt(other.lastNs)
    && tombstone.tags.every(([key, value]) => other.tags.some((tag) => tag[0] === key && tag[1] === value));
}

/** Whether a file may still have rows that a delete takes, by its times and seqs. */
export function mayHoldDeleted({ firstNs, lastNs, seq }: Tombstone, { deletedTo, leastSeq, span }: FileFacts): boolean {
  if (deletedTo >= seq || (leastSeq !== null && leastSeq >= seq)) return false;
  if (span === null) return true;
  return BigInt(span.lastMs + SLACK_MS) * NS_PER_MS >= BigInt(firstNs) && BigInt(span.firstMs - SLACK_MS) * NS_PER_MS <= BigInt(lastNs);
}

/** Whether a file came after a delete. Of rows that have no sluice_seq nothing else tells. @param addedMs since 1970 */
export function isAddedAfter({ seq }: Pick<Tombstone, 'seq'>, addedMs: number): boolean {
  return addedMs * 1000 > seq; // a seq counts microseconds since 1970
}

/** Whether rows of a table may be taken at all: one that has not the tag has no row with a value of it. @param tagKeys of the table */
export function mayTakeAny({ tags }: DeletedPoints, tagKeys: ReadonlySet<string>): boolean {
  return tags.every(([key, value]) => value === '' || tagKeys.has(key));
}
