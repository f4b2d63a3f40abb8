/**
 * Between which times the rows of a statement lie, as far as its WHERE says so plainly: so files whose statistics lie
 * outside need not be opened. Of a plain SELECT over one table alone, and of conditions that must all hold.
 */
import type { FileSpan } from '../model/file-span.js';
import { quoteText, type Duck, type Parameters } from './duckdb.js';
import type { Json, JsonObject, SerializedStatement } from './serialized.js';

/** Milliseconds since 1970, both allowed. */
export interface TimeBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

export const UNBOUNDED: TimeBounds = { leastMs: -Infinity, mostMs: Infinity };

/** Statistics give times in milliseconds, and not every writer rounds the greatest up. */
const SLACK_MS = 1;

/** A condition on time: one that the value must be above, below, or either. */
interface Condition {
  readonly value: JsonObject;
  readonly isLeast: boolean;
  readonly isMost: boolean;
}

const COMPARISONS: Readonly<Record<string, readonly [isLeast: boolean, isMost: boolean]>> = {
  COMPARE_GREATERTHAN: [true, false], COMPARE_GREATERTHANOREQUALTO: [true, false], COMPARE_LESSTHAN: [false, true], COMPARE_LESSTHANOREQUALTO: [false, true],
  COMPARE_EQUAL: [true, true],
};
/** What an expression may be made of; of now() it is known alone that it grows. */
const NOW = new Set(['now', 'get_current_timestamp', 'transaction_timestamp']);
const ARITHMETIC = new Set(['+', '-', 'to_seconds', 'to_minutes', 'to_hours', 'to_days', 'to_weeks', 'to_milliseconds', 'to_microseconds', 'trunc', '*']);

/** Of a statement; what it does not say plainly bounds nothing. Never throws for the sake of the statement. */
export async function timeBoundsOf(duck: Duck, statement: SerializedStatement, parameters: Parameters): Promise<TimeBounds> {
  const { node } = statement;
  const from = node['from_table'] as JsonObject | undefined;
  const isPlain = node['type'] === 'SELECT_NODE' && from?.['type'] === 'BASE_TABLE' && from['sample'] === null && relationsIn(node) === 1;
  if (!isPlain) return UNBOUNDED;
  let { leastMs, mostMs } = UNBOUNDED;
  for (const condition of conditionsOf(node['where_clause'] ?? null, namesOf(from))) {
    const { isLeast, isMost, value } = condition;
    const expression = constantOf(value, parameters);
    if (expression === null) continue;
    const hasNow = namesNow(expression);
    const micros = await evaluated(duck, expression);
    if (micros === null) continue;
    if (isLeast) leastMs = Math.max(leastMs, Math.floor(micros / 1000));
    // now() of the statement is later than that of this question.
    if (isMost && !hasNow) mostMs = Math.min(mostMs, Math.ceil(micros / 1000));
  }
  return { leastMs, mostMs };
}

/** Whether a file may have rows between two times; one of which nothing is known may. */
export function mayHold({ leastMs, mostMs }: TimeBounds, span: FileSpan | undefined): boolean {
  return span === undefined || (span.lastMs + SLACK_MS >= leastMs && span.firstMs - SLACK_MS <= mostMs);
}

/** Everything in a statement that has rows: a table that stands twice is bounded by no condition on one of them. */
function relationsIn(part: Json | undefined): number {
  if (part === null || typeof part !== 'object') return 0;
  if (Array.isArray(part)) return part.reduce((sum: number, each) => sum + relationsIn(each as Json), 0);
  const object = part as JsonObject;
  const isRelation = object['class'] === undefined && ['BASE_TABLE', 'TABLE_FUNCTION', 'SHOW_REF', 'SUBQUERY', 'JOIN', 'PIVOT', 'EXPRESSION_LIST'].includes(String(object['type']));
  const isQuery = object['class'] === 'SUBQUERY';
  return Object.values(object).reduce((sum: number, each) => sum + relationsIn(each), isRelation || isQuery ? 1 : 0);
}

/** How the columns of a table may be called before their own names. */
function namesOf(from: JsonObject): ReadonlySet<string> {
  return new Set([String(from['alias']), String(from['table_name'])].map((name) => name.toLowerCase()));
}

