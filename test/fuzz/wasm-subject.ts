/** A build of the parser as a subject: WASM module and wrapper, with the part of main that decides new tables and columns. */
import * as abi from '../../assembly/layout/codes.js';
import { TABLE_ROWS } from '../../assembly/layout/table.js';
import { LINE_ERRORS } from '../../src/errors.js';
import { PLAIN_RULES, ruleFlags } from '../../src/schema-rules.js';
import { moveMemtables } from '../../src/worker/wasm/move.js';
import type { ParserLimits } from '../../src/model/limits.js';
import type { ColumnDefinition, TableDefinition } from '../../src/model/schema.js';
import { memtableRows } from '../../src/worker/wasm/dump.js';
import { type Parsed, WasmParser } from '../../src/worker/wasm/wasm.js';
import type { SchemaLimits } from '../oracle/schema.js';
import { type Build, moduleOf } from '../worker/builds.js';
import { memtableRowTexts } from './memtable-rows.js';
import { type Change, DEFAULT_TIME_NS, type Outcome, type Request, type State, type Subject } from './case.js';
import { droppedTable, removedRows } from './changes.js';
import { assertEqual, checkedLines, pointText } from './checks.js';
import { jadedTable, makeJaded } from './jaded.js';
import { sampled } from './random.js';

const PRECISION_NUMBERS = {
  auto: abi.PRECISION_AUTO, ns: abi.PRECISION_NS, us: abi.PRECISION_US, ms: abi.PRECISION_MS, s: abi.PRECISION_S, m: abi.PRECISION_M,
  h: abi.PRECISION_H,
};
const KINDS = ['tag', 'f64', 'i64', 'u64', 'bool', 'string'] as const;
const STATUSES = new Map<number, Outcome['status']>([[abi.PARSE_ACCEPTED, 'accepted'], [abi.PARSE_REFUSED, 'refused'], [abi.PARSE_TOO_MANY_LINES, 'too many lines']]);
/** A replay must not heed them. */
const REPLAY_LIMITS = { tablesMax: 1, columnsMax: 1, columnNameBytesMax: 1, namesBytesMax: 0xffffffff, seriesBytesMax: 1 << 20 };
const NO_LIMITS = { tablesMax: 0x7fffffff, columnsMax: 0x7fffffff, columnNameBytesMax: 0x7fffffff, namesBytesMax: 0xffffffff, seriesBytesMax: 64 << 20 };
const LINES_MAX = 2_000_000;
/** Of the text of rejected lines. */
const REJECTED_BYTES_MAX = 10_000;

interface WasmSubjectLimits extends SchemaLimits {
  /** For the entries of the series cache. */
  readonly seriesBytesMax?: number;
  /** The parser has met many series that never came again. */
  readonly isJaded?: boolean;
}

export interface WasmSubjectOptions extends WasmSubjectLimits {
  readonly build?: Build;
  /** Ask for the accepted lines one by one, and read every accepted body again as a replay; else as a server does it. */
  readonly thorough?: boolean;
}

export class WasmSubject implements Subject {
  #parser: WasmParser;
  /** Gets every accepted body again, as after a restart. */
  #replica: WasmParser | null;
  readonly #fresh: () => WasmParser;
  readonly #freshReplica: () => WasmParser;
  readonly #tables: TableDefinition[] = [];
  readonly #dropped = new Set<number>();
  #seq = 0;
  #columnId = 0;

