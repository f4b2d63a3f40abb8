/** /api/v3/configure/token… in the shapes of InfluxDB 3 (Core for admin tokens, Enterprise for those of databases). */
import type { Grant, Permission } from '../../auth/principal.js';
import type { MadeToken, TokenStore } from '../../auth/token-store.js';
import { OPERATOR, type TokenEntry } from '../../auth/token.js';
import { SluiceError } from '../../errors.js';
import { array, exactOptional, literal, nullish, number, object, string, type InferOutput } from '../../json.js';
import { demandAdmin } from '../auth/auth.js';
import type { Answer } from '../listener/listener.js';
import { jsonAnswer, readJson } from './endpoint.js';
import type { EndpointRequest } from './endpoint.js';

const DONE: Answer = { status: 200, headers: [], body: '' };

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** What may be seen of a token at any time. */
function describe({ id, name, sha512, createdMs, expiresMs }: TokenEntry): Readonly<Record<string, unknown>> {
  return { id, name, hash: sha512, created_at: timeText(createdMs), expiry: timeText(expiresMs) };
}

function madeAnswer({ entry, token }: MadeToken): Answer {
  return jsonAnswer(201, { ...describe(entry), token });
}

const named = object({ token_name: nullish(string(), ''), expiry_secs: nullish(number(), null) });
/** `resource_names` is the older key. The order is checked as a whole: an action that is none is refused there. */
const permission = object({
  resource_type: literal('db'), resource_identifier: exactOptional(array(string())), resource_names: exactOptional(array(string())), actions: array(string()),
});
const withPermissions = object({ ...named.entries, permissions: array(permission) });

/** Name and life of an order. @throws SluiceError bad-request for one without a name */
function orderOf({ token_name: name, expiry_secs: seconds }: InferOutput<typeof named>): { name: string; lifeMs: number | null } {
  if (name === '') throw new SluiceError('bad-request', 'add "token_name" to the JSON object');
  return { name, lifeMs: seconds === null ? null : Math.round(seconds * 1000) };
}

function grantOf({ resource_identifier, resource_names = [], actions }: InferOutput<typeof permission>): Grant {
  return { databases: resource_identifier ?? resource_names, permissions: actions as readonly Permission[] };
}

/** The parameter `token_name`. @throws SluiceError bad-parameter */
function askedName({ query }: EndpointRequest): string {
  const name = query.get('token_name') ?? '';
  if (name === '') throw new SluiceError('bad-parameter', 'add token_name=NAME to the query string');
  return name;
}

/** GET: all tokens, without their texts. @throws SluiceError */
export function listTokens(tokens: TokenStore, { principal }: EndpointRequest): Answer {
  demandAdmin(principal);
  return jsonAnswer(200, tokens.list().map((entry) => ({
    ...describe(entry),
    permissions: entry.rights === 'admin' ? ['*:*:*'] : entry.rights.map(({ databases, permissions }) => `db:${databases.join(',')}:${permissions.join(',')}`),
  })));
}

/** POST …/admin: makes `_admin`. @throws SluiceError token-exists */
export async function createOperator(tokens: TokenStore, { principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  return madeAnswer(await tokens.create({ name: OPERATOR, rights: 'admin', lifeMs: null }));
}

/** POST …/named_admin `{"token_name", "expiry_secs"}`. @throws SluiceError */
export async function createNamedAdmin(tokens: TokenStore, { body, principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  return madeAnswer(await tokens.create({ ...orderOf(readJson(named, body)), rights: 'admin' }));
}

/** POST `{"token_name", "permissions", "expiry_secs"}`: a token for databases. @throws SluiceError */
export async function createForDatabases(tokens: TokenStore, { body, principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  const order = readJson(withPermissions, body);
  return madeAnswer(await tokens.create({ ...orderOf(order), rights: order.permissions.map(grantOf) }));
}

/** POST …/admin/regenerate: a new text for `_admin`. @throws SluiceError */
export async function rotateOperator(tokens: TokenStore, { principal }: EndpointRequest): Promise<Answer> {
  demandAdmin(principal);
  return madeAnswer(await tokens.rotate(OPERATOR));
}

/** POST …/regenerate `?token_name=`: a new text for any token. @throws SluiceError */
export async function rotateToken(tokens: TokenStore, request: EndpointRequest): Promise<Answer> {
  demandAdmin(request.principal);
  return madeAnswer(await tokens.rotate(askedName(request)));
}

/** DELETE `?token_name=`. @throws SluiceError */
export async function deleteToken(tokens: TokenStore, request: EndpointRequest): Promise<Answer> {
  demandAdmin(request.principal);
  await tokens.delete(askedName(request));
  return DONE;
}
