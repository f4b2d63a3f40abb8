/** The oracle as a subject. */
import type { RowRange } from '../../src/worker/wasm/parsed.js';
import { parseBody } from '../oracle/line-protocol.js';
import { type Point, valueText } from '../oracle/point.js';
import { type SchemaLimits, SchemaOracle } from '../oracle/schema.js';
import { RowChecksum } from '../worker/checksum.js';
import { type Change, DEFAULT_TIME_NS, type Outcome, push, type Request, rowText, type State, type Subject } from './case.js';
import { droppedTable, removedRows } from './changes.js';

interface Database {
  readonly schema: SchemaOracle;
  /** Of tables that have any. */
  readonly rows: Map<string, string[]>;
}

const NOTHING = { errors: [], rejected: 0, checksum: 0n, rows: new Map(), lines: [], answers: null };

export class OracleSubject implements Subject {
  readonly #databases = new Map<number, Database>();
  /** Lines of all requests so far that were neither blank nor comments, and those of them that were stored. */
  lines = 0;
  accepted = 0;
  readonly #limits: SchemaLimits;

  constructor(limits: SchemaLimits = {}) {
    this.#limits = limits;
  }

  write(request: Request): Outcome {
    const { schema, rows } = this.#database(request.database);
    const { precision, rules } = request;
    const parsed = parseBody(request.body, { precision, defaultTimeNs: DEFAULT_TIME_NS, ...(rules === undefined ? {} : { types: rules.types }) });
    const lines = parsed.points.length + parsed.errors.length;
    this.lines += lines;
    if (lines > (request.linesMax ?? Infinity)) return { status: 'too many lines', ...NOTHING };
    const { points, errors } = schema.write(parsed, request.acceptPartial, request.rules);
    const isRefused = !request.acceptPartial && errors.length > 0;
    this.accepted += points.length;
    const added = new Map<string, string[]>();
    for (const point of points) push(added, point.measurement, pointText(point));
    for (const [measurement, texts] of added) for (const text of texts) push(rows, measurement, text);
    return {
      status: isRefused ? 'refused' : 'accepted',
      errors,
      rejected: errors.length,
      checksum: isRefused ? 0n : checksumOf(parsed.points, points),
      rows: added,
      lines: points.map(({ line }) => line),
      answers: null,
    };
  }

  change(change: Change): void {
    if (change.change === 'free' || change.change === 'move') return;
    const { schema, rows } = this.#database(change.database);
    if (change.change === 'drop') {
      const measurement = droppedTable(change, schema.tables.keys());
      if (measurement === null) return;
      schema.drop(measurement);
      rows.delete(measurement);
      return;
    }
    const counts = new Map([...rows].map(([measurement, texts]) => [measurement, texts.length]));
    for (const { measurement, ranges } of removedRows(change, counts)) {
      const left = withoutRows(rows.get(measurement) ?? [], ranges);
      if (left.length > 0) rows.set(measurement, left);
      else rows.delete(measurement);
    }
  }

  state(database: number): State {
    const { schema, rows } = this.#database(database);
    return { rows, schema: schema.tables };
  }

  #database(id: number): Database {
    let database = this.#databases.get(id);
    if (database === undefined) this.#databases.set(id, (database = { schema: new SchemaOracle(this.#limits), rows: new Map() }));
    return database;
  }
}

function withoutRows(rows: readonly string[], ranges: readonly RowRange[]): string[] {
  return rows.filter((_, row) => !ranges.some(({ rowFirst, rowEnd }) => row >= rowFirst && row < rowEnd));
}

/** The checksum of the stored points as they were sent. */
function checksumOf(sent: readonly Point[], stored: readonly Point[]): bigint {
  const sum = new RowChecksum();
  let next = 0;
  for (const point of sent) {
    if (stored[next]?.line !== point.line) continue;
    next++;
    sum.beginRow(point.measurement);
    for (const [key, value] of point.tags) sum.cell(key, 'tag', value);
    for (const [key, value] of point.fields) sum.cell(key, value.type, valueText(value));
    sum.endRow(point.timestampNs);
  }
  return sum.value;
}

function pointText(point: Point): string {
  return rowText(point.timestampNs, [
    ...point.tags.map(([key, value]) => [key, 'tag', value] as const),
    ...point.fields.map(([key, value]) => [key, value.type, valueText(value)] as const),
  ]);
}
