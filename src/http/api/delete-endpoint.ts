/** POST /api/v2/delete: rows of a bucket between two times, of a measurement and with tags where a predicate says so. */
import { bucketDatabase } from '../../database-names.js';
import { SluiceError } from '../../errors.js';
import { parsePredicate } from '../../influxql/conditions.js';
import { exactOptional, object, string } from '../../json.js';
import { parseTimeNs } from '../../times.js';
import { demand } from '../auth/auth.js';
import type { Answer } from '../listener/listener.js';
import { maySee, readJson } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';
import type { SchemaAccess } from './schema-access.js';
import { idOf } from './v2-endpoints.js';

const ORDER = object({ start: string(), stop: string(), predicate: exactOptional(string()) });

/**
 * `{"start": TIME, "stop": TIME, "predicate": TEXT}`; points at both times are deleted as well. Answered with 204 once no
 * answer has the rows any more.
 * @throws SluiceError
 */
export async function deletePoints(schema: SchemaAccess, request: EndpointRequest): Promise<Answer> {
  const database = databaseOf(schema, request);
  demand(request.principal, 'write', database);
  const { predicate = '', start, stop } = readJson(ORDER, request.body);
  const [firstNs, lastNs] = [nanosecondsOf('start', start), nanosecondsOf('stop', stop)];
  if (firstNs > lastNs) throw new SluiceError('bad-request', '"start" is later than "stop"');
  await schema.deleteRows(database, { ...parsePredicate(predicate), firstNs: String(firstNs), lastNs: String(lastNs) });
  return { status: 204, headers: [], body: '' };
}

/** By `bucket`, `bucketID` or `db`; whatever organization is named. @throws SluiceError database-missing, database-not-found */
function databaseOf(schema: SchemaAccess, { principal, query }: EndpointRequest): string {
  const [bucket, id, db] = ['bucket', 'bucketID', 'db'].map((name) => query.get(name) ?? '') as [string, string, string];
  if (bucket !== '') return bucketDatabase(bucket);
  if (id === '' && db === '') throw new SluiceError('database-missing', 'add bucket=NAME to the query string');
  if (id === '') return db;
  const found = schema.databases().find((database) => idOf(database) === id && maySee(principal, database.name));
  if (found === undefined) throw new SluiceError('database-not-found', `no bucket has the id ${JSON.stringify(id.slice(0, 80))}`);
  return found.name;
}

function nanosecondsOf(key: string, text: string): bigint {
  const ns = parseTimeNs(text);
  if (ns === null) throw new SluiceError('bad-request', `${JSON.stringify(key)} is no time as 2026-01-31T12:00:00Z, or one beyond 64 bits of nanoseconds`);
  return ns;
}
