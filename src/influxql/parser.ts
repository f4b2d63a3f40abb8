/** The statements of InfluxQL that clients send around their writes. Pure. */
import { parseDuration } from '../durations.js';
import { SluiceError } from '../errors.js';
import { ELSEWHERE, READ_ROWS } from './elsewhere.js';
import { NamePattern } from './pattern.js';
import type { Slice, Source, Statement } from './statement.js';
import { tokensOf } from './tokens.js';
import type { Token } from './tokens.js';

/** Statements of one request. */
const STATEMENTS_MAX = 100;
/** Characters of what a client wrote that an error repeats. */
const QUOTE_CHARACTERS_MAX = 80;

const ANSWERED = 'this endpoint answers CREATE, ALTER and DROP of databases, retention policies and measurements, DELETE, DROP SERIES, SHOW DATABASES, '
  + `MEASUREMENTS, TAG KEYS, FIELD KEYS, RETENTION POLICIES, STATS and DIAGNOSTICS; ${READ_ROWS}`;

/** InfluxQL whose answer is always the same here. */
const CONSTANT: readonly (readonly [words: string, statement: Statement])[] = [
  ['SHOW DATABASES', { kind: 'show databases' }],
  ['SHOW USERS', { kind: 'show nothing', series: { columns: ['user', 'admin'] } }],
  ['SHOW QUERIES', { kind: 'show nothing', series: { columns: ['qid', 'query', 'database', 'duration', 'status'] } }],
  ['SHOW SUBSCRIPTIONS', { kind: 'show nothing', series: null }],
  ['SHOW CONTINUOUS QUERIES', { kind: 'show nothing', series: { columns: ['name', 'query'], perDatabase: true } }],
  ['SHOW SHARD GROUPS', {
    kind: 'show nothing', series: { name: 'shard groups', columns: ['id', 'database', 'retention_policy', 'start_time', 'end_time', 'expiry_time'] },
  }],
  ['SHOW SHARDS', {
    kind: 'show nothing',
    series: { columns: ['id', 'database', 'retention_policy', 'shard_group', 'start_time', 'end_time', 'expiry_time', 'owners'], perDatabase: true },
  }],
];

/** What `WITH` of a new database and a retention policy say beside a name and a period: there are no shards and no copies. */
const WITHOUT_EFFECT = ['SHARD DURATION', 'REPLICATION', 'PAST LIMIT', 'FUTURE LIMIT'];

/** What stands behind the name of a policy, or a new database. */
interface Clauses {
  /** What NAME says, '' for nothing. */
  readonly name: string;
  /** What DURATION says, null for ever. */
  readonly retentionS?: number | null;
  readonly isDefault: boolean;
}