  constructor({ build = 'simd', thorough = false, isJaded = false, ...limits }: WasmSubjectOptions = {}) {
    const made = (limits: ParserLimits): WasmParser => {
      const parser = new WasmParser(moduleOf(build));
      parser.setLimits(limits);
      return parser;
    };
    this.#fresh = () => made({ ...NO_LIMITS, ...limits });
    this.#freshReplica = () => made(REPLAY_LIMITS);
    this.#parser = this.#fresh();
    this.#replica = thorough ? this.#freshReplica() : null;
    if (!isJaded) return;
    const table = jadedTable(1);
    this.#tables.push(table);
    this.#columnId = table.columns.length;
    this.#parsers().forEach((parser) => parser.define(table));
    makeJaded(this.#parser, table);
  }

  write(request: Request): Outcome {
    const answers: unknown[] = [];
    let parsed = this.#parse(request, answers);
    if (parsed.status === abi.PARSE_NEEDS) {
      this.#decide(request.database, parsed);
      parsed = this.#parse(request, answers);
    }
    const status = STATUSES.get(parsed.status);
    if (status === undefined) throw new Error(`parse returned ${parsed.status}`);
    if (status !== 'accepted' && parsed.spans.length > 0) throw new Error(`rows of a body that is ${status}`);
    if (status === 'too many lines') return { status, errors: [], rejected: 0, checksum: 0n, rows: new Map(), lines: null, answers };
    if (parsed.lines !== parsed.accepted + parsed.rejected) throw new Error(`${parsed.lines} lines`);
    const rows = new Map(parsed.spans.map((span) => {
      const table = this.#table(span.tableId);
      return [table.measurement, memtableRowTexts(this.#parser, table, span)] as const;
    }));
    const lines = this.#replica === null || status === 'refused' ? null : checkedLines(this.#parser, parsed, rows, request.rules);
    if (lines !== null && this.#replica !== null) this.#replay(request, parsed, this.#replica);
    const errors = parsed.errors.map(({ line, code }) => ({ line, code: LINE_ERRORS[code]?.name ?? `code ${code}` }));
    return { status, errors, rejected: parsed.rejected, checksum: status === 'refused' ? 0n : parsed.checksum, rows, lines, answers };
  }

  change(change: Change): void {
    if (change.change === 'free') return this.#parsers().forEach((parser) => parser.freeSpare());
    if (change.change === 'move') return this.#move();
    const tables = this.#tablesOf(change.database);
    if (change.change === 'drop') {
      const measurement = droppedTable(change, tables.map((table) => table.measurement));
      const table = tables.find((each) => each.measurement === measurement);
      if (table === undefined) return;
      this.#dropped.add(table.id);
      this.#parsers().forEach((parser) => parser.drop(table.id));
      return;
    }
    const counts = new Map(tables.map((table) => [table.measurement, this.#rowCount(table.id)]));
    for (const { measurement, ranges } of removedRows(change, counts)) {
      const { id } = tables.find((each) => each.measurement === measurement)!;
      for (const parser of this.#parsers()) {
        parser.removeRows(id, ranges);
        if (change.change === 'flush') parser.setFlushedTo(id, this.#seq);
      }
    }
  }

  state(database: number): State {
    const tables = this.#tablesOf(database);
    const rows = new Map<string, string[]>();
    for (const table of tables) {
      const texts = memtableRows(this.#parser, table).map(pointText);
      if (this.#replica !== null) assertEqual(memtableRows(this.#replica, table).map(pointText), texts, 'replayed rows of the table');
      if (texts.length > 0) rows.set(table.measurement, texts);
    }
    const schema = new Map(tables.map(({ measurement, columns }) => {
      return [measurement, new Map(columns.map(({ key, kind }) => [key, KINDS[kind] ?? 'tag']))] as const;
    }));
    return { rows, schema };
  }

  #move(): void {
    const moved = (from: WasmParser, to: WasmParser): WasmParser => {
      moveMemtables(from, to);
      return to;
    };
    this.#parser = moved(this.#parser, this.#fresh());
    if (this.#replica !== null) this.#replica = moved(this.#replica, this.#freshReplica());
  }

  #parsers(): WasmParser[] {
    return this.#replica === null ? [this.#parser] : [this.#parser, this.#replica];
  }

  #tablesOf(database: number): TableDefinition[] {
    return this.#tables.filter(({ id, databaseId }) => databaseId === database && !this.#dropped.has(id));
  }

  #rowCount(tableId: number): number {
    const at = this.#parser.exports.tableAt(tableId) >>> 0;
    return new DataView(this.#parser.memory.buffer).getUint32(at + TABLE_ROWS, true);
  }

  /** Parses once; adds all that the parser says of it to `answers`. */
  #parse({ database, precision, acceptPartial, rules = PLAIN_RULES, linesMax = LINES_MAX, body }: Request, answers: unknown[]): Parsed {
    this.#parser.inputView(body.length).set(body);
    const flags = (acceptPartial ? 0 : abi.PARSE_ALL_OR_NOTHING) | (this.#replica === null ? 0 : abi.PARSE_DUMP) | ruleFlags(rules);
    const parsed = this.#parser.parse({
      databaseId: database, bytes: body.length, precision: PRECISION_NUMBERS[precision], defaultTime: DEFAULT_TIME_NS, flags, linesMax,
    });
    const context = { timeMs: 0, precision: PRECISION_NUMBERS[precision], defaultTime: DEFAULT_TIME_NS };
    answers.push(parsed, parsed.rejected === 0 ? null : this.#parser.rejectedLines(context, REJECTED_BYTES_MAX));
    return parsed;
  }

  /** Defines what a body needs, as main does. */
  #decide(database: number, { needs }: Parsed): void {
    for (const { table: { id: tableId, measurement }, kind, key } of needs) {
      const known = tableId === 0 ? this.#tablesOf(database).find((table) => table.measurement === measurement) : this.#table(tableId);
      const column: ColumnDefinition = { id: ++this.#columnId, kind, key, name: key };
      if (known?.columns.some((other) => other.key === key) === true) throw new Error(`${measurement} has ${key} and needs it again`);
      const table: TableDefinition = known === undefined
        ? { id: this.#tables.length + 1, databaseId: database, measurement, created: ++this.#seq, flushedTo: 0, columns: [column] }
        : { ...known, columns: [...known.columns, column] };
      this.#tables[table.id - 1] = table;
      this.#parsers().forEach((parser) => parser.define(table));
    }
  }

  #table(id: number): TableDefinition {
    const table = this.#tables[id - 1];
    if (table === undefined || this.#dropped.has(id)) throw new Error(`rows in table ${id}, which does not exist`);
    return table;
  }

  /** Without limits and schema, the accepted lines must come to the same rows, by the rules of their frame. */
  #replay({ database, precision, rules = PLAIN_RULES, body }: Request, { rejectedRuns, accepted, checksum }: Parsed, replica: WasmParser): void {
    replica.inputView(body.length).set(body);
    const again = replica.parse({
      databaseId: database, bytes: body.length, precision: PRECISION_NUMBERS[precision], defaultTime: DEFAULT_TIME_NS, flags: abi.PARSE_REPLAY | ruleFlags(rules),
      linesMax: 0xffffffff, rejectedRuns, replaySeq: ++this.#seq,
    });
    assertEqual([again.status, again.accepted, again.checksum], [abi.PARSE_ACCEPTED, accepted, checksum], 'replay');
  }
}

/** Both builds as a server drives them; in a short run the one that servers have. */
export function bothBuilds(limits: WasmSubjectLimits = {}): WasmSubject[] {
  return sampled(['simd', 'scalar'] as const, 2).map((build) => new WasmSubject({ ...limits, build }));
}

/** Each build as a server drives it, and with all that it can be asked; in a short run the one so and the other so. */
export function everySubject(limits: SchemaLimits = {}): WasmSubject[] {
  const ways = [{ build: 'simd', thorough: false }, { build: 'simd', thorough: true }, { build: 'scalar', thorough: false }, { build: 'scalar', thorough: true }] as const;
  return sampled(ways, 3).map((way) => new WasmSubject({ ...limits, ...way }));
}
