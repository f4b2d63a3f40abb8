/** The schema rules of one database, over the points that the grammar accepts. */
import type { Kind, Parsed, Point, Rejection } from './point.js';

/** What a table has: a kind for each key, in the order the keys came. */
export type TableSchema = ReadonlyMap<string, Kind>;

/** None where nothing is said. */
export interface SchemaLimits {
  readonly tablesMax?: number;
  /** Tags and fields of one table; `time` and our own are not counted. */
  readonly columnsMax?: number;
  /** Bytes of all keys of one table. */
  readonly columnNameBytesMax?: number;
}

/** Remembers the tables of one database through a sequence of bodies. */
export class SchemaOracle {
  readonly #limits: SchemaLimits;
  #tables = new Map<string, Map<string, Kind>>();

  constructor(limits: SchemaLimits = {}) {
    this.#limits = limits;
  }

  /** Every table by its measurement. */
  get tables(): ReadonlyMap<string, TableSchema> {
    return this.#tables;
  }

  /**
   * Takes the next body as the grammar read it; gives the points that are stored and every rejected line, in line order.
   * A key's kind is that of the first accepted line; a rejected line adds nothing. Without `acceptPartial`, one rejected
   * line means that nothing is stored and nothing defined. A body that defines something is judged once more with all of
   * it defined: the same lines are rejected, but the reason told may be another.
   */
  write(body: Parsed, acceptPartial = true): Parsed {
    const tables = copyOf(this.#tables);
    const first = this.#judge(tables, body);
    if (!acceptPartial && first.errors.length > 0) return { points: [], errors: first.errors };
    this.#tables = tables;
    return this.#judge(copyOf(tables), body);
  }

  /** Takes the points of a body one after another; `tables` gets what is new in them. */
  #judge(tables: Map<string, Map<string, Kind>>, body: Parsed): Parsed {
    const points: Point[] = [];
    const errors: Rejection[] = [...body.errors];
    for (const point of body.points) {
      const code = this.#add(tables, point);
      if (code === null) points.push(point);
      else errors.push({ line: point.line, code });
    }
    return { points, errors: errors.sort((a, b) => a.line - b.line) };
  }

  /** Adds what is new in a point, or gives the code of what is wrong with it. Keys are judged in the line's order. */
  #add(tables: Map<string, Map<string, Kind>>, point: Point): string | null {
    const columns = tables.get(point.measurement) ?? new Map<string, Kind>();
    const kinds: (readonly [string, Kind])[] = [
      ...point.tags.map(([key]) => [key, 'tag'] as const),
      ...point.fields.map(([key, value]) => [key, value.type] as const),
    ];
    for (const [key, kind] of kinds) {
      const has = columns.get(key) ?? kind;
      if (has !== kind) return has === 'tag' || kind === 'tag' ? 'tag-and-field' : 'type-conflict';
    }
    const { tablesMax = Infinity, columnsMax = Infinity, columnNameBytesMax = Infinity } = this.#limits;
    if (!tables.has(point.measurement) && tables.size >= tablesMax) return 'too-many-tables';
    const added = kinds.filter(([key]) => !columns.has(key));
    const nameBytes = [...columns.keys(), ...added.map(([key]) => key)].reduce((sum, key) => sum + Buffer.byteLength(key), 0);
    if (added.length > 0 && (columns.size + added.length > columnsMax || nameBytes > columnNameBytesMax)) return 'too-many-columns';
    for (const [key, kind] of added) columns.set(key, kind);
    tables.set(point.measurement, columns);
    return null;
  }
}

function copyOf(tables: ReadonlyMap<string, TableSchema>): Map<string, Map<string, Kind>> {
  return new Map([...tables].map(([measurement, columns]) => [measurement, new Map(columns)]));
}
