/** tokens.json: format 3; format 2, which had no checksum; and format 1, which knew admin tokens alone. Pure. */
import { decodeChecked, encodeChecked } from '../json.js';
import { PERMISSIONS, type Permission, type Rights } from './principal.js';
import { TOKEN_PREFIX, type TokenEntry } from './token.js';

/** All tokens. */
export interface TokenList {
  /** Greater than every id that was ever given. */
  readonly nextId: number;
  readonly entries: readonly TokenEntry[];
}

/** The text of tokens.json. */
export function encodeTokens({ nextId, entries }: TokenList): string {
  const tokens = entries.map(({ id, name, sha512, createdMs, expiresMs, rights }) => ({
    id, name, sha512, created: createdMs, expires: expiresMs,
    ...(rights === 'admin' ? { admin: true } : { grants: rights }),
  }));
  return encodeChecked({ format: 3, nextId, tokens }).toString();
}

/** @throws Error that says what is wrong with the text */
export function decodeTokens(text: string): TokenList {
  const file = asObject(JSON.parse(text), 'it');
  checkFormat(text, file);
  const tokens = asArray(file['tokens'], 'its list of tokens');
  const entries = tokens.map((token, at) => (file['format'] === 1 ? oldEntry(token, at) : entry(token)));
  const nextId = file['format'] === 1 ? entries.length + 1 : asCount(file['nextId'], 'its nextId');
  const names = new Set(entries.map(({ name }) => name));
  if (names.size < entries.length) throw new Error('two tokens have one name');
  if (entries.some(({ id }) => id >= nextId)) throw new Error('a token has an id of the future');
  return { nextId, entries };
}

/** @throws Error for an unknown format, and for bytes that are not as they were written */
function checkFormat(text: string, file: Readonly<Record<string, unknown>>): void {
  switch (file['format']) {
    case 1:
    case 2:
      // One bit makes a 3 a 2.
      if ('crc' in file) throw new Error('it has a checksum, which its format has not');
      return;
    case 3:
      decodeChecked(Buffer.from(text));
      return;
    default:
      throw new Error('its format is none of 1, 2 and 3');
  }
}

/** A token given from outside, in InfluxDB 3's file for unattended set-up. */
export interface GivenToken {
  readonly token: string;
  readonly name: string;
  readonly expiresMs: number | null;
}

/** @throws Error that says what is wrong with the text, and repeats nothing of it */
export function decodeGivenToken(text: string): GivenToken {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words would quote the token.
    throw new Error('it is not JSON');
  }
  const { token, name, expiry_millis: expires } = asObject(json, 'it');
  if (typeof token !== 'string' || !/^apiv3_[\x21-\x7e]+$/.test(token)) throw new Error(`its "token" does not begin with ${TOKEN_PREFIX}, or has a character that no header can hold`);
  return { token, name: asText(name, 'its "name"'), expiresMs: expires === undefined ? null : asTime(expires, 'its "expiry_millis"') };
}

function oldEntry(value: unknown, at: number): TokenEntry {
  const { name, sha512 } = asObject(value, 'a token');
  return { id: at + 1, name: asText(name, 'a name'), sha512: asHash(sha512), createdMs: null, expiresMs: null, rights: 'admin' };
}

function entry(value: unknown): TokenEntry {
  const { id, name, sha512, created, expires, admin, grants } = asObject(value, 'a token');
  return {
    id: asCount(id, 'an id'),
    name: asText(name, 'a name'),
    sha512: asHash(sha512),
    createdMs: asTime(created, 'a time of creation'),
    expiresMs: asTime(expires, 'a time of expiry'),
    rights: admin === true ? 'admin' : asRights(grants),
  };
}

function asRights(value: unknown): Rights {
  return asArray(value, 'a list of grants').map((grant) => {
    const { databases, permissions } = asObject(grant, 'a grant');
    return {
      databases: asArray(databases, 'a list of databases').map((database) => asText(database, 'a database')),
      permissions: asArray(permissions, 'a list of permissions').map(asPermission),
    };
  });
}

function asPermission(value: unknown): Permission {
  const permission = PERMISSIONS.find((known) => known === value);
  if (permission === undefined) throw new Error('it holds an unknown permission');
  return permission;
}

function asHash(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{128}$/.test(value)) throw new Error('it does not hold the hashes of tokens');
  return value;
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is no object`);
  return value as Record<string, unknown>;
}

function asArray(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what} is no list`);
  return value;
}

function asText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${what} is no text`);
  return value;
}

function asCount(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new Error(`${what} is no whole number above 0`);
  return value as number;
}

function asTime(value: unknown, what: string): number | null {
  if (value !== null && !Number.isSafeInteger(value)) throw new Error(`${what} is no number of milliseconds`);
  return value as number | null;
}
