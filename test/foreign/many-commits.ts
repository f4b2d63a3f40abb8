/** A table of thousands of commits, with every type at its extremes, odd names, times of six centuries and columns that come later: what is written, and what must be read. */

/** Of a column of the model; times are in microseconds since 1970. */
export type Kind = 'time' | 'i64' | 'u64' | 'f64' | 'bool' | 'text';
type Cell = bigint | number | boolean | string;

/** Columns by their names in files. */
export const COLUMNS: readonly (readonly [name: string, kind: Kind])[] = [
  ['time', 'time'], ['sluice_ns', 'i64'], ['Tag~2', 'text'], ['a%20b%2Cc%3Dd', 'text'], ['n', 'i64'], ['tag', 'i64'], ['f', 'f64'], ['i', 'i64'], ['u', 'u64'],
  ['b', 'bool'], ['s', 'text'], ['ü/日.本`q"', 'text'], ['later', 'i64'], ...Array.from({ length: 10 }, (_, at) => [`grown ${at}`.replace(' ', '%20'), 'f64'] as const),
];
export const KINDS: ReadonlyMap<string, Kind> = new Map(COLUMNS);
/** Keys as they are sent, escaped, where they are not what the column is called. */
const KEYS: Readonly<Record<string, string>> = { 'Tag~2': 'Tag', 'a%20b%2Cc%3Dd': 'a\\ b\\,c\\=d' };
const TAGS: ReadonlySet<string> = new Set(Object.keys(KEYS));

/** Values by column. */
export type Row = ReadonlyMap<string, Cell>;

export type Clause = readonly [column: string, operator: '=' | '<' | '<=' | '>' | '>=' | 'null' | 'not null', value: string];
/** Clauses that must all hold. */
export type Condition = readonly Clause[];

const [I64_MIN, I64_MAX, U64_MAX] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];
const EXTREME_TIMES = [-9_223_372_036_854_775_806n, -2_208_988_800_000_000_001n, -1n, 0n, 999n, 1_600_000_000_123_456_789n, 9_223_372_036_854_775_806n];
/** Numbers below it are rows of extremes. */
export const EXTREME_ROWS = 3 * EXTREME_TIMES.length;
const FLOATS = [1.7976931348623157e308, -0, 5e-324, 0.1, -1e-300, 1e21, -1.7976931348623157e308];
const DAY_NS = 86_400_000_000_000n;
const FIRST_NS = 1_325_376_000_000_000_000n; // 2012
const GROWN_EVERY = 250;

/** The row of a number, from 0. The first are extremes, each of them in two versions with other fields; the others are days. */
export function rowOf(n: number): Row {
  const row = new Map<string, Cell>([['n', BigInt(n)]]);
  const set = (ns: bigint, cells: Readonly<Record<string, Cell>>): Row => {
    const micros = ns >= 0n ? ns / 1000n : -((999n - ns) / 1000n);
    for (const [name, cell] of Object.entries({ time: micros, sluice_ns: ns - micros * 1000n, ...cells })) row.set(name, cell);
    return row;
  };
  const at = n % EXTREME_TIMES.length;
  const [ns, extreme] = [EXTREME_TIMES[at]!, FLOATS[at]!];
  // The field `tag` comes first, so that the tag `Tag` is called otherwise.
  switch (Math.floor(n / EXTREME_TIMES.length)) {
    case 0: return set(ns, { tag: BigInt(at) });
    case 1: return set(ns, { 'Tag~2': `räum ${at}`, 'a%20b%2Cc%3Dd': '=,', 'f': 7, 'i': I64_MIN + BigInt(at), 'u': U64_MAX - BigInt(at), 'b': true, 's': '', 'ü/日.本`q"': 'x' });
    case 2: return set(ns, { 'Tag~2': `räum ${at}`, 'a%20b%2Cc%3Dd': '=,', 'f': extreme, 'i': I64_MAX - BigInt(at), 'b': false, 's': 'a"b\\ ü\'`' });
    default:
  }
  const grown = Math.floor(n / GROWN_EVERY) - 1;
  return set(FIRST_NS + BigInt(n) * DAY_NS + BigInt(n), {
    'Tag~2': `h${n % 5}`, 'f': n / 8, 'u': 2n ** 53n + BigInt(n), 's': `text ${n % 3}`, ...(n % 2 === 0 ? { b: n % 4 === 0 } : {}), ...(n > 1000 ? { later: BigInt(n) } : {}),
    ...(grown >= 0 && grown < 10 ? { [`grown%20${grown}`]: n + 0.5 } : {}),
  });
}

