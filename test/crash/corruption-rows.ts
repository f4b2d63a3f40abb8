/** The rows of the corruption matrix: each has a number of its own, and all its cells follow from that and its table. */

/** A table by its names; `key` tells it from the others. */
export interface TableName {
  readonly database: string;
  readonly measurement: string;
  readonly key: string;
}

/** A row as a query shows it. */
export interface ShownRow {
  readonly place: string;
  readonly id: number;
  readonly half: unknown;
  readonly text: unknown;
  readonly host: unknown;
}

const TIME_NS = 1_700_000_000_000_000_000n;
/** Rows of a long table fill log segments; the others are quick to read. */
const LONG_TEXT_CHARACTERS = 600;

export function tableName(database: string, measurement: string): TableName {
  return { database, measurement, key: `${database}.${measurement}` };
}

/** Never flushed while a folder is made: its rows keep every log segment. */
export const SLOW = tableName('late', 'slow');
/** Written, flushed, dropped, and made anew. */
export const AGAIN = tableName('shop', 'again');
/** Made last: its catalog record is young. */
export const YOUNG = tableName('shop', 'young');
/** Filled by an import that was interrupted. */
export const LOADED = tableName('loaded', 'points');
/** The tables that have several commits. */
export const FLUSHED: readonly TableName[] = [
  tableName('plant', 'engine'), tableName('plant', 'pump'), tableName('plant', 'odd name'),
  tableName('metrics/two_weeks', 'cpu'), tableName('metrics/two_weeks', 'disk'), tableName('shop', 'sales'),
];
export const TABLES: readonly TableName[] = [...FLUSHED, SLOW, AGAIN, YOUNG, LOADED];

function textOf(id: number, key: string): string {
  const text = `row ${id} of ${key}`;
  return key === SLOW.key ? `${text}; `.repeat(LONG_TEXT_CHARACTERS).slice(0, LONG_TEXT_CHARACTERS) : text;
}

/** The row as line protocol. */
export function lineOf(id: number, { key, measurement }: TableName): string {
  return `${measurement.replaceAll(' ', '\\ ')},host=h${id % 5} id=${id}i,half=${id / 2 + 0.25},text="${textOf(id, key)}" ${TIME_NS + BigInt(id) * 1_000_000n}`;
}

/** A row of the first life of the table that is dropped: its columns have other types. */
export function droppedLineOf(id: number, { measurement }: TableName): string {
  return `${measurement},host=h${id % 5} id=${id}i,half="dropped",text=true ${TIME_NS + BigInt(id) * 1_000_000n}`;
}

/** The query that shows a table's rows. */
export function selectOf({ database, measurement, key }: TableName): string {
  return `SELECT '${key}' AS place, id, half, text, host FROM "${database}"."${measurement}"`;
}

/** Reads every column of a table: a file of which one cannot be read may still answer what leaves that one out. */
export function selectAllOf({ database, measurement }: TableName): string {
  return `SELECT *, sluice_ns, sluice_seq FROM "${database}"."${measurement}"`;
}

/** Whether a shown row is what was written under its number. */
export function isAsWritten({ id, half, text, host, place }: ShownRow): boolean {
  return half === id / 2 + 0.25 && text === textOf(id, place) && host === `h${id % 5}`;
}

/** Numbers of lines in a text of line protocol. */
export function idsIn(text: string): number[] {
  return [...text.matchAll(/ id=(\d+)i,/g)].map(([, id]) => Number(id));
}
