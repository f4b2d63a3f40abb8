/** /api/v3/configure/database of InfluxDB 3: list, make, change and drop. */
import type { DatabaseSettings } from '../../database-settings.js';
import { SluiceError } from '../../errors.js';
import { parseRetention, retentionText } from '../../retention.js';
import { TAG_RULES, TYPE_RULES, type SchemaRules } from '../../schema-rules.js';
import { demand, demandAdmin } from '../auth/auth.js';
import type { Answer } from '../listener/listener.js';
import { csvLine } from './csv.js';
import { jsonObject, maySee, textOf } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import type { QueryParameters } from '../front/query-string.js';
import type { SchemaAccess } from './schema-access.js';

const DONE: Answer = { status: 200, headers: [], body: '' };

/** What InfluxDB 3 calls the one column of its list; ours behind it is called as what it takes. */
const COLUMNS = ['iox::database', 'retention_period'] as const;

/** A database and its period, `none` for one that keeps its rows for ever. */
type Row = readonly [name: string, period: string];

function prettyTable(rows: readonly Row[]): string {
  const widths = COLUMNS.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at]!.length)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (texts: readonly string[]): string => `| ${texts.map((text, at) => text.padEnd(widths[at]!)).join(' | ')} |`;
  return [rule, line(COLUMNS), rule, ...rows.map(line), rule].join('\n');
}

function rowJson([name, period]: Row): string {
  return JSON.stringify({ [COLUMNS[0]]: name, [COLUMNS[1]]: period });
}

/** By `format`: the type of the list, and its text. */
const LISTS: ReadonlyMap<string, readonly [type: string, text: (rows: readonly Row[]) => string]> = new Map([
  ['json', ['application/json', (rows) => `[${rows.map(rowJson).join(',')}]`]],
  ['jsonl', ['application/jsonl', (rows) => rows.map((row) => `${rowJson(row)}\n`).join('')]],
  ['csv', ['text/csv', (rows) => [COLUMNS, ...rows].map(csvLine).join('')]],
  ['pretty', ['text/plain; charset=utf-8', prettyTable]],
]);

/** GET: every database that the token may use. @throws SluiceError bad-parameter */
export function listDatabases(schema: SchemaAccess, { query, principal }: EndpointRequest): Answer {
  const format = query.get('format') ?? 'json';
  const list = LISTS.get(format);
  if (list === undefined) throw new SluiceError('bad-parameter', `format=${JSON.stringify(format.slice(0, 80))} is none of ${[...LISTS.keys()].join(', ')}`);
  const [type, text] = list;
  const rows = schema.databases().filter(({ name }) => maySee(principal, name)).map(({ name, retentionS }) => [name, retentionText(retentionS)] as const);
  return { status: 200, headers: [['Content-Type', type]], body: text(rows) };
}

/**
 * POST `{"db": NAME}`, with `retention_period` as in 30d where rows are not kept for ever. Our own keys `tags` and `types`
 * say its schema rules. @throws SluiceError
 */
export async function createDatabase(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  const { name, settings } = orderOf(request);
  demand(request.principal, 'write', name);
  if (!(await schema.createDatabase(name, settings))) throw new SluiceError('database-exists', name);
  return DONE;
}

/**
 * PUT, with the keys of POST: those left out stay as they are. One that says nothing but the name has InfluxDB 3's meaning:
 * rows are kept for ever. @throws SluiceError
 */
export async function updateDatabase(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  demandAdmin(request.principal);
  const { name, settings } = orderOf(request);
  await change(schema, name, Object.keys(settings).length === 0 ? { retentionS: null } : settings);
  return DONE;
}

/** POST /api/v3/configure/database/retention_period `?db=NAME&duration=30d`. @throws SluiceError */
export async function setRetention(schema: SchemaAccess, { query, principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  await change(schema, namedIn(query), { retentionS: periodOf(query.get('duration') ?? '') });
  return { ...DONE, status: 204 };
}

/** DELETE /api/v3/configure/database/retention_period `?db=NAME`: rows are kept for ever. @throws SluiceError */
export async function clearRetention(schema: SchemaAccess, { query, principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  await change(schema, namedIn(query), { retentionS: null });
  return { ...DONE, status: 204 };
}

async function change(schema: SchemaAccess, name: string, settings: Partial<DatabaseSettings>): Promise<void> {
  if ((await schema.changeSettings(name, settings)) === null) throw new SluiceError('database-not-found', name);
}

/** @throws SluiceError bad-parameter */
function periodOf(text: string): number | null {
  try {
    return parseRetention(text);
  } catch (error) {
    throw new SluiceError('bad-parameter', (error as Error).message);
  }
}

/** @throws SluiceError database-missing */
function namedIn(query: QueryParameters): string {
  const name = query.get('db') ?? '';
  if (name === '') throw new SluiceError('database-missing', 'add db=NAME to the query string');
  return name;
}

/** What the JSON of a request says. @throws SluiceError */
function orderOf({ body, header }: EndpointRequest): { readonly name: string; readonly settings: Partial<DatabaseSettings> } {
  const [type = ''] = header('content-type').toLowerCase().split(';');
  if (type.trim() !== 'application/json') throw new SluiceError('unsupported-media-type', 'send application/json');
  const order = jsonObject(body);
  const name = textOf(order, 'db');
  if (name === '') throw new SluiceError('database-missing', 'add "db" to the JSON object');
  return { name, settings: { ...rule(order, 'tags', TAG_RULES), ...rule(order, 'types', TYPE_RULES), ...retentionOf(order) } };
}

/** The period in an object of its own, which is empty when none is said; null says for ever. @throws SluiceError bad-parameter, bad-request */
function retentionOf(order: Readonly<Record<string, unknown>>): Partial<Pick<DatabaseSettings, 'retentionS'>> {
  if (order['retention_period'] === null) return { retentionS: null };
  const text = textOf(order, 'retention_period');
  return text === '' ? {} : { retentionS: periodOf(text) };
}

/** The rule of a key in an object of its own; an empty one when it is absent. @throws SluiceError bad-parameter */
function rule<K extends keyof SchemaRules>(order: Readonly<Record<string, unknown>>, key: K, words: readonly SchemaRules[K][]): Partial<Pick<SchemaRules, K>> {
  const said = order[key] ?? null;
  if (said === null) return {};
  const word = words.find((candidate) => candidate === said);
  if (word === undefined) throw new SluiceError('bad-parameter', `"${key}" is ${JSON.stringify(said).slice(0, 80)}: it must be ${words.join(' or ')}`);
  return { [key]: word } as Pick<SchemaRules, K>;
}

/** DELETE `?db=NAME`. @throws SluiceError */
export async function deleteDatabase(schema: SchemaAccess, { query, principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  const name = namedIn(query);
  if ((await schema.dropDatabase(name)) === null) throw new SluiceError('database-not-found', name);
  return DONE;
}
