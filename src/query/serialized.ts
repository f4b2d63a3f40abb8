/** Statements as DuckDB reads them: the JSON of `json_serialize_sql`, which it gives of SELECTs alone. */
import { quoteText, type Duck } from './duckdb.js';

/** What stands in that JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** A statement. */
export interface SerializedStatement {
  readonly node: JsonObject;
}

/** Infinities and NaN that stand in a statement are bare words in DuckDB's JSON: numbers that nobody reads here. */
const BARE_NUMBER = /"value":(?:-?Infinity|-?inf|-?nan|NaN)(?=[,}])/gi;

/** The statements of a text; null when DuckDB cannot read it, or one of them is no SELECT: `problem` says which. */
export async function serialize(duck: Duck, sql: string): Promise<{ readonly statements: readonly SerializedStatement[] | null; readonly problem: string }> {
  const { rows } = await duck.stream(`SELECT json_serialize_sql(${quoteText(sql)}::VARCHAR)`);
  let text = '';
  for await (const chunk of rows) for (const [cell] of chunk) text = String(cell);
  const read = JSON.parse(text.replace(BARE_NUMBER, '"value":0')) as { readonly statements?: readonly SerializedStatement[]; readonly error_message?: string };
  return { statements: read.statements ?? null, problem: read.error_message ?? '' };
}
