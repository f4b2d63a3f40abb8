/** /query of InfluxDB v1: the statements that clients send around their writes, and their results. */
import { KIND_TAG } from '../../../assembly/layout/codes.js';
import type { Principal } from '../../auth/principal.js';
import { ERRORS, KIND_NAMES, SluiceError } from '../../errors.js';
import { demand, demandAdmin } from '../auth/auth.js';
import { joinPolicy } from '../../database-names.js';
import type { Answer } from '../listener/listener.js';
import { jsonAnswer, jsonObject, maySee, textOf } from './page.js';
import type { PageRequest } from './page.js';
import { QueryParameters } from '../front/query-string.js';
import type { SchemaAccess, SchemaTable } from './schema-access.js';
import { parseStatements } from '../../influxql.js';
import type { Source, Statement } from '../../influxql.js';

/** Rows of one answer; past it there is none but the advice to name a measurement. */
const ROWS_MAX = 1_000_000;

interface Series {
  readonly name?: string;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

interface Result {
  readonly statement_id: number;
  readonly series?: readonly Series[];
  readonly error?: string;
}

/** What is asked, wherever it stands: in the URL, in a form, in JSON or as the body itself. */
function parameterOf(request: PageRequest): (name: string) => string {
  const { body, query } = request;
  if (body === '') return (name) => query.get(name) ?? '';
  const [type = ''] = request.header('content-type').toLowerCase().split(';');
  if (query.get('q') === undefined && type.trim() === 'application/vnd.influxql') return (name) => (name === 'q' ? body : query.get(name) ?? '');
  if (query.get('q') === undefined && type.trim() === 'application/json') {
    const object = jsonObject(body);
    return (name) => textOf(object, name) || (query.get(name) ?? '');
  }
  // Some clients name no type, or a wrong one.
  const form = new QueryParameters(body);
  return (name) => form.get(name) ?? query.get(name) ?? '';
}

/** @param database '' for none: then there is nothing to see. @throws SluiceError forbidden */
function demandSight(principal: Principal, database: string): void {
  if (database !== '' && !maySee(principal, database)) demand(principal, 'read', database);
}

/** @param database of the statement, '' for none. @throws SluiceError forbidden */
function checkRights(statement: Statement, database: string, principal: Principal): void {
  switch (statement.kind) {
    case 'create database':
      return demand(principal, 'write', database);
    case 'drop database':
    case 'drop measurement':
      return demandAdmin(principal);
    case 'show databases':
      return;
    case 'show retention policies':
    case 'show measurements':
      return demandSight(principal, database);
    case 'show tag keys':
    case 'show field keys':
      for (const source of sourcesOf(statement, database)) demandSight(principal, source.database);
  }
}

/** What SHOW … KEYS is about: databases as they are called here, and a measurement of each, or '' for all of them. */
function sourcesOf({ sources }: { readonly sources: readonly Source[] }, database: string): { database: string; measurement: string }[] {
  if (sources.length === 0) return [{ database, measurement: '' }];
  return sources.map((source) => ({ database: joinPolicy(source.database || database, source.policy), measurement: source.measurement }));
}

class Execution {
  readonly #schema: SchemaAccess;
  readonly #principal: Principal;
  /** What the request names as its database; '' for none. */
  readonly #database: string;
  #rows = 0;

  constructor(schema: SchemaAccess, principal: Principal, database: string) {
    this.#schema = schema;
    this.#principal = principal;
    this.#database = database;
  }

  /** One result a statement; after the first that fails none is executed, as InfluxDB has it. @throws SluiceError forbidden, before any is */
  async run(statements: readonly Statement[]): Promise<Result[]> {
    for (const statement of statements) checkRights(statement, this.#databaseOf(statement), this.#principal);
    const results: Result[] = [];
    let failed = false;
    for (const [id, statement] of statements.entries()) {
      const outcome: readonly Series[] | string = failed ? 'not executed' : await this.#outcome(statement);
      failed = typeof outcome === 'string';
      if (typeof outcome === 'string') results.push({ statement_id: id, error: outcome });
      else results.push(outcome.length === 0 ? { statement_id: id } : { statement_id: id, series: outcome });
    }
    return results;
  }

  /** The series of a result, or what is wrong with the statement. @throws SluiceError where the server is at fault */
  async #outcome(statement: Statement): Promise<readonly Series[] | string> {
    try {
      return await this.#execute(statement);
    } catch (error) {
      if (error instanceof SluiceError && ERRORS[error.code].status < 500) return error.message;
      throw error;
    }
  }

