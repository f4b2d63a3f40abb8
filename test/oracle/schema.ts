/** The schema rules of one database, over the points that the grammar accepts. */
import type { FieldValue, Kind, Parsed, Point, Rejection } from './point.js';

/** What a table has: a kind for each key, in the order the keys came. */
export type TableSchema = ReadonlyMap<string, Kind>;

/** None where nothing is said. */
export interface SchemaLimits {
  readonly tablesMax?: number;
  /** Tags and fields of one table; `time` and our own are not counted. */
  readonly columnsMax?: number;
  /** Bytes of all keys of one table. */
  readonly columnNameBytesMax?: number;
  /** Of all names, each with 64 bytes besides. */
  readonly namesBytesMax?: number;
}

/** The rules that a database sets for itself. */
export interface DatabaseRules {
  readonly tags: 'grow' | 'fixed';
  readonly types: 'strict' | 'widen' | 'split';
}

const PLAIN: DatabaseRules = { tags: 'grow', types: 'strict' };
/** Types as the keys of `split` name them. */
const TYPE_NAMES = { f64: 'float', i64: 'integer', u64: 'unsigned', bool: 'boolean', string: 'string' } as const;

type Field = readonly [key: string, value: FieldValue];
type Tables = Map<string, Map<string, Kind>>;

/** How a body is judged. */
interface Judgement {
  readonly rules: DatabaseRules;
  /** Measurements that had a table before. */
  readonly before: ReadonlySet<string>;
}

/** Remembers the tables of one database through a sequence of bodies. */
export class SchemaOracle {
  readonly #limits: SchemaLimits;
  #tables: Tables = new Map();

  constructor(limits: SchemaLimits = {}) {
    this.#limits = limits;
  }

  /** Every table by its measurement. */
  get tables(): ReadonlyMap<string, TableSchema> {
    return this.#tables;
  }

  /** Forgets a table. */
  drop(measurement: string): void {
    this.#tables.delete(measurement);
  }

  /**
   * Takes the next body as the grammar read it; gives the points as they are stored and every rejected line, in line
   * order. A key's kind is that of the first accepted line; a rejected line adds nothing. Without `acceptPartial`, one
   * rejected line means that nothing is stored and nothing defined. A body that defines something is judged once more
   * with all of it defined: the same lines are rejected, but the reason told may be another.
   */
  write(body: Parsed, acceptPartial = true, rules = PLAIN): Parsed {
    const tables = copyOf(this.#tables);
    const first = this.#judge(tables, body, { rules, before: new Set(this.#tables.keys()) });
    if (!acceptPartial && first.errors.length > 0) return { points: [], errors: first.errors };
    this.#tables = tables;
    return this.#judge(copyOf(tables), body, { rules, before: new Set(tables.keys()) });
  }

  /** Takes the points of a body one after another; `tables` gets what is new in them. */
  #judge(tables: Tables, body: Parsed, judgement: Judgement): Parsed {
    const points: Point[] = [];
    const errors: Rejection[] = [...body.errors];
    for (const point of body.points) {
      const stored = this.#add(tables, point, judgement);
      if (typeof stored !== 'string') points.push(stored);
      else errors.push({ line: point.line, code: stored });
    }
    return { points, errors: errors.sort((a, b) => a.line - b.line) };
  }