class StatementParser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** @throws SluiceError bad-query, or not-offered for InfluxQL that is not answered */
  whole(): Statement {
    const broken = this.#tokens.find(({ kind }) => kind === 'broken');
    if (broken !== undefined) throw new SluiceError('bad-query', broken.text);
    const statement = this.#statement();
    if (this.#next < this.#tokens.length) throw this.#expected('; or the end of the statement');
    return statement;
  }

  #statement(): Statement {
    for (const [words, statement] of CONSTANT) if (this.#takeWords(words)) return statement;
    const statement = this.#change() ?? this.#show();
    if (statement !== null) return statement;
    const elsewhere = ELSEWHERE.find(([words]) => this.#takeWords(words));
    if (elsewhere !== undefined) throw new SluiceError('not-offered', `${elsewhere[0]}: ${elsewhere[1]}`);
    const words = this.#tokens.slice(0, 2).map(({ text }) => text).join(' ');
    throw new SluiceError('bad-query', `${JSON.stringify(words.slice(0, QUOTE_CHARACTERS_MAX))} is not answered here; ${ANSWERED}`);
  }

  #change(): Statement | null {
    if (this.#takeWords('CREATE DATABASE')) return this.#createDatabase();
    if (this.#takeWords('DROP DATABASE')) return { kind: 'drop database', database: this.#name() };
    if (this.#takeWords('DROP MEASUREMENT')) return { kind: 'drop measurement', measurement: this.#name() };
    if (this.#takeWords('DROP SERIES')) return this.#delete(false);
    if (this.#takeWords('DELETE')) return this.#delete(true);
    if (this.#takeWords('CREATE RETENTION POLICY')) return this.#policy('create policy');
    if (this.#takeWords('ALTER RETENTION POLICY')) return this.#policy('alter policy');
    if (this.#takeWords('DROP RETENTION POLICY')) {
      const { name, database } = this.#nameOn();
      return { kind: 'drop policy', database, policy: name };
    }
    if (this.#takeWords('DROP CONTINUOUS QUERY')) {
      this.#nameOn();
      return { kind: 'drop nothing' };
    }
    if (this.#takeWords('DROP SHARD')) {
      this.#count();
      return { kind: 'drop nothing' };
    }
    return null;
  }

  #show(): Statement | null {
    if (this.#takeWords('SHOW RETENTION POLICIES')) return { kind: 'show retention policies', database: this.#on() };
    if (this.#takeWords('SHOW MEASUREMENTS')) return { kind: 'show measurements', database: this.#on(), wanted: this.#withMeasurement(), slice: this.#slice() };
    if (this.#takeWords('SHOW MEASUREMENT CARDINALITY')) return this.#countMeasurements(false);
    if (this.#takeWords('SHOW MEASUREMENT EXACT CARDINALITY')) return this.#countMeasurements(true);
    if (this.#takeWords('SHOW TAG KEYS')) return { kind: 'show tag keys', database: this.#on(), sources: this.#sources(), slice: this.#slice() };
    if (this.#takeWords('SHOW FIELD KEYS')) return { kind: 'show field keys', database: this.#on(), sources: this.#sources(), slice: this.#slice() };
    if (this.#takeWords('SHOW STATS')) return { kind: 'show stats', module: this.#for() };
    if (this.#takeWords('SHOW DIAGNOSTICS')) return { kind: 'show diagnostics', module: this.#for() };
    return null;
  }

  #createDatabase(): Statement {
    this.#takeWords('IF NOT EXISTS');
    const database = this.#name();
    if (!this.#takeWords('WITH')) return { kind: 'create database', database, policy: '' };
    const begin = this.#next;
    const { isDefault: _, name: policy, ...period } = this.#policyClauses('NAME');
    if (this.#next === begin) throw this.#expected('DURATION, REPLICATION, SHARD, NAME, PAST or FUTURE');
    return { kind: 'create database', database, policy, ...period };
  }

  /** At least one of FROM and WHERE must be there. */
  #delete(mayHaveTimes: boolean): Statement {
    const sources = this.#sources();
    if (sources.some(({ database, policy }) => database !== '' || policy !== '')) {
      throw new SluiceError('bad-query', 'a retention policy or a database cannot stand before the measurement: the request names them (db, rp)');
    }
    const hasWhere = this.#takeWords('WHERE');
    if (!hasWhere && sources.length === 0) throw this.#expected('FROM or WHERE');
    const conditions = this.#tokens.slice(this.#next);
    if (!hasWhere && conditions.length > 0) throw this.#expected('WHERE, ; or the end of the statement');
    if (hasWhere && conditions.length === 0) throw this.#expected('conditions');
    this.#next = this.#tokens.length;
    return { kind: 'delete', sources, conditions, mayHaveTimes };
  }

  #policy(kind: 'create policy' | 'alter policy'): Statement {
    const { name: policy, database } = this.#nameOn();
    const { name: _, ...clauses } = this.#policyClauses('DEFAULT');
    return { kind, database, policy, ...clauses };
  }

  #policyClauses(more: 'NAME' | 'DEFAULT'): Clauses {
    let clauses: Clauses = { name: '', isDefault: false };
    for (;;) {
      if (this.#takeWords(more)) clauses = more === 'NAME' ? { ...clauses, name: this.#name() } : { ...clauses, isDefault: true };
      else if (this.#takeWords('DURATION')) clauses = { ...clauses, retentionS: this.#retention() };
      else if (WITHOUT_EFFECT.some((words) => this.#takeWords(words))) this.#name();
      else return clauses;
    }
  }

  /** A period in seconds, null for one without end. Whether a database may have it shows when it is done. */
  #retention(): number | null {
    const token = this.#tokens[this.#next];
    const isEndless = token?.kind === 'word' && token.text.toUpperCase() === 'INF';
    const seconds = token?.kind === 'word' && !isEndless ? parseDuration(token.text) : null;
    if (!isEndless && seconds === null) throw this.#expected('a duration, as 30d or INF');
    this.#next += 1;
    return seconds === null || seconds === 0 ? null : Math.floor(seconds);
  }

  #countMeasurements(isExact: boolean): Statement {
    const database = this.#on();
    this.#refuseConditions();
    return { kind: 'count measurements', database, isExact };
  }

  #nameOn(): { name: string; database: string } {
    const name = this.#name();
    if (!this.#takeWords('ON')) throw this.#expected('ON and a database');
    return { name, database: this.#name() };
  }

  #on(): string {
    return this.#takeWords('ON') ? this.#name() : '';
  }

  #for(): string {
    if (!this.#takeWords('FOR')) return '';
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'string') throw this.#expected('a name in single quotes');
    this.#next += 1;
    return token.text;
  }

  #withMeasurement(): Source | null {
    if (!this.#takeWords('WITH MEASUREMENT')) return null;
    if (this.#take('=~')) {
      if (this.#tokens[this.#next]?.kind !== 'pattern') throw this.#expected('a pattern between slashes');
    } else if (!this.#take('=')) throw this.#expected('= or =~');
    return this.#source();
  }

  #sources(): Source[] {
    if (!this.#takeWords('FROM')) return [];
    const sources = [this.#source()];
    while (this.#take(',')) sources.push(this.#source());
    return sources;
  }

  #source(): Source {
    const parts = [this.#measurement()];
    // A part may be empty: `db..m`.
    while (this.#take('.')) parts.push(this.#isSymbol('.') ? '' : this.#measurement());
    const [measurement = '', policy = '', database = ''] = parts.toReversed();
    if (parts.length > 3 || typeof policy !== 'string' || typeof database !== 'string') {
      throw this.#expected('a measurement with a retention policy and a database before it at most');
    }
    return { database, policy, measurement };
  }

  #measurement(): string | NamePattern {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'pattern') return this.#name();
    this.#next += 1;
    return new NamePattern(token.text);
  }

  /** What stands last: an order, which is that of the names in any case, LIMIT and OFFSET. */
  #slice(): Slice {
    this.#refuseConditions();
    if (this.#takeWords('ORDER BY')) this.#name();
    const limit = this.#takeWords('LIMIT') ? this.#count() : 0;
    return { limit, offset: this.#takeWords('OFFSET') ? this.#count() : 0 };
  }

  /** @throws SluiceError not-offered: they would have to be looked up in the rows */
  #refuseConditions(): void {
    const word = ['WHERE', 'WITH', 'GROUP', 'SLIMIT', 'SOFFSET'].find((each) => this.#takeWords(each));
    if (word !== undefined) throw new SluiceError('not-offered', `${word}: names are shown here without conditions; ${READ_ROWS}`);
  }

  #count(): number {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word' || !/^\d{1,15}$/.test(token.text)) throw this.#expected('a whole number');
    this.#next += 1;
    return Number(token.text);
  }

  #name(): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word' && token?.kind !== 'quoted') {
      throw this.#expected('a name, in double quotes where it holds more than letters and digits');
    }
    this.#next += 1;
    return token.text;
  }

  /** Takes keywords, separated by spaces, if all of them stand here, in upper or lower case. */
  #takeWords(words: string): boolean {
    const all = words.split(' ');
    const stand = all.every((word, i) => {
      const token = this.#tokens[this.#next + i];
      return token?.kind === 'word' && token.text.toUpperCase() === word;
    });
    if (stand) this.#next += all.length;
    return stand;
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
    const found = token === undefined ? 'its end' : `${token.text.slice(0, QUOTE_CHARACTERS_MAX)} at character ${token.at}`;
    return new SluiceError('bad-query', `found ${found}, expected ${what}`);
  }
}

/** The tokens of each statement; empty ones are none. */
function split(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'symbol' && token.text === ';') statements.push([]);
    else statements.at(-1)!.push(token);
  }
  return statements.filter(({ length }) => length > 0);
}

function parse(tokens: readonly Token[]): Statement {
  try {
    return new StatementParser(tokens).whole();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { kind: error.code === 'not-offered' ? 'elsewhere' : 'unread', detail: error.detail };
  }
}

/**
 * Reads the statements of a request, which are separated by `;`: each for itself, so that one that cannot be read costs
 * the others nothing.
 * @throws SluiceError bad-query for more than a hundred
 */
export function parseStatements(text: string): Statement[] {
  const statements = split(tokensOf(text));
  if (statements.length > STATEMENTS_MAX) throw new SluiceError('bad-query', `more than ${STATEMENTS_MAX} statements stand in one request`);
  return statements.map(parse);
}
