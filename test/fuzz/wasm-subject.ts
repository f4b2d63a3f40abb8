/** The parser as a subject: WASM module and wrapper, with the part of main that decides new tables and columns. */
import { readFileSync } from 'node:fs';
import * as abi from '../../assembly/abi.js';
import { LINE_ERRORS } from '../../src/errors.js';
import { PLAIN_RULES, ruleFlags } from '../../src/schema-rules.js';
import type { ColumnDefinition, TableDefinition } from '../../src/worker/protocol.js';
import { builderRows, listedPoints, type Point } from '../../src/worker/rows.js';
import { compile, type Parsed, WasmParser } from '../../src/worker/wasm.js';
import type { SchemaLimits } from '../oracle/schema.js';
import { DEFAULT_TIME_NS, type Outcome, push, type Request, rowText, type State, type Subject } from './case.js';

const module = compile(readFileSync(new URL('../../assembly/sluice.wasm', import.meta.url)));

const PRECISION_NUMBERS = {
  auto: abi.PRECISION_AUTO, ns: abi.PRECISION_NS, us: abi.PRECISION_US, ms: abi.PRECISION_MS, s: abi.PRECISION_S, m: abi.PRECISION_M,
  h: abi.PRECISION_H,
};
const KINDS = ['tag', 'f64', 'i64', 'u64', 'bool', 'string'] as const;
/** A replay must not heed them. */
const REPLAY_LIMITS = { tablesMax: 1, columnsMax: 1, columnNameBytesMax: 1 };
const NO_LIMITS = { tablesMax: 0x7fffffff, columnsMax: 0x7fffffff, columnNameBytesMax: 0x7fffffff };

export interface WasmSubjectOptions extends SchemaLimits {
  /** Ask for the accepted lines one by one, and read every accepted body again as a replay; else as a server does it. */
  readonly thorough?: boolean;
}

export class WasmSubject implements Subject {
  readonly #parser = new WasmParser(module);
  /** Gets every accepted body again, as after a restart. */
  readonly #replica: WasmParser | null;
  readonly #tables: TableDefinition[] = [];
  #number = 0;
  #columnId = 0;

  constructor({ thorough = false, ...limits }: WasmSubjectOptions = {}) {
    this.#parser.setLimits({ ...NO_LIMITS, ...limits });
    this.#replica = thorough ? new WasmParser(module) : null;
    this.#replica?.setLimits(REPLAY_LIMITS);
  }