/** A row as line protocol, in ns. */
export function lineOf(row: Row): string {
  const key = (name: string): string => KEYS[name] ?? name.replaceAll('%20', '\\ ');
  const tags = [...row].filter(([name]) => TAGS.has(name)).map(([name, cell]) => `,${key(name)}=${String(cell).replace(/[ ,=]/g, '\\$&')}`);
  const fields = [...row].filter(([name]) => !TAGS.has(name) && name !== 'time' && name !== 'sluice_ns').map(([name, cell]) => `${key(name)}=${valueOf(KINDS.get(name)!, cell)}`);
  return `m${tags.join('')} ${fields.join(',')} ${(row.get('time') as bigint) * 1000n + (row.get('sluice_ns') as bigint)}`;
}

function valueOf(kind: Kind, cell: Cell): string {
  if (kind === 'text') return `"${String(cell).replace(/["\\]/g, '\\$&')}"`;
  if (kind === 'f64') return Object.is(cell, -0) ? '-0' : String(cell);
  return `${cell}${{ i64: 'i', u64: 'u' }[kind as string] ?? ''}`;
}

/** A row as engines.py shows it. */
export function textOf(row: Row, columns = COLUMNS): string {
  return columns.map(([name, kind]) => {
    const cell = row.get(name);
    if (cell === undefined) return 'null';
    if (kind !== 'f64') return String(cell);
    const bits = Buffer.alloc(8);
    bits.writeDoubleBE(cell as number);
    return bits.toString('hex');
  }).join('|');
}

/** What of rows is left when versions of a point are one: per column the value written last. */
export function merged(rows: readonly Row[]): Row[] {
  const points = new Map<string, Row>();
  for (const row of rows) {
    const point = ['time', 'sluice_ns', ...TAGS].map((name) => String(row.get(name))).join('|');
    points.set(point, new Map([...(points.get(point) ?? []), ...row]));
  }
  return [...points.values()];
}

/** Microseconds to the nearest millisecond, half of one up. */
export function roundedToMs(micros: bigint): bigint {
  const left = ((micros % 1000n) + 1000n) % 1000n;
  return micros - left + (left >= 500n ? 1000n : 0n);
}

/** The numbers of the rows that meet a condition. */
export function found(rows: readonly Row[], condition: Condition): string[] {
  return rows.filter((row) => condition.every((clause) => holds(row, clause))).map((row) => String(row.get('n')));
}

function holds(row: Row, [column, operator, value]: Clause): boolean {
  const cell = row.get(column);
  if (operator === 'null') return cell === undefined;
  if (cell === undefined) return false;
  if (operator === 'not null') return true;
  const order = compared(cell, KINDS.get(column)!, value);
  return { '=': order === 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator];
}

function compared(cell: Cell, kind: Kind, value: string): number {
  if (kind === 'text') return Buffer.compare(Buffer.from(cell as string), Buffer.from(value));
  const other = kind === 'f64' ? Number(value) : kind === 'bool' ? value === 'true' : BigInt(value);
  return cell < other ? -1 : cell > other ? 1 : 0;
}

const OPERATORS = ['=', '<', '<=', '>', '>='] as const;

/** At the edges of what there is, and beside them. */
export function conditions(): Condition[] {
  const times = [...EXTREME_TIMES.slice(1, -1).map((ns) => ns / 1000n), (FIRST_NS + 1500n * DAY_NS) / 1000n];
  return [
    ...times.flatMap((micros) => OPERATORS.map((operator): Condition => [['time', operator, String(micros)]])),
    [['time', '>=', String((FIRST_NS + 400n * DAY_NS) / 1000n)], ['time', '<', String((FIRST_NS + 430n * DAY_NS) / 1000n)], ['Tag~2', '=', 'h3']],
    [['Tag~2', '=', 'räum 3']], [['Tag~2', '>', 'h3']], [['Tag~2', 'null', '']], [['a%20b%2Cc%3Dd', '=', '=,']],
    ...OPERATORS.flatMap((operator): Condition[] => [
      [['u', operator, String(U64_MAX)]], [['u', operator, String(2n ** 63n)]], [['u', operator, String(2n ** 53n + 1n)]], [['f', operator, '1e+300']], [['f', operator, '0.1']],
      [['f', operator, '100.5']], [['i', operator, String(I64_MAX)]], [['i', operator, String(I64_MIN)]],
    ]),
    [['b', '=', 'true']], [['s', '=', '']], [['s', '=', 'a"b\\ ü\'`']], [['ü/日.本`q"', '=', 'x']], [['ü/日.本`q"', 'not null', '']], [['b', 'null', '']],
    [['later', 'null', '']], [['later', 'not null', '']], [['grown%203', 'null', '']], [['grown%203', 'not null', '']], [['grown%203', '>', '1100']],
  ];
}
