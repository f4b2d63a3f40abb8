/** Machines that send the same series and fields for ever. Texts are bytes, a character each. */
import type { Precision } from '../oracle/numbers.js';
import type { Random } from './random.js';
import { numberText, stringText } from './values.js';

export type FieldKind = 'float' | 'integer' | 'unsigned' | 'boolean' | 'string';
export const FIELD_KINDS: readonly FieldKind[] = ['float', 'integer', 'unsigned', 'boolean', 'string'];

/** Bytes of the text in UTF-8, a character each. */
export const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** A field as it is written. */
export interface LineField {
  readonly key: string;
  readonly kind: FieldKind;
  readonly value: string;
}

/** The parts of a line. */
export class Line {
  /** Measurement and tags. */
  readonly series: string;
  readonly fields: readonly LineField[];
  /** null when the line names none. */
  readonly time: string | null;

  constructor(series: string, fields: readonly LineField[], time: string | null) {
    this.series = series;
    this.fields = fields;
    this.time = time;
  }

  text(): string {
    const fields = this.fields.map(({ key, value }) => `${key}=${value}`).join(',');
    return this.time === null ? `${this.series} ${fields}` : `${this.series} ${fields} ${this.time}`;
  }
}

interface Shape {
  readonly series: string[];
  readonly fields: { readonly key: string; readonly kind: FieldKind }[];
  /** The series of the next line. */
  next: number;
  /** Chance that a field of the shape is missing in a line. */
  readonly gaps: number;
  readonly order: 'cycle' | 'random';
  readonly shufflesFields: boolean;
}

const MEASUREMENTS = ['cpu', 'm', 'disk', 'a\\ b', 'a\\,b', 'x'.repeat(15), 'y'.repeat(16), 'z'.repeat(33), bytesOf('größe'), '"q"', 'w=x', 'cp', 'cpu_'];
const TAG_KEYS = ['host', 'region', 'h', 'datacenter', 'k\\ 1', 'k\\=1', bytesOf('ü'), 'service_environment', 'rack'];
/** Keys of fields too, and one that no column has: their lines are good by `split` alone. */
const ODD_TAG_KEYS = ['f', 'value', 'time'];
/** Lengths of keys and values around the steps in which they are compared, `=` counted in and not. */
const LENGTHS = [1, 2, 3, 7, 8, 14, 15, 16, 17, 30, 31, 32, 33, 38, 43, 47, 48, 49, 56, 63, 64, 65, 80];
const SERIES_COUNTS = [1, 1, 2, 3, 5, 8, 17, 40, 150];
/** More than the parser keeps without rows. */
const CROWD = 5000;
const FIELD_COUNTS = [1, 1, 2, 3, 4, 6, 10, 10, 20, 40];
const START_NS = 1_700_000_000_000_000_000n;
const UNITS_NS: Readonly<Record<Precision, bigint>> = {
  auto: 1n, ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n,
};

export class Fleet {
  readonly #random: Random;
  readonly #shapes: Shape[] = [];
  readonly #steady: boolean;
  readonly #timeless: boolean;
  /** Its tables have thousands of series. */
  readonly isCrowd: boolean;
  #shape = 0;
  #ns = START_NS;

  constructor(random: Random) {
    this.#random = random;
    this.isCrowd = random.chance(0.01);
    this.#steady = random.chance(0.5);
    this.#timeless = random.chance(0.1);
    for (let left = 1 + random.below(4); left > 0; left--) this.grow();
  }

