/** Conditions that must all hold, as deletes have them: in InfluxQL behind WHERE, in InfluxDB 2 as a predicate. Pure. */
import { parseDuration } from '../durations.js';
import { SluiceError } from '../errors.js';
import { FIRST_NS, LAST_NS } from '../model/tombstone.js';
import { parseTimeNs } from '../times.js';
import { tokensOf, type Token } from './tokens.js';

/** Which points of a measurement; times in nanoseconds since 1970, both allowed. */
interface PointConditions {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** '' for a point without the tag. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** `name operator value`. */
interface Comparison {
  readonly name: string;
  readonly operator: string;
  readonly value: readonly Token[];
}

const NESTED_MAX = 32;
const QUOTE_CHARACTERS_MAX = 80;
const NS_PER_SECOND = 1e9;

class Comparisons {
  readonly #tokens: readonly Token[];
  readonly all: Comparison[] = [];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#conjunction(0);
    if (this.#next < tokens.length) throw expected('AND or the end', tokens[this.#next]);
  }

  #conjunction(depth: number): void {
    do this.#term(depth); while (this.#takeWord('AND'));
    if (this.#isWord('OR')) throw new SluiceError('not-offered', 'OR: a delete has conditions that must all hold; make a delete of each');
  }

  #term(depth: number): void {
    if (depth > NESTED_MAX) throw new SluiceError('bad-query', 'the brackets are nested too deeply');
    const [name, operator] = this.#tokens.slice(this.#next, this.#next + 2);
    if (isSymbol(name, '(')) {
      this.#next += 1;
      this.#conjunction(depth + 1);
      if (!isSymbol(this.#tokens[this.#next], ')')) throw expected(')', this.#tokens[this.#next]);
      this.#next += 1;
      return;
    }
    if (name?.kind !== 'word' && name?.kind !== 'quoted') throw expected('the name of a tag', name);
    if (operator?.kind !== 'symbol') throw expected('=', operator);
    this.#next += 2;
    this.all.push({ name: name.text, operator: operator.text, value: this.#value() });
  }

  /** Up to the next AND or OR, or the bracket that closes what this stands in. */
  #value(): Token[] {
    const value: Token[] = [];
    let open = 0;
    for (; this.#next < this.#tokens.length; this.#next += 1) {
      const token = this.#tokens[this.#next]!;
      if (this.#isWord('AND') || this.#isWord('OR') || (open === 0 && isSymbol(token, ')'))) break;
      open += isSymbol(token, '(') ? 1 : isSymbol(token, ')') ? -1 : 0;
      value.push(token);
    }
    if (value.length === 0) throw expected('a value', this.#tokens[this.#next]);
    return value;
  }

  #isWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === 'word' && token.text.toUpperCase() === word;
  }

  #takeWord(word: string): boolean {
    const isThere = this.#isWord(word);
    if (isThere) this.#next += 1;
    return isThere;
  }
}

/**
 * The conditions of `WHERE` in a DELETE or DROP SERIES of InfluxQL.
 * @param nowNs what now() means
 * @throws SluiceError bad-query; not-offered for OR, regular expressions and operators other than those of tags (=) and times
 */
export function pointConditions(tokens: readonly Token[], nowNs: bigint): PointConditions {
  let [firstNs, lastNs] = [FIRST_NS, LAST_NS];
  const tags: [string, string][] = [];
  for (const { name, operator, value } of new Comparisons(tokens).all) {
    if (name.toLowerCase() !== 'time') {
      demandEquals(operator, name, value);
      if (value.length > 1 || value[0]!.kind !== 'string') throw expected('the value of a tag in single quotes', value.find(({ kind }) => kind !== 'string') ?? value[1]);
      tags.push([name, value[0]!.text]);
      continue;
    }
    const at = momentOf(value, nowNs);
    const [least, most] = boundsOf(operator, at);
    if (least > firstNs) firstNs = least;
    if (most < lastNs) lastNs = most;
  }
  return { firstNs, lastNs, tags };
}

/**
 * A predicate of InfluxDB 2's delete: `_measurement="m" AND tag="v"`.
 * @returns the measurement, null for all
 * @throws SluiceError bad-query; not-offered for OR, other operators, and `_field`, `_value` and `_time`
 */
export function parsePredicate(text: string): { measurement: string | null; tags: readonly (readonly [key: string, value: string])[] } {
  const tokens = tokensOf(text);
  const broken = tokens.find(({ kind }) => kind === 'broken');
  if (broken !== undefined) throw new SluiceError('bad-query', broken.text);
  if (tokens.length === 0) return { measurement: null, tags: [] };
  let measurement: string | null = null;
  const tags: [string, string][] = [];
  for (const { name, operator, value } of new Comparisons(tokens).all) {
    demandEquals(operator, name, value);
    const [token] = value;
    if (value.length > 1 || token === undefined || !['word', 'quoted', 'string'].includes(token.kind)) throw expected('a value in double quotes', value[1] ?? token);
    if (['_field', '_value', '_time'].includes(name)) throw new SluiceError('not-offered', `${name}: rows are deleted by measurement, tags, start and stop alone`);
    if (name !== '_measurement') tags.push([name, token.text]);
    else if (measurement !== null && measurement !== token.text) throw new SluiceError('bad-query', 'a point has one _measurement, and two are named');
    else measurement = token.text;
  }
  return { measurement, tags };
}

function demandEquals(operator: string, name: string, value: readonly Token[]): void {
  if (operator === '=' && value[0]?.kind !== 'pattern') return;
  const shown = `${name.slice(0, QUOTE_CHARACTERS_MAX)} ${operator}`;
  if (['=', '=~', '!~', '!=', '<>', '<', '<=', '>', '>='].includes(operator)) throw new SluiceError('not-offered', `${shown}: a tag of what is deleted is named with = and a value`);
  throw new SluiceError('bad-query', `found ${shown}, expected =`);
}

function boundsOf(operator: string, at: bigint): [least: bigint, most: bigint] {
  switch (operator) {
    case '=': return [at, at];
    case '>': return [at + 1n, LAST_NS];
    case '>=': return [at, LAST_NS];
    case '<': return [FIRST_NS, at - 1n];
    case '<=': return [FIRST_NS, at];
    default: throw new SluiceError('not-offered', `time ${operator}: times are compared with =, <, <=, > and >=`);
  }
}

/** A text, nanoseconds, a span since 1970, or now(), with spans added or taken away. */
function momentOf(value: readonly Token[], nowNs: bigint): bigint {
  const isNow = value[0]?.kind === 'word' && value[0].text.toLowerCase() === 'now' && isSymbol(value[1], '(') && isSymbol(value[2], ')');
  const isNegative = isSymbol(value[0], '-');
  let next = isNow ? 3 : isNegative ? 2 : 1;
  let ns = isNow ? nowNs : isNegative ? -spanNs(value[1]) : value[0]!.kind === 'string' ? textNs(value[0]!) : spanNs(value[0]);
  for (; next < value.length; next += 2) {
    const sign = value[next];
    if (!isSymbol(sign, '+') && !isSymbol(sign, '-')) throw expected('+ or -', sign);
    const span = spanNs(value[next + 1]);
    ns += isSymbol(sign, '+') ? span : -span;
  }
  return ns;
}

function textNs(token: Token): bigint {
  const ns = parseTimeNs(token.text);
  if (ns === null) throw expected('a time as \'2026-01-31T12:00:00Z\'', token);
  return ns;
}

function spanNs(token: Token | undefined): bigint {
  if (token?.kind === 'word' && /^\d{1,19}$/.test(token.text)) return BigInt(token.text);
  const [, count, unit] = token?.kind === 'word' ? /^(\d{1,15})([a-zµ]{1,2})$/.exec(token.text) ?? [] : [];
  const seconds = unit === undefined ? null : parseDuration(`1${unit}`);
  if (seconds === null) throw expected('a time, or a span as 1h', token);
  return BigInt(count!) * BigInt(Math.round(seconds * NS_PER_SECOND));
}

function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

function expected(what: string, token: Token | undefined): SluiceError {
  const found = token === undefined ? 'its end' : `${token.text.slice(0, QUOTE_CHARACTERS_MAX)} at character ${token.at}`;
  return new SluiceError('bad-query', `found ${found}, expected ${what}`);
}
