/** The catalog in a file, so that old log segments can go. The format stands in DESIGN.md, section 5. */
import { basename, join } from 'node:path';
import type { Disk } from '../disk.js';
import { crc32 } from '../crc.js';
import { atMost } from '../in-turn.js';
import type { DataPaths } from '../names.js';
import { writeSynced } from '../publish.js';
import { asList, asNumber, asObject, asText, decodeChecked } from '../json.js';
import type { Tombstone } from '../model/tombstone.js';
import { decodeColumn, decodeDatabase, decodeDelete, decodeTable, encodedDelete, type ColumnMade, type DatabaseMade, type TableMade } from './catalog-record.js';

/** With a delete in it; an earlier program would show its rows. */
const FORMAT = 4;
/** With a retention period in it; an earlier program would lose it. */
const FORMAT_RETENTION = 3;
/** Without either. */
const FORMAT_PLAIN = 2;
/** In which `flushedTo` was `sealedTo`. */
const FORMAT_BEFORE = 1;

/** `dropped` is 0 for what lives. */
interface DatabaseKept extends DatabaseMade {
  readonly created: number;
  readonly dropped: number;
}
export interface TableKept extends TableMade {
  readonly created: number;
  readonly dropped: number;
  readonly flushedTo: number;
  /** Absent when it is `flushedTo`. */
  readonly committedTo?: number;
}

/** All that the catalog knows. */
export interface CatalogSnapshot {
  /** 8 hex digits. */
  readonly node: string;
  /** Seq of the last change in it. */
  readonly upTo: number;
  /** The ids that come next. */
  readonly next: { readonly database: number; readonly table: number; readonly column: number };
  readonly databases: readonly DatabaseKept[];
  /** Deletes whose rows may still be somewhere. */
  readonly tombstones: readonly Tombstone[];
  readonly tables: readonly TableKept[];
  readonly columns: readonly ColumnMade[];
}

/** A snapshot whose lists are made as they are asked for: they may be long. */
export interface SnapshotSource extends Omit<CatalogSnapshot, 'tables' | 'columns'> {
  readonly tables: Iterable<TableKept>;
  readonly columns: Iterable<ColumnMade>;
}

/** What of a snapshot is encoded in one go: so many tables and columns, or so many characters of them. */
export const PIECE_ITEMS = 1024;
const PIECE_CHARS = 256 * 1024;

/** A snapshot that only a later version can read: to go on without it would lose what it says. */
class NewerFormat extends Error {}

/** The highest seq that a snapshot knows: new ones must be above it. */
export function lastSeqOf(snapshot: CatalogSnapshot): number {
  return snapshot.tables.reduce((last, { flushedTo }) => Math.max(last, flushedTo), snapshot.upTo);
}

/** @returns the snapshot with all its lists at once */
export function wholeSnapshot(source: SnapshotSource): CatalogSnapshot {
  return { ...source, tables: [...source.tables], columns: [...source.columns] };
}

/** The text of a snapshot as `json.ts` has it, with a checksum at its end, piece by piece: each is encoded when it is asked for. */
export function* encodeSnapshot({ node, upTo, next, databases, tombstones, tables, columns }: SnapshotSource): Generator<Buffer> {
  let crc = 0;
  const covered = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    crc = crc32(bytes, crc);
    return bytes;
  };
  const hasRetention = databases.some(({ dropped, retentionS = null }) => dropped === 0 && retentionS !== null);
  const format = tombstones.length > 0 ? FORMAT : hasRetention ? FORMAT_RETENTION : FORMAT_PLAIN;
  const deletes = tombstones.length > 0 ? { deletes: tombstones.map((each) => ({ seq: each.seq, ...encodedDelete(each) })) } : {};
  yield covered(JSON.stringify({ format, node, upTo, next, databases, ...deletes }).slice(0, -1));
  for (const [name, list] of [['tables', tables], ['columns', columns]] as const) {
    let text = `,"${name}":[`;
    let items = 0;
    let comma = '';
    for (const item of list) {
      text += comma + JSON.stringify(item);
      comma = ',';
      items += 1;
      if (items < PIECE_ITEMS && text.length < PIECE_CHARS) continue;
      yield covered(text);
      text = '';
      items = 0;
    }
    yield covered(`${text}]`);
  }
  yield Buffer.from(`,"crc":"${crc.toString(16).padStart(8, '0')}"}\n`);
}

/** @throws with a sentence when the bytes are not what `encodeSnapshot` made */
export function decodeSnapshot(bytes: Buffer): CatalogSnapshot {
  const { format, node, upTo, next, databases, deletes, tables, columns } = decodeChecked(bytes);
  if (![FORMAT, FORMAT_RETENTION, FORMAT_PLAIN, FORMAT_BEFORE].some((known) => known === format)) throw new NewerFormat(`it has format ${JSON.stringify(format)}, of a newer sluice; start that one`);
  const ids = asObject(next);
  return {
    node: asText(node),
    upTo: asNumber(upTo),
    next: { database: asNumber(ids['database']), table: asNumber(ids['table']), column: asNumber(ids['column']) },
    tombstones: asList(deletes, (item) => ({ seq: asNumber(asObject(item)['seq']), ...decodeDelete(item) })),
    databases: asList(databases, (item) => ({ ...decodeDatabase(item), ...lifeOf(item) })),
    tables: asList(tables, (item) => ({ ...decodeTable(item), ...lifeOf(item), ...flushedToOf(item) })),
    columns: asList(columns, decodeColumn),
  };
}