  /** One more table, or more series of one that is there. */
  grow(): void {
    const random = this.#random;
    const measurement = random.pick(MEASUREMENTS);
    const keys = [...new Set(Array.from({ length: random.below(random.chance(0.8) ? 4 : 9) }, () => random.pick(random.chance(0.02) ? ODD_TAG_KEYS : TAG_KEYS)))];
    const shared = keys.map((key) => `${key}=${this.#tagValue()}`);
    const series = Array.from({ length: this.isCrowd ? CROWD : random.pick(SERIES_COUNTS) }, (_, index) => {
      const own = shared.length > 0 && (this.isCrowd || random.chance(0.9)) ? shared.with(0, `${keys[0]}=host_${index}`) : shared;
      return [measurement, ...own].join(',');
    });
    this.#shapes.push({
      series, fields: this.#fields(), next: 0, gaps: random.pick([0, 0, 0, 0.02, 0.3]),
      order: random.chance(0.75) ? 'cycle' : 'random', shufflesFields: random.chance(0.1),
    });
  }

  /** The next line in the fleet's order. */
  line(precision: Precision): Line {
    const random = this.#random;
    if (random.chance(this.#steady ? 0.01 : 0.3)) this.#shape = random.below(this.#shapes.length);
    const shape = this.#shapes[this.#shape]!;
    const series = shape.series[shape.order === 'random' ? random.below(shape.series.length) : shape.next++ % shape.series.length]!;
    const fields = shape.fields.filter(() => shape.gaps === 0 || !random.chance(shape.gaps));
    const kept = (fields.length > 0 ? fields : shape.fields.slice(0, 1)).map(({ key, kind }) => ({ key, kind, value: usualValue(random, kind) }));
    if (shape.shufflesFields) kept.sort(() => random.below(3) - 1);
    return new Line(series, kept, this.#timeless ? null : this.#time(precision));
  }

  #time(precision: Precision): string {
    if (this.#random.chance(0.3)) this.#ns += BigInt(this.#random.below(2 ** 32));
    const text = String(this.#ns / UNITS_NS[precision]);
    return precision === 'auto' ? text.slice(0, this.#random.pick([10, 13, 16, 19])) : text;
  }

  #tagValue(): string {
    const random = this.#random;
    if (random.chance(0.02)) return 'new\\\nline';
    if (random.chance(0.7)) return random.pick(['eu-west-1', '1', 'Ubuntu16.04LTS', 'x=y', 'a\\ b', bytesOf('ß'), '"', 'true']);
    return random.pick(['v', bytesOf('é')]).repeat(random.chance(0.003) ? 65_490 : random.pick(LENGTHS));
  }

  /** Keys of a table, many of which begin like another. */
  #fields(): Shape['fields'] {
    const random = this.#random;
    const count = random.chance(0.02) ? 300 : random.pick(FIELD_COUNTS);
    const keys = new Set<string>();
    for (let index = 0; keys.size < count; index++) keys.add(this.#fieldKey(index));
    return [...keys].map((key) => ({ key, kind: kindOf(key) }));
  }

  #fieldKey(index: number): string {
    const random = this.#random;
    if (random.chance(0.1)) return random.pick(['f', 'value', 'k\\ 1', 'k\\=1', 'k\\,1', bytesOf('é'), 'in\\side', '"', 'Time', 'f\\ ', 'x__integer', 'x__float']);
    if (random.chance(0.4)) return `usage_${random.pick(['idle', 'user', 'system', 'guest', 'guest_nice'])}${index < 5 ? '' : index}`;
    const length = random.pick(LENGTHS);
    const number = String(index);
    if (length <= number.length) return `f${number}`;
    const head = random.below(length - number.length + 1);
    return 'k'.repeat(head) + number + 'k'.repeat(length - number.length - head);
  }
}

/** The kind that a key has in every shape, so that tables of a measurement agree. */
function kindOf(key: string): FieldKind {
  let sum = key.length;
  for (const char of key) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return FIELD_KINDS[sum % FIELD_KINDS.length]!;
}

/** A value as machines send them, and now and then a rare one. */
export function usualValue(random: Random, kind: FieldKind): string {
  if (random.chance(0.03)) return rareValue(random, kind);
  switch (kind) {
    case 'float': {
      const digits = random.pick([1, 2, 3, 6, 10, 13, 15, 16, 17]);
      const value = String(random.u32() * 2 ** 20 + random.below(2 ** 20)).slice(0, digits);
      const dot = random.below(value.length + 1);
      return random.chance(0.1) ? value : `${random.chance(0.1) ? '-' : ''}${value.slice(0, dot) || '0'}.${value.slice(dot) || '0'}`;
    }
    case 'integer': return `${random.chance(0.1) ? '-' : ''}${randomDigits(random, random.pick([1, 1, 2, 3, 5, 8, 9, 15, 16, 17, 18]))}i`;
    case 'unsigned': return `${randomDigits(random, random.pick([1, 2, 7, 8, 9, 16, 18]))}u`;
    case 'boolean': return random.chance(0.9) ? random.pick(['true', 'false']) : random.pick(['t', 'f', 'T', 'F', 'True', 'FALSE']);
    case 'string': return `"${'a word or two, k=v; {"code":200}'.replaceAll('"', '').slice(0, random.below(31)).repeat(random.chance(0.1) ? 1 + random.below(8) : 1)}"`;
  }
}

export function rareValue(random: Random, kind: FieldKind): string {
  if (kind === 'string') return `"${bytesOf(stringText(random))}"`;
  return kind === 'boolean' ? random.pick(['true', 'TRUE', 'tru', 'truee', 'false', 'fals', 'tRUE', 'TRUe', 'FALSe']) : numberText(random, kind);
}

function randomDigits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) text += random.u32();
  return text.slice(0, count);
}
