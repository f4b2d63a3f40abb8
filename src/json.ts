/**
 * JSON that comes from outside: read by a schema, or by hand where there is much of it (a column of the catalog takes 0.3 µs
 * so, and 2 µs by a schema); with a checksum where a file of ours holds nothing else. The only importer of valibot.
 */
import { getDotPath, safeParse, type BaseIssue, type GenericSchema, type InferOutput } from 'valibot';
import { crcOf } from './crc.js';

export { array, boolean, check, exactOptional, literal, looseObject, minLength, minValue, nullable, nullish, number, object, picklist, pipe, record, regex, safeInteger, string, tuple, union, unknown } from 'valibot';
export type { GenericSchema, InferOutput } from 'valibot';

/** What valibot calls what should be there, in words. */
const WORDS: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', boolean: 'true or false', Object: 'an object', Array: 'a list' };

/**
 * Holds a value against a schema; keys that it does not name are left out. The message of a check, as `minValue(1, 'above 0')`,
 * goes on where the sentence says "is not".
 * @returns the value as the schema has it
 * @throws Error with a sentence: where it is wrong, what should be there, and what is, but no text of the value
 */
export function decode<S extends GenericSchema>(schema: S, value: unknown): InferOutput<S> {
  const result = safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new Error(sentenceOf(result.issues[0]));
}

function sentenceOf(issue: BaseIssue<unknown>): string {
  const path = getDotPath(issue);
  const where = path === null ? 'it' : JSON.stringify(path);
  if (issue.input === undefined) return `${where} is missing`;
  const wanted = issue.kind === 'schema' ? (WORDS[issue.expected ?? ''] ?? wordsOf(issue.expected ?? issue.message)) : issue.message;
  return `${where} is not ${wanted}: it is ${kindOf(issue.input)}`;
}

/** `("a" | "b")` as `"a" or "b"`. */
function wordsOf(expected: string): string {
  return expected.replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ');
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** @throws unless it is a JSON object */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an object', value);
  return value as Record<string, unknown>;
}

/** A list, absent when empty. @throws unless it is one, of what `decode` takes */
export function asList<T>(value: unknown, decode: (item: unknown) => T): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong('a list', value);
  return value.map(decode);
}

/** @throws unless it is a whole number from 0 that a double holds exactly */
export function asNumber(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong('a whole number', value);
  return value as number;
}

/** @throws unless it is text */
export function asText(value: unknown): string {
  if (typeof value !== 'string') throw wrong('text', value);
  return value;
}

/** @throws unless it is one of the words */
export function asWord<W extends string>(value: unknown, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw wrong(`one of ${words.join(', ')}`, value);
  return word;
}

function wrong(expected: string, value: unknown): Error {
  return new Error(`there should be ${expected} where there is ${JSON.stringify(value)?.slice(0, 100) ?? 'nothing'}`);
}

const CRC_AT_END = /^,"crc":"([0-9a-f]{8})"\}\n$/;
const CRC_BYTES = ',"crc":"01234567"}\n'.length;

/** One line: the object with the CRC-32 of its text, up to the comma before it, as its last key. */
export function encodeChecked(object: Readonly<Record<string, unknown>>): Buffer {
  const text = Buffer.from(JSON.stringify(object).slice(0, -1));
  return Buffer.concat([text, Buffer.from(`,"crc":"${crcOf(text)}"}\n`)]);
}

/**
 * As few copies as can be: the catalog is one of these.
 * @returns the object, its `crc` as well
 * @throws with a sentence when the bytes are not what `encodeChecked` made
 */
export function decodeChecked(bytes: Buffer): Readonly<Record<string, unknown>> {
  const end = Math.max(0, bytes.length - CRC_BYTES);
  const [, crc] = CRC_AT_END.exec(bytes.toString('latin1', end)) ?? [];
  if (crc === undefined) throw new Error('it has no checksum at its end');
  if (crc !== crcOf(bytes.subarray(0, end))) throw new Error('its checksum is wrong');
  return asObject(JSON.parse(bytes.toString()));
}
