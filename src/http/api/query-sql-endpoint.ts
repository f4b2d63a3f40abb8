/** /api/v3/query_sql of InfluxDB 3: SQL over all that was acknowledged. */
import { SluiceError } from '../../errors.js';
import { boolean, decode, exactOptional, nullable, nullish, number, object, record, string, union } from '../../json.js';
import { demand } from '../auth/auth.js';
import { jsonObject, type EndpointRequest, type StreamedAnswer } from './endpoint.js';
import type { SchemaAccess } from './schema-access.js';
import { SQL_FORMATS, type SqlAccess, type SqlFormat, type SqlQuestion } from './sql-access.js';

/** As InfluxDB 3 calls them. */
const TYPES: Readonly<Record<SqlFormat, string>> = {
  json: 'application/json', jsonl: 'application/jsonl', csv: 'text/csv', pretty: 'text/plain; charset=utf-8', parquet: 'application/vnd.apache.parquet',
};
const ANYTHING = ['', '*/*', 'application/*', 'text/html'];

const PARAMETERS = nullish(record(string(), nullable(union([boolean(), number(), string()]))));
const QUESTION = object({ db: string(), q: string(), params: PARAMETERS, format: exactOptional(nullish(string())) });

/** What is asked: in the URL, or in a JSON object. @throws SluiceError bad-request, bad-parameter */
function questionOf({ body, header, query }: EndpointRequest): SqlQuestion {
  const given = body === '' ? { ...inUrl(query, ['db', 'q', 'format']), params: paramsOf(query.get('params')) } : jsonObject(body);
  const { db: database, format, params, q: sql } = decoded(QUESTION, given);
  if (sql.trim() === '') throw new SluiceError('bad-request', 'missing required parameter "q"');
  if (database === '') throw new SluiceError('database-missing', 'give it as "db"');
  return { database, sql, parameters: params ?? {}, format: formatOf(format ?? '', header('accept')) };
}

function inUrl(query: EndpointRequest['query'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (query.get(name) === undefined ? [] : [[name, query.get(name)!]])));
}

function paramsOf(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SluiceError('bad-parameter', `"params" is not JSON: ${(error as Error).message}`);
  }
}

function decoded<S extends typeof QUESTION>(schema: S, value: unknown): ReturnType<typeof decode<S>> {
  try {
    return decode(schema, value);
  } catch (error) {
    throw new SluiceError('bad-request', (error as Error).message);
  }
}

/** @throws SluiceError bad-parameter for one that is none of ours */
function formatOf(asked: string, accept: string): SqlFormat {
  if (asked !== '') {
    const format = SQL_FORMATS.find((each) => each === asked);
    if (format === undefined) throw new SluiceError('bad-parameter', `format is ${JSON.stringify(asked)}: it must be one of ${SQL_FORMATS.join(', ')}`);
    return format;
  }
  for (const type of accept.toLowerCase().split(',').map((each) => each.split(';')[0]!.trim())) {
    const format = SQL_FORMATS.find((each) => TYPES[each].split(';')[0] === type);
    if (format !== undefined) return format;
    if (ANYTHING.includes(type)) return 'json';
  }
  throw new SluiceError('bad-parameter', `none of what is accepted (${accept}) can be had: ${Object.values(TYPES).join(', ')}`);
}

/** Answers /api/v3/query_sql. @throws SluiceError */
export async function querySqlEndpoint(schema: SchemaAccess, queries: SqlAccess, request: EndpointRequest): Promise<StreamedAnswer> {
  const question = questionOf(request);
  demand(request.principal, 'read', question.database);
  if (schema.tables(question.database) === null) throw new SluiceError('database-not-found', question.database);
  const pieces = await queries.ask(question, request.gone);
  return { status: 200, headers: [['Content-Type', TYPES[question.format]]], pieces };
}
