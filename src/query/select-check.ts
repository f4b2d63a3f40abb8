/**
 * What others may ask: one SELECT over the views of one database. A statement is looked at as DuckDB read it, part by part,
 * and whatever is not known here is refused. It is one of two locks: DuckDB itself may open nothing but the files of the
 * tables (duckdb.ts).
 */
import { fold } from '../names.js';
import type { Json, JsonObject, SerializedStatement } from './serialized.js';

/** A statement that is not answered here. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
}

/** Where a SELECT may find rows. */
export interface Allowed {
  /** Views by name; of the schema below. */
  readonly views: readonly string[];
  readonly schema: string;
  readonly catalog: string;
}

const QUERY_NODES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE']);
const RELATIONS = new Set(['EMPTY', 'BASE_TABLE', 'SUBQUERY', 'JOIN', 'TABLE_FUNCTION', 'EXPRESSION_LIST', 'PIVOT', 'SHOW_REF']);
const CLASSES = new Set([
  'COLUMN_REF', 'CONSTANT', 'FUNCTION', 'STAR', 'COMPARISON', 'CONJUNCTION', 'OPERATOR', 'CAST', 'CASE', 'BETWEEN', 'SUBQUERY',
  'WINDOW', 'PARAMETER', 'COLLATE', 'LAMBDA', 'POSITIONAL_REFERENCE', 'DEFAULT', 'LAMBDA_REF', 'TYPE',
]);
const MODIFIERS = new Set(['ORDER_MODIFIER', 'LIMIT_MODIFIER', 'LIMIT_PERCENT_MODIFIER', 'DISTINCT_MODIFIER']);
/** Of an ORDER BY. */
const ORDERS = new Set(['ASCENDING', 'DESCENDING', 'ORDER_DEFAULT']);

/** Make rows out of what they are given, and read nothing. */
const TABLE_FUNCTIONS = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree']);
/** What tells of the server, waits, or does something. */
const REFUSED_FUNCTIONS = new Set([
  'current_setting', 'getenv', 'getvariable', 'setseed', 'sleep_ms', 'pg_sleep', 'write_log', 'nextval', 'currval', 'stats', 'which_secret',
  'json_serialize_plan', 'json_execute_serialized_sql', 'read_text', 'read_blob', 'query', 'query_table', 'in_search_path',
]);
/** What DuckDB itself says of the views. */
const CATALOG_SCHEMA = 'information_schema';
const CATALOG_VIEWS = new Set(['tables', 'columns', 'schemata']);

/** Texts and types that stand in a statement, with nothing of it in them. */
const OPAQUE = new Set(['type_info', 'cast_type', 'expected_types']);

/** @throws QueryRefused for what is more, or something else, than one SELECT over the views; Error with DuckDB's words for what is no SQL */
export function checkSelect(statements: readonly SerializedStatement[] | null, problem: string, allowed: Allowed): void {
  if (statements === null && problem.startsWith('Only SELECT')) throw new QueryRefused('only SELECT is answered here');
  if (statements === null) throw new Error(problem);
  if (statements.length === 0) throw new Error('there is no statement in the SQL');
  if (statements.length > 1) throw new QueryRefused('one statement a request is answered here');
  new Check(allowed).query(statements[0]!.node, new Set());
}

class Check {
  readonly #allowed: Allowed;
  readonly #views: ReadonlySet<string>;

  constructor(allowed: Allowed) {
    this.#allowed = allowed;
    this.#views = new Set(allowed.views.map(fold));
  }

  /** A query node: names of its WITH are known in it alone, each from its end on, a recursive one in itself. */
  query(node: JsonObject, outer: ReadonlySet<string>): void {
    if (!QUERY_NODES.has(String(node['type']))) throw unknown(node['type']);
    const known = new Set(outer);
    const { cte_map: named, ...rest } = node;
    for (const entry of ((named as JsonObject | undefined)?.['map'] ?? []) as readonly JsonObject[]) {
      const name = fold(String(entry['key']));
      const inner = ((entry['value'] as JsonObject)['query'] as JsonObject)['node'] as JsonObject;
      this.query(inner, inner['type'] === 'RECURSIVE_CTE_NODE' ? new Set([...known, name]) : known);
      known.add(name);
    }
    // A recursive node names itself within.
    if (node['type'] === 'RECURSIVE_CTE_NODE') known.add(fold(String(node['cte_name'])));
    this.#members(rest, known);
  }

  #part(part: Json | undefined, known: ReadonlySet<string>): void {
    if (part === null || typeof part !== 'object') return;
    if (Array.isArray(part)) {
      for (const each of part) this.#part(each as Json, known);
      return;
    }
    const object = part as JsonObject;
    const { class: kind, type } = object;
    if (typeof type === 'string') {
      if (QUERY_NODES.has(type)) return this.query(object, known);
      if (typeof kind === 'string') this.#expression(object, kind);
      else if (RELATIONS.has(type)) this.#relation(object, type, known);
      else if (!MODIFIERS.has(type) && !ORDERS.has(type)) throw unknown(type);
    }
    this.#members(kind === 'CONSTANT' ? {} : object, known);
  }

  #members(object: JsonObject, known: ReadonlySet<string>): void {
    for (const [key, member] of Object.entries(object)) if (!OPAQUE.has(key)) this.#part(member, known);
  }

  #expression({ function_name: name }: JsonObject, kind: string): void {
    if (!CLASSES.has(kind)) throw unknown(kind);
    if (typeof name === 'string' && REFUSED_FUNCTIONS.has(name.toLowerCase())) throw new QueryRefused(`the function ${name} is not offered here`);
  }

  #relation(relation: JsonObject, type: string, known: ReadonlySet<string>): void {
    if (type === 'BASE_TABLE') this.#table(relation, known);
    if (type === 'TABLE_FUNCTION') {
      const name = String((relation['function'] as JsonObject)['function_name']);
      if (!TABLE_FUNCTIONS.has(name.toLowerCase())) throw new QueryRefused(`the table function ${name} is not offered here`);
    }
    // SHOW DATABASES, SHOW ALL TABLES and others are of DuckDB; DESCRIBE and SUMMARIZE of a query are of that.
    if (type === 'SHOW_REF' && (relation['query'] ?? null) === null && relation['table_name'] !== '"tables"') {
      throw new QueryRefused('of SHOW there is only SHOW TABLES here');
    }
  }

  #table({ catalog_name: catalog, schema_name: schema, table_name: table }: JsonObject, known: ReadonlySet<string>): void {
    const [of, name] = [fold(String(schema)), fold(String(table))];
    const isOurs = catalog === '' || fold(String(catalog)) === fold(this.#allowed.catalog);
    if (of === '' && catalog === '' && known.has(name)) return;
    if (isOurs && (of === '' || of === fold(this.#allowed.schema)) && this.#views.has(name)) return;
    if (isOurs && of === CATALOG_SCHEMA && CATALOG_VIEWS.has(name)) return;
    throw new QueryRefused(`there is no table ${[catalog, schema, table].filter((part) => part !== '').join('.')} in this database`);
  }
}

function unknown(what: Json | undefined): QueryRefused {
  return new QueryRefused(`the SQL has a part that is not answered here: ${String(what)}`);
}
