/**
 * The truth about line protocol for tests: slow, plain, and written from the grammar alone (InfluxDB 3's, with what
 * sluice adds), so that it can disagree with the parser.
 */
import type { FieldValue, Parsed, Point, Rejection } from './point.js';
import type { DatabaseRules } from './schema.js';
import { splitLines } from './lines.js';
import { I64_MAX, I64_MIN, inRange, LineProblem, type Precision, scaled, U64_MAX } from './numbers.js';

export interface ParseOptions {
  readonly precision: Precision;
  /** Nanoseconds since 1970 for lines that name no time. */
  readonly defaultTimeNs: bigint;
  /** The rules of the database; under `split` one name may be tag and field, and `time` a key: the schema finds them places. */
  readonly types?: DatabaseRules['types'];
}

const NAME_BYTES_MAX = 64 * 1024;
const STRING_BYTES_MAX = 1024 * 1024;

/** Takes a whole body; gives the points of its good lines and the codes of the others. Never throws for what it reads. */
export function parseBody(body: Uint8Array, options: ParseOptions): Parsed {
  const points: Point[] = [];
  const errors: Rejection[] = [];
  for (const line of splitLines(body)) {
    try {
      const text = decode(line.bytes);
      if (line.open) throw new LineProblem('unterminated-string');
      const point = new LineReader(text).point(line.number, options);
      checkKeys(point, options.types === 'split');
      points.push(point);
    } catch (problem) {
      if (!(problem instanceof LineProblem)) throw problem;
      errors.push({ line: line.number, code: problem.code });
    }
  }
  return { points, errors };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LineProblem('not-utf8');
  }
}

/** A token of the grammar: what ends it, and before which characters a backslash is an escape. */
interface TokenRule {
  readonly ends: string;
  readonly escapes: string;
}
const MEASUREMENT: TokenRule = { ends: ' \t\n\0,', escapes: ', \\' };
const KEY: TokenRule = { ends: ' \t\n=', escapes: '\\,= ' };
const TAG_VALUE: TokenRule = { ends: ' \t\n,', escapes: '\\,= ' };

/** Reads one line from left to right; the first thing that is wrong is the line's error. */
class LineReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  point(line: number, options: ParseOptions): Point {
    const measurement = this.#token(MEASUREMENT, 'measurement-missing');
    const tags = this.#tags();
    if (!this.#skipSpaces()) throw new LineProblem('fields-missing');
    const fields = this.#fields();
    const timestampNs = this.#timestamp(options);
    return { line, measurement, tags, fields, timestampNs };
  }