/** Those that must all hold. */
function conditionsOf(where: Json, names: ReadonlySet<string>): Condition[] {
  if (where === null || typeof where !== 'object' || Array.isArray(where)) return [];
  const { children, input, left, lower, right, type, upper } = where as JsonObject;
  if (type === 'CONJUNCTION_AND') return (children as readonly Json[]).flatMap((child) => conditionsOf(child, names));
  if (type === 'COMPARE_BETWEEN' && isTime(input, names)) {
    return [{ value: lower as JsonObject, isLeast: true, isMost: false }, { value: upper as JsonObject, isLeast: false, isMost: true }];
  }
  const [isLeast, isMost] = COMPARISONS[String(type)] ?? [false, false];
  if (!isLeast && !isMost) return [];
  if (isTime(left, names)) return [{ value: right as JsonObject, isLeast, isMost }];
  return isTime(right, names) ? [{ value: left as JsonObject, isLeast: isMost, isMost: isLeast }] : [];
}

function isTime(expression: Json | undefined, names: ReadonlySet<string>): boolean {
  const { class: kind, column_names: path } = (expression ?? {}) as JsonObject;
  if (kind !== 'COLUMN_REF') return false;
  const [column, table] = (path as readonly string[]).toReversed().map((name) => name.toLowerCase());
  return column === 'time' && (table === undefined || names.has(table));
}

/** An expression with the values of its parameters; null when it is made of anything but constants, now() and spans of time. */
function constantOf(expression: JsonObject, parameters: Parameters): JsonObject | null {
  const { child, children, class: kind, function_name: name } = expression;
  const plain = { ...expression, query_location: 0 };
  if (kind === 'CONSTANT') return plain;
  if (kind === 'PARAMETER') {
    const value = parameters[String(expression['identifier'])];
    if (typeof value !== 'string') return null;
    return { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', query_location: 0, value: { type: { id: 'VARCHAR', type_info: null }, is_null: false, value } };
  }
  if (kind === 'CAST') {
    const inner = constantOf(child as JsonObject, parameters);
    return inner === null ? null : { ...plain, child: inner };
  }
  if (kind !== 'FUNCTION' || !(NOW.has(String(name)) || ARITHMETIC.has(String(name)))) return null;
  const inner = (children as readonly JsonObject[]).map((each) => constantOf(each, parameters));
  return inner.includes(null) ? null : { ...plain, children: inner as JsonObject[] };
}

function namesNow(expression: JsonObject): boolean {
  const { child, children = [], function_name: name } = expression;
  return NOW.has(String(name)) || [...(children as readonly JsonObject[]), ...(child === undefined ? [] : [child as JsonObject])].some(namesNow);
}

/** A SELECT of nothing but its list, as `json_serialize_sql` gives it. */
const SELECT = {
  type: 'SELECT_NODE', modifiers: [], cte_map: { map: [] }, from_table: { type: 'EMPTY', alias: '', sample: null, query_location: 0 }, where_clause: null,
  group_expressions: [], group_sets: [], aggregate_handling: 'STANDARD_HANDLING', having: null, sample: null, qualify: null,
};

/** Microseconds since 1970 of an expression as the column `time` is compared with it; null when it is no time. */
async function evaluated(duck: Duck, expression: JsonObject): Promise<number | null> {
  const statement = JSON.stringify({ error: false, statements: [{ node: { ...SELECT, select_list: [expression] }, named_param_map: [] }] });
  try {
    const text = await only(duck, `SELECT json_deserialize_sql(${quoteText(statement)}::JSON)`);
    const micros = Number(await only(duck, `SELECT epoch_us(value::TIMESTAMPTZ)::VARCHAR FROM (${text}) AS t(value)`));
    return Number.isFinite(micros) ? micros : null;
  } catch {
    // What DuckDB makes no time of here it may make an error of in the statement itself, and say why.
    return null;
  }
}

async function only(duck: Duck, sql: string): Promise<string> {
  let text = '';
  for await (const rows of (await duck.stream(sql)).rows) for (const [cell] of rows) text = String(cell);
  return text;
}
