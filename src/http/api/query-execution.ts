/** Does the statements of one request to /query, each for itself. */
import { KIND_TAG } from '../../../assembly/layout/codes.js';
import type { Principal } from '../../auth/principal.js';
import type { Clock } from '../../clock.js';
import { joinPolicy } from '../../database-names.js';
import { ERRORS, KIND_NAMES, SluiceError } from '../../errors.js';
import type { NamePattern } from '../../influxql/pattern.js';
import { pointConditions } from '../../influxql/conditions.js';
import { FIRST_NS, LAST_NS } from '../../model/tombstone.js';
import type { NoValues, Slice, Statement } from '../../influxql/statement.js';
import { goDuration } from '../../durations.js';
import { checkRetention } from '../../retention.js';
import { demandAdmin } from '../auth/auth.js';
import { maySee } from './endpoint.js';
import type { Result, Series } from './query-results.js';
import { checkRights, targetOf, targetsOf } from './query-rights.js';
import type { Target } from './query-rights.js';
import type { SchemaAccess, SchemaTable } from './schema-access.js';

/** Rows of one answer; past it there is none but the advice to name a measurement. */
const ROWS_MAX = 1_000_000;
/** Steps of patterns in one request, and in one turn of the event loop: about 1 s, and some ms. */
const PATTERN_STEPS_MAX = 10_000_000;
const PATTERN_STEPS_A_TURN = 20_000;

/** What the server says of itself. */
export interface ServerFacts {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly startedMs: number;
  /** Ours, and the one of InfluxDB 1 that v1 clients are told. */
  readonly version: string;
  readonly toldVersion: string;
}

interface Parts {
  readonly schema: SchemaAccess;
  readonly principal: Principal;
  /** What the request names as its database; '' for none. */
  readonly database: string;
  readonly server: ServerFacts;
}

function cut<T>(rows: readonly T[], { limit, offset }: Slice): readonly T[] {
  return rows.slice(offset, limit === 0 ? undefined : offset + limit);
}

type PolicyStatement = Extract<Statement, { readonly kind: 'create policy' | 'alter policy' }>;

function periodProblem(retentionS: number | null | undefined): string | null {
  return retentionS == null ? null : checkRetention(retentionS);
}

