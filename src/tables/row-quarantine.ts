/**
 * Rows that were acknowledged and could not go into their table: Parquet files in a folder of their own, each lot with a
 * manifest that says whose they are. The format stands in DESIGN.md, section 8.
 */
import { asList, asNumber, asObject, asText, decodeChecked, encodeChecked } from '../json.js';
import { isQuarantinedName, quarantinedName } from '../names.js';
import type { ColumnDefinition } from '../model/schema.js';
import type { TableStore } from './table-store.js';

const FORMAT = 1;

/** Some rows of one table. */
export interface QuarantinedRows {
  readonly database: string;
  readonly measurement: string;
  /** Folder of its table, below the roots of tables and of quarantine. */
  readonly folder: string;
  /** Seq that they go up to. */
  readonly seq: number;
  readonly columns: readonly ColumnDefinition[];
  /** Names in the folder. */
  readonly files: readonly string[];
  /** null: not known. */
  readonly rows: number | null;
  /** Why they are here. */
  readonly reason: string;
  /** ISO. */
  readonly time: string;
}

/** A lot and the path of its manifest. */
interface Lot extends QuarantinedRows {
  readonly path: string;
}

export class RowQuarantine {
  readonly #store: TableStore;
  readonly #node: string;
  #lots: readonly Lot[];
  readonly #problems: readonly string[];

  private constructor(store: TableStore, node: string, lots: readonly Lot[], problems: readonly string[]) {
    this.#store = store;
    this.#node = node;
    this.#lots = lots;
    this.#problems = problems;
  }

  /** Reads all manifests; what cannot be read of them is a problem, and stays. @param store its root is the folder of these rows */
  static async open(store: TableStore, node: string): Promise<RowQuarantine> {
    const lots: Lot[] = [];
    const problems: string[] = [];
    const listed = (folder: string): Promise<string[]> => store.list(folder).catch((error: Error) => {
      problems.push(`rows in quarantine/tables/${folder} cannot be listed: ${error.message}`);
      return [];
    });
    for (const database of await listed('')) {
      for (const table of await listed(database)) {
        const folder = `${database}/${table}`;
        for (const name of (await listed(folder)).filter(isQuarantinedName)) await readLot(store, `${folder}/${name}`, lots, problems);
      }
    }
    return new RowQuarantine(store, node, lots, problems);
  }

  /** All lots, in the order of their seqs: of equal points the later one wins. */
  lots(): readonly Lot[] {
    return this.#lots.toSorted((a, b) => a.seq - b.seq);
  }

  /** Writes the manifest of files that stand; they count once this resolves. */
  async add(rows: QuarantinedRows): Promise<void> {
    const path = `${rows.folder}/${quarantinedName(this.#node, rows.seq)}`;
    // One of the same seq was written and its rows were read back all the same: these are those rows again.
    if (!(await this.#store.putIfAbsent(path, encodeLot(rows)))) return;
    this.#lots = [...this.#lots, { ...rows, path }];
  }

  /** Forgets a lot that was written again: its manifest goes, then its files. @returns false when there is none */
  async remove(path: string): Promise<boolean> {
    const lot = this.#lots.find((each) => each.path === path);
    if (lot === undefined) return false;
    await this.#store.delete(path);
    this.#lots = this.#lots.filter((each) => each !== lot);
    for (const name of lot.files) await this.#store.delete(`${lot.folder}/${name}`);
    return true;
  }

  /** Sentences for /health: a table each. */
  problems(): string[] {
    const sentences = [...new Set(this.#lots.map(({ folder }) => folder))].map((folder) => {
      const lots = this.#lots.filter((lot) => lot.folder === folder);
      const rows = lots.reduce<number | null>((sum, lot) => (sum === null || lot.rows === null ? null : sum + lot.rows), 0);
      return `${rows ?? 'some'} rows of table ${folder} are in quarantine/tables/${folder} (${lots.at(-1)!.reason}): sluice import --quarantine writes them again`;
    });
    return [...this.#problems, ...sentences];
  }
}

async function readLot(store: TableStore, path: string, lots: Lot[], problems: string[]): Promise<void> {
  try {
    const bytes = await store.get(path);
    if (bytes !== null) lots.push({ ...decodeLot(bytes), path });
  } catch (error) {
    problems.push(`quarantine/tables/${path} cannot be read, the rows that it describes stay: ${(error as Error).message}`);
  }
}

function encodeLot({ seq, ...rest }: QuarantinedRows): Buffer {
  return encodeChecked({ format: FORMAT, number: seq, ...rest });
}

/** @throws with a sentence when the bytes are no manifest */
function decodeLot(bytes: Buffer): QuarantinedRows {
  const lot = decodeChecked(bytes);
  if (lot['format'] !== FORMAT) throw new Error(`it has format ${JSON.stringify(lot['format'])}, of a newer sluice`);
  return {
    database: asText(lot['database']), measurement: asText(lot['measurement']), folder: asText(lot['folder']),
    seq: asNumber(lot['number']), columns: asList(lot['columns'], decodeColumn), files: asList(lot['files'], asText),
    rows: lot['rows'] === null ? null : asNumber(lot['rows']), reason: asText(lot['reason']), time: asText(lot['time']),
  };
}

function decodeColumn(value: unknown): ColumnDefinition {
  const { id, kind, key, name } = asObject(value);
  return { id: asNumber(id), kind: asNumber(kind), key: asText(key), name: asText(name) };
}
