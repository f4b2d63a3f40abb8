/** /api/v3/configure/database of InfluxDB 3: list, make, change and drop. */
import { SluiceError } from '../../errors.js';
import { TAG_RULES, TYPE_RULES, type SchemaRules } from '../../schema-rules.js';
import { demand, demandAdmin } from '../auth/auth.js';
import type { Answer } from '../listener/listener.js';
import { csvLine } from './csv.js';
import { jsonObject, maySee, textOf } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import type { SchemaAccess } from './schema-access.js';

const DONE: Answer = { status: 200, headers: [], body: '' };

/** What InfluxDB 3 calls the one column of the list. */
const COLUMN = 'iox::database';

function prettyTable(names: readonly string[]): string {
  const width = Math.max(COLUMN.length, ...names.map(({ length }) => length));
  const rule = `+${'-'.repeat(width + 2)}+`;
  const row = (text: string): string => `| ${text.padEnd(width)} |`;
  return [rule, row(COLUMN), rule, ...names.map(row), rule].join('\n');
}

/** By `format`: the type of the list, and its text. */
const LISTS: ReadonlyMap<string, readonly [type: string, text: (names: readonly string[]) => string]> = new Map([
  ['json', ['application/json', (names) => JSON.stringify(names.map((name) => ({ [COLUMN]: name })))]],
  ['jsonl', ['application/jsonl', (names) => names.map((name) => `${JSON.stringify({ [COLUMN]: name })}\n`).join('')]],
  ['csv', ['text/csv', (names) => [COLUMN, ...names].map((name) => csvLine([name])).join('')]],
  ['pretty', ['text/plain; charset=utf-8', prettyTable]],
]);

/** GET: every database that the token may use. @throws SluiceError bad-parameter */
export function listDatabases(schema: SchemaAccess, { query, principal }: EndpointRequest): Answer {
  const format = query.get('format') ?? 'json';
  const list = LISTS.get(format);
  if (list === undefined) throw new SluiceError('bad-parameter', `format=${JSON.stringify(format.slice(0, 80))} is none of ${[...LISTS.keys()].join(', ')}`);
  const [type, text] = list;
  const names = schema.databases().map(({ name }) => name).filter((name) => maySee(principal, name));
  return { status: 200, headers: [['Content-Type', type]], body: text(names) };
}

/**
 * POST `{"db": NAME}`; a retention period is accepted, and nothing is dropped for its age. Our own keys `tags` and
 * `types` say its schema rules. @throws SluiceError
 */
export async function createDatabase(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  const { name, rules } = orderOf(request);
  demand(request.principal, 'write', name);
  if (!(await schema.createDatabase(name, rules))) throw new SluiceError('database-exists', name);
  return DONE;
}

/** PUT, with the keys of POST: those left out stay as they are. @throws SluiceError */
export async function updateDatabase(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  demandAdmin(request.principal);
  const { name, rules } = orderOf(request);
  if ((await schema.setRules(name, rules)) === null) throw new SluiceError('database-not-found', name);
  return DONE;
}

/** What the JSON of a request says. @throws SluiceError */
function orderOf({ body, header }: EndpointRequest): { readonly name: string; readonly rules: Partial<SchemaRules> } {
  const [type = ''] = header('content-type').toLowerCase().split(';');
  if (type.trim() !== 'application/json') throw new SluiceError('unsupported-media-type', 'send application/json');
  const order = jsonObject(body);
  const name = textOf(order, 'db');
  if (name === '') throw new SluiceError('database-missing', 'add "db" to the JSON object');
  return { name, rules: { ...rule(order, 'tags', TAG_RULES), ...rule(order, 'types', TYPE_RULES) } };
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
  const name = query.get('db') ?? '';
  if (name === '') throw new SluiceError('database-missing', 'add db=NAME to the query string');
  if ((await schema.dropDatabase(name)) === null) throw new SluiceError('database-not-found', name);
  return DONE;
}