  #tags(): [string, string][] {
    const tags: [string, string][] = [];
    while (this.#take(',')) {
      const key = this.#token(KEY, 'tag-key-missing');
      if (!this.#take('=')) throw new LineProblem('tag-without-equals');
      tags.push([key, this.#token(TAG_VALUE, 'tag-value-missing')]);
    }
    return tags;
  }

  /** One field at least. Behind the first, a comma is taken even if no field follows; behind the others it is not. */
  #fields(): [string, FieldValue][] {
    const first = this.#field();
    if (first === null) throw new LineProblem('fields-missing');
    const fields = [first];
    for (;;) {
      const before = this.#at;
      if (!this.#take(',')) return fields;
      const afterComma = this.#at;
      const field = this.#field();
      if (field === null) {
        this.#at = fields.length === 1 ? afterComma : before;
        return fields;
      }
      fields.push(field);
    }
  }

  /** A field, or null when what stands here is none. */
  #field(): [string, FieldValue] | null {
    const key = this.#token(KEY, null);
    if (key === null || !this.#take('=')) return null;
    const value = this.#number() ?? this.#string() ?? this.#boolean();
    return value === null ? null : [key, value];
  }

  #number(): FieldValue | null {
    const integer = this.#match(/-?[0-9]+i/y);
    if (integer !== null) return { type: 'i64', value: inRange(integer.slice(0, -1), I64_MIN, I64_MAX, 'integer-out-of-range') };
    const unsigned = this.#match(/[0-9]+u/y);
    if (unsigned !== null) return { type: 'u64', value: inRange(unsigned.slice(0, -1), 0n, U64_MAX, 'unsigned-out-of-range') };
    const float = this.#match(/-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?/y);
    if (float === null) return null;
    const value = Number(float);
    if (!Number.isFinite(value)) throw new LineProblem('float-out-of-range');
    return { type: 'f64', value };
  }

  #string(): FieldValue | null {
    if (!this.#take('"')) return null;
    const parts: string[] = [];
    for (let from = this.#at; ; this.#at++) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new LineProblem('unterminated-string');
      const next = this.#text[this.#at + 1];
      if (char === '\\' && (next === '"' || next === '\\')) {
        parts.push(this.#text.slice(from, this.#at));
        this.#at++;
        from = this.#at;
      } else if (char === '"') {
        parts.push(this.#text.slice(from, this.#at));
        this.#at++;
        break;
      }
    }
    const value = parts.join('');
    if (Buffer.byteLength(value) > STRING_BYTES_MAX) throw new LineProblem('string-too-long');
    return { type: 'string', value };
  }

  #boolean(): FieldValue | null {
    const word = this.#match(/true|True|TRUE|t|T|false|False|FALSE|f|F/y);
    return word === null ? null : { type: 'bool', value: word[0] === 't' || word[0] === 'T' };
  }

  /** The time at the line's end, scaled to nanoseconds, or the default; nothing else may follow. */
  #timestamp(options: ParseOptions): bigint {
    let timestampNs = options.defaultTimeNs;
    if (this.#skipSpaces()) {
      const digits = this.#match(/-?[0-9]+/y);
      if (digits !== null) {
        timestampNs = scaled(inRange(digits, I64_MIN, I64_MAX, 'timestamp-out-of-range'), options.precision);
        this.#skipSpaces();
      }
    }
    if (this.#at < this.#text.length) throw new LineProblem('trailing-content');
    return timestampNs;
  }

  /** A name or tag value with its escapes resolved. Empty: the given problem, or null where that is no error yet. */
  #token(rule: TokenRule, emptyCode: string): string;
  #token(rule: TokenRule, emptyCode: null): string | null;
  #token(rule: TokenRule, emptyCode: string | null): string | null {
    const parts: string[] = [];
    let from = this.#at;
    for (; this.#at < this.#text.length && !rule.ends.includes(this.#text.charAt(this.#at)); this.#at++) {
      if (this.#text[this.#at] !== '\\' || this.#at + 1 === this.#text.length) continue;
      const escaped = this.#text.charAt(this.#at + 1);
      parts.push(this.#text.slice(from, this.#at));
      from = rule.escapes.includes(escaped) ? this.#at + 1 : this.#at;
      this.#at++;
    }
    parts.push(this.#text.slice(from, this.#at));
    const name = parts.join('');
    if (name === '') {
      if (emptyCode === null) return null;
      throw new LineProblem(emptyCode);
    }
    if (name.endsWith('\\')) throw new LineProblem('ends-with-backslash');
    if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw new LineProblem('name-too-long');
    return name;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpaces(): boolean {
    const from = this.#at;
    while (this.#take(' '));
    return this.#at > from;
  }

  /** What the sticky pattern matches here, taken; or null. */
  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}

/** Keys in their order: `time` is no key, tags are distinct, fields are distinct, and no tags; with `split` only what stands twice is wrong. */
function checkKeys(point: Point, split: boolean): void {
  const tags = new Set<string>();
  for (const [key] of point.tags) {
    if (key === 'time' && !split) throw new LineProblem('reserved-name');
    if (tags.has(key)) throw new LineProblem('duplicate-tag');
    tags.add(key);
  }
  const fields = new Set<string>();
  for (const [key] of point.fields) {
    if (key === 'time' && !split) throw new LineProblem('reserved-name');
    if (tags.has(key) && !split) throw new LineProblem('tag-and-field');
    if (fields.has(key)) throw new LineProblem('duplicate-field');
    fields.add(key);
  }
}
