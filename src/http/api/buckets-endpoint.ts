/** /api/v2/buckets, as far as clients need it to find, make and drop a bucket: a database is one. */
import { SluiceError } from '../../errors.js';
import { demand, demandAdmin } from '../auth/auth.js';
import { bucketDatabase } from '../../database-names.js';
import { array, exactOptional, literal, number, object, nullish } from '../../json.js';
import { checkRetention } from '../../retention.js';
import type { Answer } from '../listener/listener.js';
import { jsonAnswer, jsonObject, maySee, readJson, textOf } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import type { QueryParameters } from '../front/query-string.js';
import type { SchemaAccess } from './schema-access.js';
import { idOf, ORG_ID } from './v2-endpoints.js';

/** Buckets of one page, as InfluxDB 2 has it. */
const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;

type Database = ReturnType<SchemaAccess['databases']>[number];

const WITH_RULES = object({ retentionRules: nullish(array(object({ type: exactOptional(literal('expire')), everySeconds: number() }))) });

/** The period that a body says, null for one that says for ever; undefined when it says nothing of it. @throws SluiceError bad-request, bad-parameter */
function retentionOf(body: string): number | null | undefined {
  const { retentionRules } = readJson(WITH_RULES, body);
  if (retentionRules == null) return undefined;
  if (retentionRules.length > 1) throw new SluiceError('bad-parameter', 'retentionRules holds more than one rule');
  const seconds = retentionRules[0]?.everySeconds ?? 0;
  if (seconds === 0) return null;
  const problem = Number.isSafeInteger(seconds) ? checkRetention(seconds) : 'everySeconds is not a whole number';
  if (problem !== null) throw new SluiceError('bad-parameter', problem);
  return seconds;
}

function bucketOf(database: Database): Readonly<Record<string, unknown>> {
  const id = idOf(database);
  const createdAt = new Date(database.createdMs).toISOString();
  return {
    id,
    orgID: ORG_ID,
    type: 'user',
    name: database.name,
    retentionRules: [{ type: 'expire', everySeconds: database.retentionS ?? 0 }],
    createdAt,
    updatedAt: createdAt,
    links: { self: `/api/v2/buckets/${id}`, org: `/api/v2/orgs/${ORG_ID}`, write: `/api/v2/write?bucket=${encodeURIComponent(database.name)}` },
    labels: [],
  };
}

/** @throws SluiceError bad-parameter */
function readCount(query: QueryParameters, name: string, absent: number, min: number, max: number): number {
  const text = query.get(name);
  if (text === undefined) return absent;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new SluiceError('bad-parameter', `${name} is not a number from ${min} to ${max}`);
  return value;
}

/** GET /api/v2/buckets: by `name` or `id`, a page at a time; whatever organization is named. @throws SluiceError bad-parameter */
export function listBuckets(schema: SchemaAccess, { query, principal }: EndpointRequest): Answer {
  const limit = readCount(query, 'limit', PAGE_DEFAULT, 1, PAGE_MAX);
  const offset = readCount(query, 'offset', 0, 0, 999_999_999);
  const [name, id, after] = [query.get('name'), query.get('id'), query.get('after')];
  const wanted = name === undefined ? undefined : bucketDatabase(name);
  const found = schema.databases().filter((database) => maySee(principal, database.name)
    && (wanted === undefined || database.name === wanted)
    && (id === undefined || idOf(database) === id)
    && (after === undefined || idOf(database) > after));
  const page = found.slice(offset, offset + limit);
  const link = (at: number): string => `/api/v2/buckets?descending=false&limit=${limit}&offset=${at}`;
  const links = { self: link(offset), ...(found.length > offset + limit ? { next: link(offset + limit) } : {}) };
  return jsonAnswer(200, { links, buckets: page.map(bucketOf) });
}

/** POST /api/v2/buckets `{"name": NAME}`, with `retentionRules` where rows are not kept for ever. @throws SluiceError */
export async function createBucket(schema: SchemaAccess, { body, principal }: EndpointRequest): Promise<Answer> {
  const asked = textOf(jsonObject(body), 'name');
  if (asked === '') throw new SluiceError('database-missing', 'add "name" to the JSON object');
  const name = bucketDatabase(asked);
  const retentionS = retentionOf(body);
  demand(principal, 'write', name);
  if (!(await schema.createDatabase(name, retentionS == null ? {} : { retentionS }))) throw new SluiceError('bucket-exists', name);
  const made = schema.databases().find((database) => database.name === name);
  if (made === undefined) throw new SluiceError('database-dropped', name);
  return jsonAnswer(201, bucketOf(made));
}

/** The database of `/api/v2/buckets/ID`. @throws SluiceError database-not-found, also for who may not know of it */
function asked(schema: SchemaAccess, { part, principal }: EndpointRequest): Database {
  const found = schema.databases().find((database) => idOf(database) === part && maySee(principal, database.name));
  if (found === undefined) throw new SluiceError('database-not-found', `no bucket has the id ${JSON.stringify(part.slice(0, 80))}`);
  return found;
}

/** GET /api/v2/buckets/ID. @throws SluiceError */
export function showBucket(schema: SchemaAccess, request: EndpointRequest): Answer {
  return jsonAnswer(200, bucketOf(asked(schema, request)));
}

/** PATCH /api/v2/buckets/ID: `retentionRules` change, which may delete rows; a description is accepted without effect, a name stays. @throws SluiceError */
export async function updateBucket(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  const database = asked(schema, request);
  demand(request.principal, 'write', database.name);
  const name = textOf(jsonObject(request.body), 'name');
  if (name !== '' && bucketDatabase(name) !== database.name) {
    throw new SluiceError('not-offered', `a bucket keeps its name, ${database.name}; make another and write to it`);
  }
  const retentionS = retentionOf(request.body);
  if (retentionS === undefined || retentionS === database.retentionS) return jsonAnswer(200, bucketOf(database));
  demandAdmin(request.principal);
  const changed = await schema.changeSettings(database.name, { retentionS });
  if (changed === null) throw new SluiceError('database-not-found', database.name);
  return jsonAnswer(200, bucketOf({ ...database, retentionS: changed.retentionS }));
}

/** DELETE /api/v2/buckets/ID. @throws SluiceError */
export async function deleteBucket(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  demandAdmin(request.principal);
  const { name } = asked(schema, request);
  if ((await schema.dropDatabase(name)) === null) throw new SluiceError('database-not-found', name);
  return { status: 204, headers: [], body: '' };
}
