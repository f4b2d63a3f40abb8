/** A token: its text, its hash, what is kept of it, and which names, patterns and permissions are good. */
import { hash, randomBytes } from 'node:crypto';
import { SluiceError } from '../errors.js';
import { checkDatabaseName } from '../names.js';
import { PERMISSIONS, type Grant, type Rights } from './principal.js';

/** What every token begins with. */
export const TOKEN_PREFIX = 'apiv3_';
/** With the prefix 92 characters: 64 random bytes in URL-safe base64, as InfluxDB 3 makes them. */
const TOKEN_BYTES = 64;
const NAME_CHARACTERS_MAX = 128;
/** 100 years. */
const LIFE_MS_MAX = 100 * 366 * 86_400_000;

/** The admin token of the first start; it can be rotated and not deleted, as InfluxDB 3's operator token. */
export const OPERATOR = '_admin';

/** What is kept of a token. */
export interface TokenEntry {
  /** Never used again. */
  readonly id: number;
  /** Unlike every other token's. */
  readonly name: string;
  /** SHA-512 of the text, in hex. */
  readonly sha512: string;
  /** Milliseconds since 1970; null for tokens of a file that did not say. */
  readonly createdMs: number | null;
  /** Milliseconds since 1970; null: never. */
  readonly expiresMs: number | null;
  readonly rights: Rights;
}

/** What a new token shall be. */
export interface TokenOrder {
  /** null: `_admin` for an admin token, `token-<id>` for another. */
  readonly name: string | null;
  readonly rights: Rights;
  /** Milliseconds from now; null: for ever. */
  readonly lifeMs: number | null;
}

export function makeToken(): string {
  return `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

/** SHA-512 of a token, hex. */
export function hashToken(token: string): string {
  return hash('sha512', token, 'hex');
}

export function isExpired(entry: TokenEntry, nowMs: number): boolean {
  return entry.expiresMs !== null && entry.expiresMs <= nowMs;
}

/** @throws SluiceError bad-parameter for an order that cannot be meant */
export function checkOrder({ name, rights, lifeMs }: TokenOrder): void {
  if (name !== null) checkName(name);
  if (lifeMs !== null && !(Number.isSafeInteger(lifeMs) && lifeMs > 0 && lifeMs <= LIFE_MS_MAX)) {
    throw new SluiceError('bad-parameter', 'a token may live for more than nothing and at most 100 years');
  }
  if (rights === 'admin') return;
  if (rights.length === 0) throw new SluiceError('bad-parameter', 'the token would allow nothing: name a database and a permission');
  rights.forEach(checkGrant);
}

/** @throws SluiceError bad-parameter */
function checkName(name: string): void {
  const good = name !== '' && name.length <= NAME_CHARACTERS_MAX && !/[\p{Cc}\p{Cs}]/u.test(name);
  if (!good) throw new SluiceError('bad-parameter', `a token's name has 1 to ${NAME_CHARACTERS_MAX} characters and no control characters`);
}

/** @throws SluiceError bad-parameter, bad-database-name */
function checkGrant({ databases, permissions }: Grant): void {
  if (databases.length === 0) throw new SluiceError('bad-parameter', 'a grant names no database');
  databases.forEach(checkPattern);
  if (permissions.length === 0) throw new SluiceError('bad-parameter', `a grant gives no permission: use ${PERMISSIONS.join(' or ')}`);
  const wrong = permissions.find((permission) => !PERMISSIONS.includes(permission));
  if (wrong !== undefined) throw new SluiceError('bad-parameter', `there is no permission ${JSON.stringify(wrong)}: use ${PERMISSIONS.join(' or ')}`);
}

/** An exact name, `prefix*` or `*`. */
function checkPattern(pattern: string): void {
  if (pattern === '*') return;
  // `name/*` are the retention policies of a database. The server may take any name, now or later.
  const problem = checkDatabaseName(pattern.endsWith('*') ? pattern.slice(0, -1).replace(/\/$/, '') : pattern, 'any');
  if (problem !== null) throw new SluiceError('bad-database-name', `${JSON.stringify(pattern)} ${problem}`);
}