export class Execution {
  readonly #parts: Parts;
  #rows = 0;
  readonly #patternSteps = { all: 0, turn: 0 };
  /** On the statement that is being done. */
  #warnings: string[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * One result a statement. One that is not answered here costs the others nothing; after one that fails as it is done
   * none is executed, as InfluxDB has it.
   * @throws SluiceError forbidden, before any is done, and where the server is at fault
   */
  async run(statements: readonly Statement[]): Promise<Result[]> {
    const { schema, principal } = this.#parts;
    for (const statement of statements) checkRights(statement, this.#databaseOf(statement), principal, (name) => schema.tables(name) !== null);
    const results: Result[] = [];
    let failed = false;
    for (const [id, statement] of statements.entries()) {
      if (statement.kind === 'unread' || statement.kind === 'elsewhere') {
        const { sentence } = ERRORS[statement.kind === 'unread' ? 'bad-query' : 'not-offered'];
        results.push({ statement_id: id, error: `${sentence}: ${statement.detail}` });
        continue;
      }
      const outcome: readonly Series[] | string = failed ? 'not executed' : await this.#outcome(statement);
      failed = typeof outcome === 'string';
      if (typeof outcome === 'string') results.push({ statement_id: id, error: outcome });
      else results.push({ statement_id: id, ...(outcome.length === 0 ? {} : { series: outcome }), ...this.#takeMessages() });
    }
    return results;
  }

  /** The series of a result, or what is wrong with the statement. @throws SluiceError where the server is at fault */
  async #outcome(statement: Statement): Promise<readonly Series[] | string> {
    try {
      return (await this.#change(statement)) ?? (await this.#show(statement));
    } catch (error) {
      if (error instanceof SluiceError && ERRORS[error.code].status < 500) return error.message;
      throw error;
    }
  }

  /** Null for a statement that changes nothing. */
  async #change(statement: Statement): Promise<readonly Series[] | string | null> {
    const { schema } = this.#parts;
    const database = this.#databaseOf(statement);
    switch (statement.kind) {
      case 'create database':
        return this.#create(database, statement.retentionS);
      case 'drop database':
        await schema.dropDatabase(database);
        return [];
      case 'drop measurement':
        this.#tables(database);
        return (await schema.dropMeasurement(database, statement.measurement)) ? [] : `measurement not found: ${statement.measurement}`;
      case 'delete':
        return this.#delete(database, statement);
      case 'drop policy': {
        this.#policiesOf(database);
        const dropped = joinPolicy(database, statement.policy);
        if (dropped === database) return `${JSON.stringify(statement.policy)} is the database itself; DROP DATABASE drops it`;
        if (schema.tables(dropped) === null) return [];
        // It may be there since the rights were looked at.
        demandAdmin(this.#parts.principal);
        await schema.dropDatabase(dropped);
        return [];
      }
      case 'create policy':
        return this.#createPolicy(database, statement);
      case 'alter policy':
        return this.#alterPolicy(database, statement);
      case 'drop nothing':
        return [];
      default:
        return null;
    }
  }

  async #delete(database: string, { conditions, mayHaveTimes, sources }: Extract<Statement, { readonly kind: 'delete' }>): Promise<readonly Series[] | string> {
    const nowNs = BigInt(Math.floor(this.#parts.server.clock.nowMs())) * 1_000_000n;
    const { firstNs, lastNs, tags } = conditions.length === 0 ? { firstNs: FIRST_NS, lastNs: LAST_NS, tags: [] } : pointConditions(conditions, nowNs);
    if (!mayHaveTimes && (firstNs !== FIRST_NS || lastNs !== LAST_NS)) return 'DROP SERIES doesn\'t support time in WHERE clause';
    this.#tables(database);
    const points = { firstNs: String(firstNs), lastNs: String(lastNs), tags };
    const named = new Set<string | null>(sources.length === 0 ? [null] : []);
    for (const source of sources) for (const { measurement } of await this.#tablesOf({ ...targetOf(source, database), database })) named.add(measurement);
    for (const measurement of named) await this.#parts.schema.deleteRows(database, { ...points, measurement });
    return [];
  }

  /** @param retentionS undefined where nothing is said of it */
  async #create(name: string, retentionS: number | null | undefined): Promise<readonly Series[] | string> {
    const { schema } = this.#parts;
    const problem = periodProblem(retentionS);
    if (problem !== null) return problem;
    const made = await schema.createDatabase(name, retentionS === undefined ? {} : { retentionS });
    if (made || retentionS === undefined || this.#period(name) === retentionS) return [];
    return 'retention policy conflicts with an existing policy';
  }

  async #createPolicy(database: string, { isDefault, policy, retentionS = null }: PolicyStatement): Promise<readonly Series[] | string> {
    this.#policiesOf(database);
    const outcome = await this.#create(joinPolicy(database, policy), retentionS);
    if (isDefault && typeof outcome !== 'string') await this.#makeDefault(database, retentionS);
    return outcome;
  }

  async #alterPolicy(database: string, { isDefault, policy, retentionS }: PolicyStatement): Promise<readonly Series[] | string> {
    this.#policiesOf(database);
    const name = joinPolicy(database, policy);
    const before = this.#period(name);
    if (before === undefined) return `retention policy not found: ${policy}`;
    const problem = periodProblem(retentionS);
    if (problem !== null) return problem;
    if (retentionS !== undefined) await this.#parts.schema.changeSettings(name, { retentionS });
    if (isDefault) await this.#makeDefault(database, retentionS === undefined ? before : retentionS);
    return [];
  }

  /** Writes that name no policy go to the database itself: it gets the period while that deletes nothing. */
  async #makeDefault(database: string, retentionS: number | null): Promise<void> {
    const { schema } = this.#parts;
    const before = this.#period(database);
    if (before === undefined) await schema.createDatabase(database, { retentionS });
    else if (before !== retentionS && this.#tables(database).length === 0) await schema.changeSettings(database, { retentionS });
    else if (before !== retentionS) {
      this.#warnings.push(`DEFAULT is passed over: writes without a policy go to ${database}, which has rows and keeps them as before; `
        + `ALTER RETENTION POLICY autogen ON "${database}" DURATION changes that`);
    }
  }

  /** Undefined when there is no such database. */
  #period(database: string): number | null | undefined {
    return this.#parts.schema.databases().find(({ name }) => name === database)?.retentionS;
  }

  #takeMessages(): Pick<Result, 'messages'> {
    const texts = this.#warnings.splice(0);
    return texts.length === 0 ? {} : { messages: texts.map((text) => ({ level: 'warning', text })) };
  }