function lifeOf(item: unknown): { created: number; dropped: number } {
  const { created, dropped } = asObject(item);
  return { created: asNumber(created), dropped: asNumber(dropped) };
}

function flushedToOf(item: unknown): { flushedTo: number; committedTo?: number } {
  const { committedTo, sealedTo, flushedTo = sealedTo } = asObject(item);
  return { flushedTo: asNumber(flushedTo), ...(committedTo === undefined ? {} : { committedTo: asNumber(committedTo) }) };
}

/** By living table, its `flushedTo`. */
function reachOf({ dropped, flushedTo, id }: TableKept, reach: Map<number, number>): void {
  if (dropped === 0) reach.set(id, flushedTo);
}

/** The tables, whose reach is noted as they pass. */
function* noting(tables: Iterable<TableKept>, reach: Map<number, number>): Generator<TableKept> {
  for (const table of tables) {
    reachOf(table, reach);
    yield table;
  }
}

/** The two files: the newest snapshot and the one before it, which takes over when the newest cannot be read. */
export class SnapshotFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #paths: Pick<DataPaths, 'catalog' | 'catalogPrevious' | 'quarantine'>;
  /** `upTo` of the two files; null for one that is missing or cannot be read. */
  #current: number | null = null;
  #previous: number | null = null;
  #reach = 0;
  /** By table, the `flushedTo` of the newest file. */
  #flushedTo = new Map<number, number>();
  readonly #inTurn = atMost(1);

  constructor(disk: Disk, dataDir: string, paths: Pick<DataPaths, 'catalog' | 'catalogPrevious' | 'quarantine'>) {
    this.#disk = disk;
    this.#folder = dataDir;
    this.#paths = paths;
  }

  /** Both files, durably, hold every catalog record up to this seq: the log may forget those. */
  get reach(): number {
    return this.#reach;
  }

  /** Up to which seq the newest file, durably, knows the rows of a table to be in files. */
  flushedTo(tableId: number): number {
    return this.#flushedTo.get(tableId) ?? 0;
  }

  /** Puts both files into quarantine, so that none is found. @returns what could not be moved, in sentences */
  async putAway(): Promise<readonly string[]> {
    const reports: string[] = [];
    for (const path of [this.#paths.catalog, this.#paths.catalogPrevious]) {
      const bytes = await this.#disk.readWhole(path);
      if (bytes !== null) await this.#setAside(path, bytes, reports);
    }
    return reports;
  }

  /**
   * The newest snapshot that can be read, or null; and what was wrong, in sentences. What cannot be read is kept aside.
   * @throws when a newer version wrote one
   */
  async load(): Promise<{ snapshot: CatalogSnapshot | null; reports: readonly string[] }> {
    const reports: string[] = [];
    const current = await this.#read(this.#paths.catalog, reports);
    const previous = await this.#read(this.#paths.catalogPrevious, reports);
    this.#current = current?.upTo ?? null;
    this.#previous = previous?.upTo ?? null;
    this.#reach = Math.min(this.#current ?? 0, this.#previous ?? 0);
    const snapshot = current ?? previous;
    this.#flushedTo = new Map();
    for (const table of snapshot?.tables ?? []) reachOf(table, this.#flushedTo);
    return { snapshot, reports };
  }

  /**
   * Makes a snapshot the newest; a crash at any moment leaves one that can be read. One at a time, in order. All others have
   * their turns between the pieces that it is written in.
   */
  publish(snapshot: SnapshotSource): Promise<void> {
    return this.#inTurn(() => this.#publish(snapshot));
  }

  async #publish(snapshot: SnapshotSource): Promise<void> {
    const { catalog, catalogPrevious } = this.#paths;
    const unfinished = `${catalog}.tmp`;
    const reach = new Map<number, number>();
    await writeSynced(this.#disk, unfinished, encodeSnapshot({ ...snapshot, tables: noting(snapshot.tables, reach) }));
    if (this.#current !== null) {
      await this.#disk.rename(catalog, catalogPrevious);
      this.#previous = this.#current;
      this.#current = null;
    }
    await this.#disk.rename(unfinished, catalog);
    this.#current = snapshot.upTo;
    await this.#disk.syncFolder(this.#folder);
    this.#reach = Math.min(this.#current, this.#previous ?? 0);
    this.#flushedTo = reach;
  }

  async #read(path: string, reports: string[]): Promise<CatalogSnapshot | null> {
    let bytes: Buffer | null = null;
    try {
      bytes = await this.#disk.readWhole(path);
      return bytes === null ? null : decodeSnapshot(bytes);
    } catch (error) {
      if (error instanceof NewerFormat) throw new Error(`cannot start: ${path}: ${error.message}`, { cause: error });
      reports.push(`${path} cannot be read: ${(error as Error).message}`);
      if (bytes !== null) await this.#setAside(path, bytes, reports);
      return null;
    }
  }

  async #setAside(path: string, bytes: Buffer, reports: string[]): Promise<void> {
    const { quarantine } = this.#paths;
    const target = join(quarantine, `${basename(path)}-${crc32(bytes).toString(16)}.bad`);
    try {
      await this.#disk.makeFolder(quarantine);
      await this.#disk.rename(path, target);
      await this.#disk.syncFolder(quarantine);
      await this.#disk.syncFolder(this.#folder);
    } catch (error) {
      reports.push(`${path} could not be moved to ${target}: ${(error as Error).message}`);
    }
  }
}