  async #execute(statement: Statement): Promise<readonly Series[] | string> {
    const database = this.#databaseOf(statement);
    switch (statement.kind) {
      case 'create database':
        await this.#schema.createDatabase(database);
        return [];
      case 'drop database':
        await this.#schema.dropDatabase(database);
        return [];
      case 'drop measurement':
        this.#tables(database);
        return (await this.#schema.dropMeasurement(database, statement.measurement)) ? [] : `measurement not found: ${statement.measurement}`;
      case 'show databases':
        return [this.#series('databases', ['name'], this.#names().map((name) => [name]))];
      case 'show retention policies':
        return [this.#policies(database)];
      case 'show measurements': {
        const names = this.#tables(database).map(({ measurement }) => [measurement]);
        return names.length === 0 ? [] : [this.#series('measurements', ['name'], names)];
      }
      case 'show tag keys':
        return this.#perTable(sourcesOf(statement, database), ['tagKey'], ({ columns }) =>
          columns.filter(({ kind }) => kind === KIND_TAG).map(({ key }) => [key]));
      case 'show field keys':
        return this.#perTable(sourcesOf(statement, database), ['fieldKey', 'fieldType'], ({ columns }) =>
          columns.filter(({ kind }) => kind !== KIND_TAG).map(({ key, kind }) => [key, KIND_NAMES[kind]!]));
    }
  }

  #databaseOf(statement: Statement): string {
    const named = 'database' in statement ? statement.database : '';
    return named === '' ? this.#database : named;
  }

  #names(): string[] {
    return this.#schema.databases().map(({ name }) => name).filter((name) => maySee(this.#principal, name));
  }

  /** Sorted by measurement. @throws SluiceError database-missing, database-not-found */
  #tables(database: string): SchemaTable[] {
    if (database === '') throw new SluiceError('database-missing', 'database name required: add db=NAME to the query string, or ON NAME to the statement');
    const tables = this.#schema.tables(database);
    if (tables === null) throw new SluiceError('database-not-found', database);
    return tables.toSorted((a, b) => (a.measurement < b.measurement ? -1 : 1));
  }

  /** `name` itself is the policy autogen, each `name/rp` a policy of that name. Nothing is ever dropped for its age. */
  #policies(database: string): Series {
    const names = this.#names().filter((name) => name === database || name.startsWith(`${database}/`));
    if (database === '' || names.length === 0) this.#tables(database);
    const rows = names.map((name) => (name === database ? ['autogen', '0s', '0s', 1, true] : [name.slice(database.length + 1), '0s', '0s', 1, false]));
    return { columns: ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'], values: rows };
  }

  /** A series for each table that has rows to show. */
  #perTable(sources: ReturnType<typeof sourcesOf>, columns: readonly string[], rowsOf: (table: SchemaTable) => string[][]): Series[] {
    const tables = sources.flatMap(({ database, measurement }) =>
      this.#tables(database).filter((table) => measurement === '' || table.measurement === measurement));
    const series = tables.map((table) => this.#series(table.measurement, columns, rowsOf(table).sort()));
    return series.filter(({ values }) => values.length > 0);
  }

  /** @throws SluiceError bad-request for too many rows */
  #series(name: string, columns: readonly string[], values: readonly (readonly string[])[]): Series {
    this.#rows += values.length;
    if (this.#rows > ROWS_MAX) throw new SluiceError('bad-request', `the answer has more than ${ROWS_MAX} rows; name a measurement with FROM`);
    return { name, columns, values };
  }
}

/**
 * Answers /query.
 * @throws SluiceError bad-query, forbidden, and where the server is at fault
 */
export async function queryPage(schema: SchemaAccess, request: PageRequest): Promise<Answer> {
  const parameter = parameterOf(request);
  const q = parameter('q');
  if (q.trim() === '') throw new SluiceError('bad-request', 'missing required parameter "q"');
  const database = joinPolicy(parameter('db'), parameter('rp'));
  const results = await new Execution(schema, request.principal, database).run(parseStatements(q));
  return jsonAnswer(200, { results });
}
