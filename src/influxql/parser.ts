/** The statements of InfluxQL that clients send around their writes. Pure. */
import { SluiceError } from './errors.js';

/** `db.rp.m`, `rp.m` or `m`; '' for a part that is not there. */
export interface Source {
  readonly database: string;
  readonly policy: string;
  readonly measurement: string;
}

/** `database` is '' where the statement names none: the request does. */
export type Statement =
  /** The retention policy that it names, or ''. */
  | { readonly kind: 'create database'; readonly database: string; readonly policy: string }
  | { readonly kind: 'drop database'; readonly database: string }
  | { readonly kind: 'drop measurement'; readonly measurement: string }
  | { readonly kind: 'show databases' }
  | { readonly kind: 'show retention policies'; readonly database: string }
  | { readonly kind: 'show measurements'; readonly database: string }
  /** No source stands for every measurement. */
  | { readonly kind: 'show tag keys' | 'show field keys'; readonly database: string; readonly sources: readonly Source[] };

interface Token {
  readonly kind: 'word' | 'quoted' | 'symbol';
  /** A quoted name without its quotes and escapes. */
  readonly text: string;
  /** Character, from 1. */
  readonly at: number;
}

/** Statements of one request. */
const STATEMENTS_MAX = 100;

const ELSEWHERE = 'this endpoint answers CREATE DATABASE, DROP DATABASE, DROP MEASUREMENT, SHOW DATABASES, '
  + 'SHOW RETENTION POLICIES, SHOW MEASUREMENTS, SHOW TAG KEYS and SHOW FIELD KEYS; to read rows use SQL: '
  + '`sluice query --database NAME "SELECT ..."`, or any engine that opens the tables (docs/reading.md)';

/** A name without quotes may hold what a database's name may, since clients leave the quotes out. */
const TOKEN = /\s+|(?<word>[\p{L}\p{N}_-][\p{L}\p{N}_/-]*)|"(?<quoted>(?:[^"\\]|\\.)*)(?<close>"?)|(?<symbol>.)/gsu;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const { word, quoted, close, symbol } = match.groups!;
    const at = match.index + 1;
    if (close === '') throw new SluiceError('bad-query', `the double quote at character ${at} is not closed`);
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: unescape(quoted), at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
  }
  return tokens;
}

function unescape(quoted: string): string {
  return quoted.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  statements(): Statement[] {
    const statements: Statement[] = [];
    while (this.#next < this.#tokens.length) {
      if (this.#take(';')) continue;
      if (statements.length === STATEMENTS_MAX) throw new SluiceError('bad-query', `more than ${STATEMENTS_MAX} statements stand in one request`);
      statements.push(this.#statement());
      if (this.#next < this.#tokens.length && !this.#take(';')) throw this.#expected('; or the end of the statement');
    }
    return statements;
  }

  #statement(): Statement {
    const begin = this.#next;
    if (this.#takeWords('CREATE', 'DATABASE')) return this.#createDatabase();
    if (this.#takeWords('DROP', 'DATABASE')) return { kind: 'drop database', database: this.#name() };
    if (this.#takeWords('DROP', 'MEASUREMENT')) return { kind: 'drop measurement', measurement: this.#name() };
    if (this.#takeWords('SHOW', 'DATABASES')) return { kind: 'show databases' };
    if (this.#takeWords('SHOW', 'RETENTION', 'POLICIES')) return { kind: 'show retention policies', database: this.#on() };
    if (this.#takeWords('SHOW', 'MEASUREMENTS')) return { kind: 'show measurements', database: this.#on() };
    if (this.#takeWords('SHOW', 'TAG', 'KEYS')) return { kind: 'show tag keys', database: this.#on(), sources: this.#sources() };
    if (this.#takeWords('SHOW', 'FIELD', 'KEYS')) return { kind: 'show field keys', database: this.#on(), sources: this.#sources() };
    const words = this.#tokens.slice(begin, begin + 2).map(({ text }) => text).join(' ');
    throw new SluiceError('bad-query', `${JSON.stringify(words.slice(0, 80))} is not answered here; ${ELSEWHERE}`);
  }

  #createDatabase(): Statement {
    this.#takeWords('IF', 'NOT', 'EXISTS');
    const database = this.#name();
    let policy = '';
    // Retention and shards, which there are none of; a name counts, for an import.
    if (this.#takeWords('WITH')) {
      if (!['DURATION', 'REPLICATION', 'SHARD', 'NAME', 'PAST', 'FUTURE'].some((word) => this.#takeWords(word))) {
        throw this.#expected('DURATION, REPLICATION, SHARD, NAME, PAST or FUTURE');
      }
      this.#next -= 1;
      while (this.#next < this.#tokens.length && !this.#isSymbol(';')) {
        if (this.#takeWords('NAME')) policy = this.#name();
        else this.#next += 1;
      }
    }
    return { kind: 'create database', database, policy };
  }

  #on(): string {
    return this.#takeWords('ON') ? this.#name() : '';
  }

  #sources(): Source[] {
    if (!this.#takeWords('FROM')) return [];
    const sources = [this.#source()];
    while (this.#take(',')) sources.push(this.#source());
    return sources;
  }

  #source(): Source {
    const parts = [this.#name()];
    // A part may be empty: `db..m`.
    while (this.#take('.')) parts.push(this.#isSymbol('.') ? '' : this.#name());
    if (parts.length > 3) throw this.#expected('a measurement with a retention policy and a database before it at most');
    const [measurement = '', policy = '', database = ''] = parts.toReversed();
    return { database, policy, measurement };
  }

  #name(): string {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind === 'symbol') throw this.#expected('a name, in double quotes where it holds more than letters and digits');
    this.#next += 1;
    return token.text;
  }

  /** Takes keywords if all of them stand here, in upper or lower case. */
  #takeWords(...words: readonly string[]): boolean {
    const all = words.every((word, i) => {
      const token = this.#tokens[this.#next + i];
      return token?.kind === 'word' && token.text.toUpperCase() === word;
    });
    if (all) this.#next += words.length;
    return all;
  }

  #isSymbol(symbol: string): boolean {
    const token = this.#tokens[this.#next];
    return token?.kind === 'symbol' && token.text === symbol;
  }

  #take(symbol: string): boolean {
    const found = this.#isSymbol(symbol);
    if (found) this.#next += 1;
    return found;
  }

  #expected(what: string): SluiceError {
    const token = this.#tokens[this.#next];
    const found = token === undefined ? 'its end' : `${token.text.slice(0, 80)} at character ${token.at}`;
    return new SluiceError('bad-query', `found ${found}, expected ${what}`);
  }
}

/**
 * Reads the statements of a request, which are separated by `;`.
 * @throws SluiceError bad-query, before any of them is done; it says what is answered here and where SQL is
 */
export function parseStatements(text: string): Statement[] {
  return new Parser(text).statements();
}