  async #show(statement: Statement): Promise<readonly Series[]> {
    const database = this.#databaseOf(statement);
    switch (statement.kind) {
      case 'show databases':
        return [this.#series('databases', ['name'], this.#names().map((name) => [name]))];
      case 'show retention policies':
        return [this.#policies(database)];
      case 'show measurements': {
        const target = statement.wanted === null ? { database, measurement: '' } : targetOf(statement.wanted, database);
        const names = cut(await this.#tablesOf(target), statement.slice).map(({ measurement }) => [measurement]);
        return names.length === 0 ? [] : [this.#series('measurements', ['name'], names)];
      }
      case 'count measurements':
        return [{ columns: [statement.isExact ? 'count' : 'cardinality estimation'], values: [[this.#tables(database).length]] }];
      case 'show tag keys':
        return this.#perTable(targetsOf(statement.sources, database), ['tagKey'], statement.slice, ({ columns }) =>
          columns.filter(({ kind }) => kind === KIND_TAG).map(({ key }) => [key]));
      case 'show field keys':
        return this.#perTable(targetsOf(statement.sources, database), ['fieldKey', 'fieldType'], statement.slice, ({ columns }) =>
          columns.filter(({ kind }) => kind !== KIND_TAG).map(({ key, kind }) => [key, KIND_NAMES[kind]!]));
      case 'show stats':
        return this.#stats(statement.module);
      case 'show diagnostics':
        return this.#diagnostics(statement.module);
      case 'show nothing':
        return this.#empty(statement.series);
      default:
        return [];
    }
  }

  #databaseOf(statement: Statement): string {
    const named = 'database' in statement ? statement.database : '';
    return named === '' ? this.#parts.database : named;
  }

  #names(): string[] {
    return this.#parts.schema.databases().map(({ name }) => name).filter((name) => maySee(this.#parts.principal, name));
  }

  /** Sorted by measurement. @throws SluiceError database-missing, database-not-found */
  #tables(database: string): SchemaTable[] {
    if (database === '') throw new SluiceError('database-missing', 'database name required: add db=NAME to the query string, or ON NAME to the statement');
    const tables = this.#parts.schema.tables(database);
    if (tables === null) throw new SluiceError('database-not-found', database);
    return tables.toSorted((a, b) => (a.measurement < b.measurement ? -1 : 1));
  }

  /** @throws SluiceError as `#tables`, and not-offered for a pattern that costs too much */
  async #tablesOf({ database, measurement }: Target): Promise<SchemaTable[]> {
    const tables = this.#tables(database);
    if (measurement === '') return tables;
    if (typeof measurement === 'string') return tables.filter((table) => table.measurement === measurement);
    const found: SchemaTable[] = [];
    for (const table of tables) if (await this.#matches(measurement, table.measurement)) found.push(table);
    return found;
  }

  /** Lets others have their turn meanwhile. @throws SluiceError not-offered */
  async #matches(pattern: NamePattern, name: string): Promise<boolean> {
    const match = pattern.match(name);
    const steps = this.#patternSteps;
    for (let next = match.next(); ; next = match.next()) {
      if (next.done === true) return next.value;
      steps.all += next.value;
      steps.turn += next.value;
      if (steps.all > PATTERN_STEPS_MAX) throw new SluiceError('not-offered', 'the pattern takes too long for so many measurements; name one');
      if (steps.turn > PATTERN_STEPS_A_TURN) {
        steps.turn = 0;
        await new Promise(setImmediate);
      }
    }
  }

  /** Databases that are policies of one: `name` itself, and each `name/rp`. @throws SluiceError when there is none */
  #policiesOf(database: string): string[] {
    const names = this.#names().filter((name) => name === database || name.startsWith(`${database}/`));
    if (database === '' || names.length === 0) this.#tables(database);
    return names;
  }

  /** `name` itself is the policy autogen, each `name/rp` a policy of that name. */
  #policies(database: string): Series {
    const rows = this.#policiesOf(database).map((name) => {
      const isDefault = name === database;
      return [isDefault ? 'autogen' : name.slice(database.length + 1), goDuration(this.#period(name) ?? 0), '0s', 1, isDefault];
    });
    return { columns: ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'], values: rows };
  }

  /** A series for each table that has rows to show. */
  async #perTable(targets: readonly Target[], columns: readonly string[], slice: Slice, rowsOf: (table: SchemaTable) => string[][]): Promise<Series[]> {
    const tables: SchemaTable[] = [];
    for (const target of targets) for (const table of await this.#tablesOf(target)) tables.push(table);
    const series = tables.map((table) => this.#series(table.measurement, columns, cut(rowsOf(table).sort(), slice)));
    return series.filter(({ values }) => values!.length > 0);
  }

  /** Of InfluxDB's many statistics the one that is known here. */
  #stats(module: string): Series[] {
    if (module !== '' && module !== 'database') return [];
    return this.#names().map((name) => ({ name: 'database', tags: { database: name }, columns: ['numMeasurements'], values: [[this.#tables(name).length]] }));
  }

  #diagnostics(module: string): Series[] {
    const { clock, startedMs, version, toldVersion } = this.#parts.server;
    const upMs = clock.monotonicMs() - startedMs;
    const nowMs = clock.nowMs();
    const all: Series[] = [
      { name: 'build', columns: ['Branch', 'Build Time', 'Commit', 'Version'], values: [['', '', '', toldVersion]] },
      { name: 'sluice', columns: ['version'], values: [[version]] },
      {
        name: 'system', columns: ['currentTime', 'started', 'uptime'],
        values: [[new Date(nowMs).toISOString(), new Date(nowMs - upMs).toISOString(), `${(upMs / 1000).toFixed(3)}s`]],
      },
    ];
    return all.filter(({ name }) => module === '' || name === module);
  }

  #empty(series: NoValues | null): Series[] {
    if (series === null) return [];
    const { name, columns, perDatabase = false } = series;
    if (perDatabase) return this.#names().map((database) => ({ name: database, columns }));
    return [{ ...(name === undefined ? {} : { name }), columns }];
  }

  /** @throws SluiceError bad-request for too many rows */
  #series(name: string, columns: readonly string[], values: readonly (readonly string[])[]): Series {
    this.#rows += values.length;
    if (this.#rows > ROWS_MAX) throw new SluiceError('bad-request', `the answer has more than ${ROWS_MAX} rows; name a measurement with FROM`);
    return { name, columns, values };
  }
}
