/** tokens.json: format 3; format 2, which had no checksum; and format 1, which knew admin tokens alone. Pure. */
import {
  array, check, decode, decodeChecked, encodeChecked, exactOptional, literal, minLength, minValue, nullable, nullish, number, object, picklist, pipe, regex, safeInteger, string,
} from '../json.js';
import { PERMISSIONS } from './principal.js';
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

const text = pipe(string(), minLength(1, 'a text'));
const count = pipe(number(), safeInteger('a whole number'), minValue(1, 'above 0'));
const time = nullable(pipe(number(), safeInteger('a whole number of milliseconds')));
const sha512 = pipe(string(), regex(/^[0-9a-f]{128}$/, 'a SHA-512 in hex'));
const grant = object({ databases: array(text), permissions: array(picklist(PERMISSIONS)) });
const entry = pipe(
  object({ id: count, name: text, sha512, created: time, expires: time, admin: exactOptional(literal(true)), grants: exactOptional(array(grant)) }),
  check(({ admin, grants }) => admin !== undefined || grants !== undefined, 'a token with "admin" or "grants"'),
);
const fileNow = object({ nextId: count, tokens: array(entry) });
const fileOfFormat1 = object({ tokens: array(object({ name: text, sha512 })) });

/** @throws Error that says what is wrong with the text */
export function decodeTokens(json: string): TokenList {
  const value: unknown = JSON.parse(json);
  const list = formatOf(json, value) === 1 ? oldList(value) : newList(value);
  const names = new Set(list.entries.map(({ name }) => name));
  if (names.size < list.entries.length) throw new Error('two tokens have one name');
  if (list.entries.some(({ id }) => id >= list.nextId)) throw new Error('a token has an id of the future');
  return list;
}

function newList(value: unknown): TokenList {
  const { nextId, tokens } = decode(fileNow, value);
  const entries = tokens.map(({ id, name, sha512: hash, created, expires, admin, grants = [] }) => (
    { id, name, sha512: hash, createdMs: created, expiresMs: expires, rights: admin === true ? 'admin' as const : grants }));
  return { nextId, entries };
}

function oldList(value: unknown): TokenList {
  const { tokens } = decode(fileOfFormat1, value);
  const entries = tokens.map(({ name, sha512: hash }, at) => ({ id: at + 1, name, sha512: hash, createdMs: null, expiresMs: null, rights: 'admin' as const }));
  return { nextId: entries.length + 1, entries };
}

/** @throws Error for an unknown format, and for bytes that are not as they were written */
function formatOf(json: string, value: unknown): number {
  const { format, crc } = decode(object({ format: picklist([1, 2, 3]), crc: exactOptional(string()) }), value);
  if (format === 3) decodeChecked(Buffer.from(json));
  // One bit makes a 3 a 2.
  else if (crc !== undefined) throw new Error('it has a checksum, which its format has not');
  return format;
}

/** A token given from outside, in InfluxDB 3's file for unattended set-up. */
export interface GivenToken {
  readonly token: string;
  readonly name: string;
  readonly expiresMs: number | null;
}

const given = object({
  token: pipe(string(), regex(/^apiv3_[\x21-\x7e]+$/, `a text that begins with ${TOKEN_PREFIX} and that a header can hold`)),
  name: text,
  expiry_millis: nullish(time, null),
});

/** @throws Error that says what is wrong with the text, and repeats nothing of it */
export function decodeGivenToken(json: string): GivenToken {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's own words would quote the token.
    throw new Error('it is not JSON');
  }
  const { token, name, expiry_millis: expiresMs } = decode(given, value);
  return { token, name, expiresMs };
}
