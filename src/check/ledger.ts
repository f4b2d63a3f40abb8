/** A ledger of what was acknowledged, line protocol in the order in which it was written, held against the rows of the tables. */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { quoteName, quoteText, type Cell, type Duck } from '../query/duckdb.js';
import { parquetSql, rowsOf, wholeOf } from './data-file.js';
import type { Problem } from './problem.js';
import type { TableContents } from './table.js';

/** A line of a ledger. */
export interface LedgerPoint {
  /** In the ledger, from 1. */
  readonly line: number;
  readonly measurement: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Nanoseconds since 1970, as digits. */
  readonly timestamp: string;
  readonly fields: readonly (readonly [key: string, type: string, value: string])[];
}

/** What a field of a type is called where the rules of its database gave it a column of its own. */
const TYPE_WORDS: Readonly<Record<string, string>> = { f64: 'float', i64: 'integer', u64: 'unsigned', bool: 'boolean', string: 'string' };
const COLUMNS = "{m: 'VARCHAR', line: 'BIGINT', t: 'BIGINT', n: 'BIGINT', k: 'VARCHAR[][]', f: 'VARCHAR', y: 'VARCHAR', v: 'VARCHAR'}";
const LINES_AT_ONCE = 4096;

/** A ledger as DuckDB can read it: a file of JSON lines, one a value. */
export class Ledger {
  readonly #path: string;
  readonly #disk: Disk;
  #lines: string[] = [];
  #bytes = 0;

  /** @param folder of this process, which goes with it */
  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#path = join(folder, 'ledger.jsonl');
  }

  async add({ fields, line, measurement, tags, timestamp }: LedgerPoint): Promise<void> {
    const ns = BigInt(timestamp);
    const n = ((ns % 1000n) + 1000n) % 1000n;
    const point = { m: measurement, line, t: String((ns - n) / 1000n), n: Number(n), k: tags.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
    for (const [f, y, v] of fields) this.#lines.push(`${JSON.stringify({ ...point, f, y, v })}\n`);
    if (this.#lines.length >= LINES_AT_ONCE) await this.end();
  }

  /** All is written. */
  async end(): Promise<void> {
    const file = await this.#disk.open(this.#path, this.#bytes === 0 ? 'create' : 'update');
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    try {
      await file.write(bytes, this.#bytes);
      this.#bytes += bytes.length;
    } finally {
      await file.close();
    }
  }

  /**
   * What of the ledger the tables do not hold: of each point and field its last value counts, and must be the newest of the table.
   * @param tables by measurement
   */
  async missing(duck: Duck, tables: ReadonlyMap<string, TableContents>): Promise<Problem[]> {
    if (this.#bytes === 0) return [];
    await duck.run(`CREATE TABLE ledger AS SELECT m, t, n, k, f, arg_max(v, line) AS v, arg_max(y, line) AS y, max(line) AS line `
      + `FROM read_json(${quoteText(this.#path)}, format = 'newline_delimited', columns = ${COLUMNS}, maximum_object_size = 268435456) GROUP BY m, t, n, k, f`);
    const problems: Problem[] = [];
    for (const [measurement, field, type] of await rowsOf(duck, 'SELECT DISTINCT m, f, y FROM ledger ORDER BY ALL')) {
      const found = await this.#missingOf(duck, String(measurement), String(field), String(type), tables.get(String(measurement)));
      if (found !== null) problems.push(found);
    }
    return problems;
  }

  async #missingOf(duck: Duck, measurement: string, field: string, type: string, table: TableContents | undefined): Promise<Problem | null> {
    const of = `m = ${quoteText(measurement)} AND f = ${quoteText(field)} AND y = ${quoteText(type)}`;
    const keys = [field, `${field}__${TYPE_WORDS[type]}`, `${field}__field`];
    const columns = (table?.fields ?? []).filter(({ key, kind }) => kind === 'field' && keys.includes(key));
    const problem = (row: readonly Cell[]): Problem | null => {
      const [count, line, wanted, stored] = row;
      if (wholeOf(count!) === 0n) return null;
      return {
        code: 'ledger', where: null,
        why: `${wholeOf(count!)} values of field ${field} (${type}) of ${measurement} are not as the ledger has them; the first is ${String(wanted).slice(0, 60)} of line ${wholeOf(line!)}, and ${stored === null ? 'nothing' : String(stored).slice(0, 60)} is stored`,
      };
    };
    if (columns.length === 0 || table === undefined || table.files.length === 0) {
      const [row] = await rowsOf(duck, `SELECT count(*), coalesce(min(line), 0), arg_min(v, line), NULL FROM ledger WHERE ${of}`);
      return problem(row!);
    }
    const isFloat = columns[0]!.type === 'double';
    const wanted = isFloat ? 'v::DOUBLE::VARCHAR' : 'v';
    const stored = columns.map(({ name }) => `arg_max(${quoteName(name)}, sluice_seq) FILTER (WHERE ${quoteName(name)} IS NOT NULL)::VARCHAR`);
    const [row] = await rowsOf(duck, `
      WITH l AS (SELECT t, n, k, line, ${wanted} AS v FROM ledger WHERE ${of}),
      s AS (SELECT epoch_us(time) AS t, sluice_ns::BIGINT AS n, ${tagsSql(table)} AS k, ${stored.length === 1 ? stored[0] : `coalesce(${stored.join(', ')})`} AS v
            FROM ${parquetSql(table.files)} GROUP BY ALL)
      SELECT count(*), coalesce(min(line), 0), arg_min(l.v, line), arg_min(coalesce(s.v, chr(0)), line)
      FROM l LEFT JOIN s ON l.t = s.t AND l.n = s.n AND l.k = s.k WHERE l.v IS DISTINCT FROM s.v`);
    return problem(row!.map((cell) => (cell === '\0' ? null : cell)));
  }
}

/** The tags of a row that are there, by their keys, as the ledger has them. */
function tagsSql({ fields }: TableContents): string {
  const tags = fields.filter(({ kind }) => kind === 'tag').toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const pairs = tags.map(({ key, name }) => `CASE WHEN ${quoteName(name)} IS NOT NULL THEN [${quoteText(key)}, ${quoteName(name)}] END`);
  return `list_filter([${pairs.join(', ')}]::VARCHAR[][], pair -> pair IS NOT NULL)`;
}
