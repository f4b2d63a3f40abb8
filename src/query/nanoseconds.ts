/**
 * Times with all their digits: a column `time` that a statement shows has its nanoseconds in the column sluice_ns beside
 * it, which is asked for as well, shown as part of the time, and not shown by itself unless it was asked for.
 */
import { quoteName, type Cell, type Duck, type RowStream } from './duckdb.js';
import { serialize } from './serialized.js';

const OWN_COLUMNS = ['sluice_ns', 'sluice_seq'] as const;
/** What was put behind a select list: of the column with that number. */
const ADDED = /^sluice_ns of column (\d+)$/;
const addedName = (at: number): string => `sluice_ns of column ${at}`;
const MICROSECONDS = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z$/;

/** What is read of a statement as json_serialize_sql gives it. */
interface SelectNode {
  readonly type: string;
  readonly modifiers: readonly { readonly type: string }[];
  readonly select_list: readonly { readonly class: string; readonly column_names?: readonly string[] }[];
  readonly from_table: FromTable;
  readonly group_expressions: readonly unknown[];
}
interface FromTable {
  readonly type: string;
  /** Bytes before it in the text. */
  readonly query_location: number;
  readonly left?: FromTable;
}

/**
 * The text with the nanoseconds of each `time` that stands as it is in a list of a plain SELECT from tables, behind that list.
 * @returns null when there is nothing to ask for, or more than SELECTs
 */
export async function withNanoseconds(duck: Duck, sql: string): Promise<string | null> {
  const { statements } = await serialize(duck, sql);
  const bytes = Buffer.from(sql);
  let end = bytes.length;
  let asked = '';
  for (const statement of (statements ?? []).toReversed()) {
    const node = statement.node as unknown as SelectNode;
    const columns = askedOf(node);
    const from = columns === '' ? null : fromAt(bytes, node);
    if (from === null) continue;
    asked = `${columns} ${bytes.toString('utf8', from, end)}${asked}`;
    end = from;
  }
  return asked === '' ? null : bytes.toString('utf8', 0, end) + asked;
}

function askedOf(node: SelectNode): string {
  const isPlain = node.type === 'SELECT_NODE' && node.group_expressions.length === 0 && node.modifiers.every(({ type }) => type !== 'DISTINCT_MODIFIER');
  // `*` has sluice_ns already.
  if (!isPlain || node.select_list.some((item) => item.class === 'STAR')) return '';
  return node.select_list.map(({ class: kind, column_names: names = [] }, at) => {
    if (kind !== 'COLUMN_REF' || names.at(-1)?.toLowerCase() !== 'time') return '';
    return `, ${[...names.slice(0, -1), 'sluice_ns'].map(quoteName).join('.')} AS ${quoteName(addedName(at))}`;
  }).join('');
}

/** Where the word FROM begins, or null where something else stands before the first table. */
function fromAt(bytes: Buffer, { from_table: from }: SelectNode): number | null {
  let first = from;
  while (first.left !== undefined) first = first.left;
  if (first.type !== 'BASE_TABLE') return null;
  const before = bytes.toString('latin1', 0, first.query_location);
  return /\bfrom\s+$/i.exec(before)?.index ?? null;
}

/** A result as it is shown. @param sql what was asked: its names are shown */
export function asShown({ columns, rows }: RowStream, sql: string): RowStream {
  const nanosOf = new Map<number, number>();
  columns.forEach((name, at) => {
    const [, of] = ADDED.exec(name) ?? [];
    if (of !== undefined) nanosOf.set(Number(of), at);
  });
  const hidden = new Set(nanosOf.values());
  for (const name of OWN_COLUMNS) if (!new RegExp(`\\b${name}\\b`, 'i').test(sql)) columns.forEach((column, at) => column === name && hidden.add(at));
  const [time, nanos] = [columns.indexOf('time'), columns.indexOf('sluice_ns')];
  const isOneTable = columns.lastIndexOf('time') === time && columns.lastIndexOf('sluice_ns') === nanos;
  if (time >= 0 && nanos >= 0 && isOneTable) nanosOf.set(time, nanos);
  if (nanosOf.size === 0 && hidden.size === 0) return { columns, rows };
  const shownAt = columns.flatMap((_, at) => (hidden.has(at) ? [] : [at]));
  async function* shown(): AsyncGenerator<Cell[][]> {
    for await (const chunk of rows) {
      yield chunk.map((row) => shownAt.map((at) => (nanosOf.has(at) ? exactTime(row[at]!, row[nanosOf.get(at)!]!) : row[at]!)));
    }
  }
  return { columns: shownAt.map((at) => columns[at]!), rows: shown() };
}

function exactTime(time: Cell, nanos: Cell): Cell {
  const [, micros] = typeof time === 'string' ? (MICROSECONDS.exec(time) ?? []) : [];
  return micros !== undefined && typeof nanos === 'number' ? `${micros}${String(nanos).padStart(3, '0')}Z` : time;
}
