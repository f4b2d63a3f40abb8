/** /api/v3/configure/token… in the shapes of InfluxDB 3 (Core for admin tokens, Enterprise for those of databases). */
import type { Grant, Permission } from '../../auth/principal.js';
import type { MadeToken, TokenStore } from '../../auth/token-store.js';
import { OPERATOR, type TokenEntry } from '../../auth/token.js';
import { SluiceError } from '../../errors.js';
import { demandAdmin } from '../auth/auth.js';
import type { Answer } from '../listener/listener.js';
import { jsonAnswer, jsonObject, textOf } from './page.js';
import type { PageRequest } from './page.js';

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

/** `expiry_secs`, absent or null for ever; in milliseconds. @throws SluiceError bad-request */
function lifeOf(object: Readonly<Record<string, unknown>>): number | null {
  const seconds = object['expiry_secs'] ?? null;
  if (seconds !== null && typeof seconds !== 'number') throw new SluiceError('bad-request', '"expiry_secs" is not a number');
  return seconds === null ? null : Math.round(seconds * 1000);
}

/** @throws SluiceError bad-request */
function nameOf(object: Readonly<Record<string, unknown>>): string {
  const name = textOf(object, 'token_name');
  if (name === '') throw new SluiceError('bad-request', 'add "token_name" to the JSON object');
  return name;
}

/** @throws SluiceError bad-request */
function textsOf(value: unknown, key: string): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value as string[];
  throw new SluiceError('bad-request', `${JSON.stringify(key)} is not a list of texts`);
}

/** `{"resource_type":"db","resource_identifier":[…],"actions":[…]}`; `resource_names` is the older key. @throws SluiceError */
function grantOf(value: unknown): Grant {
  const permission = jsonObject(JSON.stringify(value));
  if (permission['resource_type'] !== 'db') throw new SluiceError('bad-request', 'the only "resource_type" is "db"');
  const databases = textsOf(permission['resource_identifier'] ?? permission['resource_names'], 'resource_identifier');
  // The order is checked as a whole: an action that is none is refused there.
  return { databases, permissions: textsOf(permission['actions'], 'actions') as readonly Permission[] };
}

/** The parameter `token_name`. @throws SluiceError bad-parameter */
function askedName({ query }: PageRequest): string {
  const name = query.get('token_name') ?? '';
  if (name === '') throw new SluiceError('bad-parameter', 'add token_name=NAME to the query string');
  return name;
}

/** GET: all tokens, without their texts. @throws SluiceError */
export function listTokens(tokens: TokenStore, { principal }: PageRequest): Answer {
  demandAdmin(principal);
  return jsonAnswer(200, tokens.list().map((entry) => ({
    ...describe(entry),
    permissions: entry.rights === 'admin' ? ['*:*:*'] : entry.rights.map(({ databases, permissions }) => `db:${databases.join(',')}:${permissions.join(',')}`),
  })));
}

/** POST …/admin: makes `_admin`. @throws SluiceError token-exists */
export async function createOperator(tokens: TokenStore, { principal }: PageRequest): Promise<Answer> {
  demandAdmin(principal);
  return madeAnswer(await tokens.create({ name: OPERATOR, rights: 'admin', lifeMs: null }));
}

/** POST …/named_admin `{"token_name", "expiry_secs"}`. @throws SluiceError */
export async function createNamedAdmin(tokens: TokenStore, { body, principal }: PageRequest): Promise<Answer> {
  demandAdmin(principal);
  const object = jsonObject(body);
  return madeAnswer(await tokens.create({ name: nameOf(object), rights: 'admin', lifeMs: lifeOf(object) }));
}

/** POST `{"token_name", "permissions", "expiry_secs"}`: a token for databases. @throws SluiceError */
export async function createForDatabases(tokens: TokenStore, { body, principal }: PageRequest): Promise<Answer> {
  demandAdmin(principal);
  const object = jsonObject(body);
  const { permissions } = object;
  if (!Array.isArray(permissions)) throw new SluiceError('bad-request', '"permissions" is not a list');
  return madeAnswer(await tokens.create({ name: nameOf(object), rights: permissions.map(grantOf), lifeMs: lifeOf(object) }));
}

/** POST …/admin/regenerate: a new text for `_admin`. @throws SluiceError */
export async function rotateOperator(tokens: TokenStore, { principal }: PageRequest): Promise<Answer> {
  demandAdmin(principal);
  return madeAnswer(await tokens.rotate(OPERATOR));
}

/** POST …/regenerate `?token_name=`: a new text for any token. @throws SluiceError */
export async function rotateToken(tokens: TokenStore, request: PageRequest): Promise<Answer> {
  demandAdmin(request.principal);
  return madeAnswer(await tokens.rotate(askedName(request)));
}

/** DELETE `?token_name=`. @throws SluiceError */
export async function deleteToken(tokens: TokenStore, request: PageRequest): Promise<Answer> {
  demandAdmin(request.principal);
  await tokens.delete(askedName(request));
  return DONE;
}