  write(request: Request): Outcome {
    let parsed = this.#parse(request);
    if (parsed.status === abi.PARSE_NEEDS) {
      this.#decide(request.database, parsed);
      parsed = this.#parse(request);
    }
    if (parsed.status !== abi.PARSE_ACCEPTED && parsed.status !== abi.PARSE_REFUSED) throw new Error(`parse returned ${parsed.status}`);
    if (parsed.lines !== parsed.accepted + parsed.rejected && parsed.status === abi.PARSE_ACCEPTED) throw new Error(`${parsed.lines} lines`);
    const rows = new Map<string, string[]>();
    for (const { tableId, rowFirst, rowEnd } of parsed.spans) {
      const table = this.#table(tableId);
      for (const row of builderRows(this.#parser, table).slice(rowFirst, rowEnd)) push(rows, table.measurement, pointText(row));
    }
    const lines = this.#replica === null || parsed.status === abi.PARSE_REFUSED ? null : this.#checkedLines(parsed, rows, request.rules);
    if (lines !== null && this.#replica !== null) this.#replay(request, parsed, this.#replica);
    const errors = parsed.errors.map(({ line, code }) => ({ line, code: LINE_ERRORS[code]?.name ?? `code ${code}` }));
    return { errors, rejected: parsed.rejected, rows, lines };
  }

  state(database: number): State {
    const tables = this.#tables.filter(({ databaseId }) => databaseId === database);
    const rows = new Map<string, string[]>();
    for (const table of tables) {
      const texts = builderRows(this.#parser, table).map(pointText);
      if (this.#replica !== null) assertEqual(builderRows(this.#replica, table).map(pointText), texts, 'replayed rows of the table');
      if (texts.length > 0) rows.set(table.measurement, texts);
    }
    const schema = new Map(tables.map(({ measurement, columns }) => {
      return [measurement, new Map(columns.map(({ key, kind }) => [key, KINDS[kind] ?? 'tag']))] as const;
    }));
    return { rows, schema };
  }

  #parse({ database, precision, acceptPartial, rules = PLAIN_RULES, body }: Request): Parsed {
    this.#parser.inputView(body.length).set(body);
    const flags = (acceptPartial ? 0 : abi.PARSE_ALL_OR_NOTHING) | (this.#replica === null ? 0 : abi.PARSE_RECORD) | ruleFlags(rules);
    return this.#parser.parse({
      databaseId: database, bytes: body.length, precision: PRECISION_NUMBERS[precision], defaultTime: DEFAULT_TIME_NS, flags, linesMax: 2_000_000,
    });
  }

  /** Defines what a body needs, as main does. */
  #decide(database: number, { needs }: Parsed): void {
    for (const { tableId, measurement, kind, key } of needs) {
      const known = this.#tables.find((table) => (tableId === 0 ? table.databaseId === database && table.measurement === measurement : table.id === tableId));
      const column: ColumnDefinition = { id: ++this.#columnId, kind, key, name: key };
      if (known?.columns.some((other) => other.key === key) === true) throw new Error(`${measurement} has ${key} and needs it again`);
      const table: TableDefinition = known === undefined
        ? { id: this.#tables.length + 1, databaseId: database, measurement, created: ++this.#number, sealedTo: 0, columns: [column] }
        : { ...known, columns: [...known.columns, column] };
      this.#tables[table.id - 1] = table;
      this.#parser.define(table);
      this.#replica?.define(table);
    }
  }

  #table(id: number): TableDefinition {
    const table = this.#tables[id - 1];
    if (table === undefined) throw new Error(`rows in table ${id}, which does not exist`);
    return table;
  }

  /**
   * The lines that the listing has, which must be none of the rejected ones and, where no rule puts values elsewhere, say
   * the same as the builders.
   */
  #checkedLines({ rejectedRuns, errors, accepted }: Parsed, rows: ReadonlyMap<string, readonly string[]>, rules = PLAIN_RULES): number[] {
    const listed = listedPoints(this.#parser);
    const texts = new Map<string, string[]>();
    for (const point of listed) push(texts, point.measurement, pointText(point));
    if (rules.types === 'strict') assertEqual([...texts].sort(), [...rows].sort(), 'listing');
    assertEqual(listed.length, accepted, 'number of listed lines');
    const isRejected = (line: number): boolean => rejectedRuns.some((first, at) => at % 2 === 0 && first <= line && line <= (rejectedRuns[at + 1] ?? 0));
    const lines = listed.map(({ line }) => line);
    assertEqual(lines.filter(isRejected), [], 'accepted lines in the rejected runs');
    assertEqual(errors.filter(({ line }) => !isRejected(line)), [], 'rejected lines outside the rejected runs');
    return lines;
  }

  /** Without limits and schema, the accepted lines must come to the same rows, by the rules of their frame. */
  #replay({ database, precision, rules = PLAIN_RULES, body }: Request, { rejectedRuns, accepted, checksum }: Parsed, replica: WasmParser): void {
    replica.inputView(body.length).set(body);
    const again = replica.parse({
      databaseId: database, bytes: body.length, precision: PRECISION_NUMBERS[precision], defaultTime: DEFAULT_TIME_NS, flags: abi.PARSE_REPLAY | ruleFlags(rules),
      linesMax: 0xffffffff, rejectedRuns, replayNumber: ++this.#number,
    });
    assertEqual([again.status, again.accepted, again.checksum], [abi.PARSE_ACCEPTED, accepted, checksum], 'replay');
  }
}

function pointText({ tags, fields, timestamp }: Point): string {
  return rowText(timestamp === null ? DEFAULT_TIME_NS : BigInt(timestamp), [
    ...tags.map(([key, value]) => [key, 'tag', value] as const),
    ...fields,
  ]);
}

function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const text = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  if (text(actual) !== text(expected)) throw new Error(`${what}: ${text(actual)} is not ${text(expected)}`);
}