  /**
   * Adds what is new in a point and gives it as it is stored, or the code of what is wrong with it. Keys are judged in
   * the line's order, each against all that the line's keys name.
   */
  #add(tables: Tables, point: Point, { rules, before }: Judgement): Point | string {
    const columns = tables.get(point.measurement) ?? new Map<string, Kind>();
    const line = new Map<string, Kind>();
    for (const [key, kind] of namedBy(point)) if (key !== 'time' && !line.has(key)) line.set(key, columns.get(key) ?? kind);
    const tags: (readonly [string, string])[] = [];
    const fields: Field[] = [];
    const moved = new Map<string, Kind>();
    for (const [key, text] of point.tags) {
      const place = placeOfKind(key, 'tag', columns, line, rules);
      if (typeof place === 'string') return place;
      tags.push([place.key, text]);
      if (place.key !== key) moved.set(place.key, 'tag');
    }
    for (const [key, value] of point.fields) {
      const place = placeOf([key, value], columns, line, rules);
      if (typeof place === 'string') return place;
      fields.push(place);
      if (place[0] !== key) moved.set(place[0], place[1].type);
    }
    const added = [...line, ...moved].filter(([key]) => !columns.has(key));
    const code = (rules.tags === 'fixed' && before.has(point.measurement) && added.some(([, kind]) => kind === 'tag'))
      ? 'tags-fixed' : this.#limitCode(tables, point.measurement, columns, added);
    if (code !== null) return code;
    for (const [key, kind] of added) columns.set(key, kind);
    tables.set(point.measurement, columns);
    return { ...point, tags, fields };
  }

  #limitCode(tables: Tables, measurement: string, columns: TableSchema, added: readonly (readonly [string, Kind])[]): string | null {
    const { tablesMax = Infinity, columnsMax = Infinity, columnNameBytesMax = Infinity, namesBytesMax = Infinity } = this.#limits;
    if (!tables.has(measurement) && tables.size >= tablesMax) return 'too-many-tables';
    const nameBytes = [...columns.keys(), ...added.map(([key]) => key)].reduce((sum, key) => sum + Buffer.byteLength(key), 0);
    if (added.length > 0 && (columns.size + added.length > columnsMax || nameBytes > columnNameBytesMax)) return 'too-many-columns';
    const names = [...tables].flatMap(([name, known]) => [name, ...known.keys()]);
    if (!tables.has(measurement)) names.push(measurement);
    const cost = [...names, ...added.map(([key]) => key)].reduce((sum, name) => sum + Buffer.byteLength(name) + 64, 0);
    return added.length > 0 && cost > namesBytesMax ? 'names-full' : null;
  }
}

/** Every key of a point with the kind it comes as, tags first. */
function namedBy({ tags, fields }: Point): (readonly [string, Kind])[] {
  return [...tags.map(([key]) => [key, 'tag'] as const), ...fields.map(([key, value]) => [key, value.type] as const)];
}

/** A key, and what the column it names holds. */
interface Place {
  readonly key: string;
  readonly kind: Kind;
}

/**
 * The column that a tag or a field of this type is meant for as far as tags and fields go, or the code of what is wrong.
 * `line` has the kind of every key of the line. split: a tag whose key is a field goes to `<key>__tag`, a field whose key
 * is a tag to `<key>__field`, `time` to either; not where the line itself names that, nor a tag where that is a field.
 */
function placeOfKind(key: string, came: Kind, columns: TableSchema, line: TableSchema, { types }: DatabaseRules): Place | string {
  const has = line.get(key);
  if (has !== undefined && (has === 'tag') === (came === 'tag')) return { key, kind: has };
  const code = has === undefined ? 'reserved-name' : 'tag-and-field';
  if (types !== 'split') return code;
  const other = `${key}__${came === 'tag' ? 'tag' : 'field'}`;
  const kind = columns.get(other) ?? came;
  return line.has(other) || (kind === 'tag') !== (came === 'tag') ? code : { key: other, kind };
}

/**
 * Where and as what a field is stored, or the code of what is wrong with it. widen: an integer goes into a float column
 * when it is exactly a float. split: a value of another type goes to `<key>__<type>`, unless that key has another kind or
 * the line itself names it.
 */
function placeOf([key, value]: Field, columns: TableSchema, line: TableSchema, rules: DatabaseRules): Field | string {
  const meant = placeOfKind(key, value.type, columns, line, rules);
  if (typeof meant === 'string') return meant;
  if (meant.kind === value.type) return [meant.key, value];
  if (rules.types === 'widen' && meant.kind === 'f64' && value.type === 'i64' && BigInt(Number(value.value)) === value.value) {
    return [key, { type: 'f64', value: Number(value.value) }];
  }
  const code = key === 'time' ? 'reserved-name' : meant.key === key ? 'type-conflict' : 'tag-and-field';
  if (rules.types !== 'split') return code;
  const other = `${meant.key}__${TYPE_NAMES[value.type]}`;
  return line.has(other) || (columns.get(other) ?? value.type) !== value.type ? code : [other, value];
}

function copyOf(tables: ReadonlyMap<string, TableSchema>): Tables {
  return new Map([...tables].map(([measurement, columns]) => [measurement, new Map(columns)]));
}
