/** The schema rules of one database, over the points that the grammar accepts. */
import type { Kind, Parsed, Point, Rejection } from './point.js';

/** What a table has: a kind for each key, in the order the keys came. */
export type TableSchema = ReadonlyMap<string, Kind>;

export interface SchemaLimits {
  readonly tablesMax: number;
  /** Tags and fields of one table; `time` and our own are not counted. */
  readonly columnsMax: number;
}

/** Remembers the tables of one database through a sequence of bodies. */
export class SchemaOracle {
  readonly #limits: SchemaLimits;
  #tables = new Map<string, Map<string, Kind>>();

  constructor(limits: SchemaLimits = { tablesMax: Infinity, columnsMax: Infinity }) {
    this.#limits = limits;
  }

  /** Every table by its measurement. */
  get tables(): ReadonlyMap<string, TableSchema> {
    return this.#tables;
  }

  /**
   * Takes the next body as the grammar read it; gives the points that are stored and every rejected line, in line order.
   * A key's kind is that of the first accepted line; a rejected line adds nothing. Without `acceptPartial`, one rejected
   * line means that nothing is stored and nothing defined.
   */
  write(body: Parsed, acceptPartial = true): Parsed {
    const tables = new Map([...this.#tables].map(([measurement, columns]) => [measurement, new Map(columns)]));
    const points: Point[] = [];
    const errors: Rejection[] = [...body.errors];
    for (const point of body.points) {
      const code = this.#add(tables, point);
      if (code === null) points.push(point);
      else errors.push({ line: point.line, code });
    }
    errors.sort((a, b) => a.line - b.line);
    if (!acceptPartial && errors.length > 0) return { points: [], errors };
    this.#tables = tables;
    return { points, errors };
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
    if (!tables.has(point.measurement) && tables.size >= this.#limits.tablesMax) return 'too-many-tables';
    const added = kinds.filter(([key]) => !columns.has(key));
    if (columns.size + added.length > this.#limits.columnsMax) return 'too-many-columns';
    for (const [key, kind] of added) columns.set(key, kind);
    tables.set(point.measurement, columns);
    return null;
  }
}
