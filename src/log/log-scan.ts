/** Reads the whole log at start: what is valid counts, what is not is kept aside and reported. */
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { parseMarkName, parseSegmentName, segmentName } from '../names.js';
import { decodeDatabaseId, decodeTableIds } from './frame.js';
import { isIn, type SeqRange } from './given-up.js';
import { boundOf, namingsOf, readHead, type Head, type Naming } from './heads.js';
import { Marks } from './marks.js';
import { keepBytes, moveFile, type LogQuarantine } from './log-quarantine.js';
import type { LogReport } from './log-report.js';
import { readRecords, type Damage } from './reader.js';
import * as format from './segment.js';
import { newSegment, type Segment } from './segments.js';

/** What a scan found, the frames' bodies apart. */
export interface LogScan {
  readonly catalogRecords: readonly { readonly seq: number; readonly payload: Buffer }[];
  readonly reports: readonly LogReport[];
  /** The highest seq that was ever given, as far as the log knows; 0 for an empty one. */
  readonly lastSeq: number;
  readonly framesCount: number;
  /** Of the largest body, as received. */
  readonly bodyBytesMax: number;
  /** Of every table that a frame touches, the database. */
  readonly databaseByTable: ReadonlyMap<number, number>;
  /** The node of the newest segment; null when there is none. */
  readonly node: string | null;
}

interface ScanOptions {
  readonly quarantineFolder: string;
  /** The highest seq that is known to be possible: the time, or what the catalog knows. */
  readonly knownSeq: number;
  /** A seq that only a name says may be so far above all that are known. */
  readonly nameAheadMax: number;
}

/** What a look at a segment found: nothing, or no record, which may or may not be right. */
type Found = 'records' | 'left as it is' | 'nothing' | 'lost';

/** One scan. Pure bookkeeping but for the files it cuts, removes and keeps aside. */
export class LogScanner {
  readonly segments: Segment[] = [];
  readonly givenUp: SeqRange[] = [];
  marks: Marks;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #quarantine: LogQuarantine;
  readonly #catalogRecords: { seq: number; payload: Buffer }[] = [];
  readonly #reports: LogReport[] = [];
  readonly #nameAheadMax: number;
  /** The highest seq that is proven, or no later than now. */
  #knownSeq: number;
  #lastSeq = 0;
  #framesCount = 0;
  #bodyBytesMax = 0;
  readonly #databaseByTable = new Map<number, number>();
  #node: string | null = null;

  constructor(disk: Disk, folder: string, { quarantineFolder, knownSeq, nameAheadMax }: ScanOptions) {
    this.#disk = disk;
    this.#folder = folder;
    this.#quarantine = { disk, folder: quarantineFolder };
    this.#knownSeq = knownSeq;
    this.#nameAheadMax = nameAheadMax;
    this.marks = new Marks(disk, folder, []);
  }

  /**
   * Scans every segment in order. All that is counted is durable when this returns.
   * @throws when a segment is of a newer format, or the disk cannot be read or synced
   */
  async run(): Promise<LogScan> {
    const names = await this.#disk.list(this.#folder);
    const heads = await this.#readHeads(names);
    this.marks = new Marks(this.#disk, this.#folder, names.filter((name) => !this.#isStrayMark(name)));
    const namedBy = namingsOf(heads, this.marks.newest);
    for (const first of namedBy.keys()) this.#lastSeq = Math.max(this.#lastSeq, first);
    for (const { header, givenUp } of heads) {
      this.#node = header?.node ?? this.#node;
      if (givenUp !== null) this.givenUp.push(givenUp);
    }
    for (const [i, head] of heads.entries()) await this.#scanSegment(head, heads.slice(i + 1), namedBy.get(head.first));
    this.#reportMissing(names, namedBy);
    if (names.length > 0) await this.#disk.syncFolder(this.#folder);
    await this.#attempt('', 'holds marks that are of no use', () => this.marks.tidy((first) => namedBy.has(first)));
    return {
      catalogRecords: this.#catalogRecords,
      reports: this.#reports,
      lastSeq: this.#lastSeq,
      framesCount: this.#framesCount,
      bodyBytesMax: this.#bodyBytesMax,
      databaseByTable: this.#databaseByTable,
      node: this.#node,
    };
  }

  /** Seqs given up stand first in a segment, so that one look at every head knows them before any frame is counted. */
  async #readHeads(names: readonly string[]): Promise<Head[]> {
    const heads: Head[] = [];
    for (const name of names) {
      const first = parseSegmentName(name);
      if (parseMarkName(name) !== null) continue;
      if (first === null) {
        this.#report(name, 0, 0, 'is no log segment and is left alone');
        continue;
      }
      const head = await this.#readHead(name, first);
      if (head === null) continue;
      if (head.header !== null) this.#prove(head.header.first);
      if (head.header === null || head.header.first === first) heads.push(head);
      else await this.#setAsideMisnamed(name, head.header.first);
    }
    for (const { first, header } of heads) if (header === null && this.#isPossible(first)) this.#lastSeq = Math.max(this.#lastSeq, first);
    return heads;
  }

  /** null: it is no file. */
  async #readHead(name: string, first: number): Promise<Head | null> {
    try {
      return await this.#with(name, 'read', (file) => readHead(file, name, first));
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EISDIR') throw error;
      this.#report(name, 0, 0, 'is a folder, no log segment, and is left alone');
      return null;
    }
  }

  /** A seq that stands under a checksum was given. */
  #prove(seq: number): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#knownSeq = Math.max(this.#knownSeq, seq);
  }

  /** Whether a seq that a name alone says can have been given. A stray file must not move all seqs that are to come. */
  #isPossible(seq: number): boolean {
    return seq <= this.#knownSeq + this.#nameAheadMax;
  }

  #isStrayMark(name: string): boolean {
    const mark = parseMarkName(name);
    if (mark === null || this.#isPossible(mark.first)) return false;
    this.#report(name, 0, 0, 'is a mark of a number that was never given and is left alone');
    return true;
  }

  #reportMissing(names: readonly string[], namedBy: ReadonlyMap<number, Naming>): void {
    for (const [first, { by }] of namedBy) {
      const name = segmentName(first);
      if (!names.includes(name) && !this.marks.isGone(first)) this.#report(name, 0, 0, `is missing, though ${by} names it: what it held is lost`);
    }
  }

  async #setAsideMisnamed(name: string, first: number): Promise<void> {
    const is = `says that its first number is ${first}`;
    const moved = await this.#attempt(name, is, () => moveFile(this.#quarantine, name, this.#folder));
    if (moved) this.#report(name, 0, 0, `${is}: moved to quarantine`);
  }

  /** @param behind the segments behind it @param named what says that it held records */
  async #scanSegment(head: Head, behind: readonly Head[], named: Naming | undefined): Promise<void> {
    const { name, first, header, givenUp } = head;
    const segment = newSegment(first, givenUp !== null, header?.previous ?? 0);
    const held = named?.by ?? this.#heldUnlessGivenUp(first, behind[0]);
    const found = await this.#with(name, 'update', async (file): Promise<Found> => {
      const size = await file.size();
      const damages = header === null && size > 0
        ? [{ is: 'damage', offset: 0, bytes: Math.min(size, format.SEGMENT_HEADER_BYTES) } satisfies Damage]
        : [];
      damages.push(...(await this.#count(name, file, segment, size, boundOf(head, behind))));
      const isEmpty = segment.last < first;
      if (isEmpty && held !== undefined) return 'lost';
      if (!isEmpty && named !== undefined && size < named.end) {
        this.#report(name, size, named.end - size, `ends here, though ${named.by} says that it held records up to ${named.end}: what stood there is lost`);
      }
      const areKept = await this.#keep(name, file, segment, damages);
      await file.sync();
      return !isEmpty ? 'records' : areKept ? 'nothing' : 'left as it is';
    });
    if (found === 'lost') await this.#setAsideLost(name, held!);
    else if (found === 'nothing') await this.#attempt(name, 'holds no record', () => this.#disk.remove(join(this.#folder, name)));
    else if (found === 'records') this.segments.push(segment);
  }

  /** Where the next segment does not say what came before it, only a list of seqs given up tells a leftover from a loss. */
  #heldUnlessGivenUp(first: number, next: Head | undefined): string | undefined {
    if (next === undefined || (next.header !== null && next.header.previous !== null)) return undefined;
    return isIn(this.givenUp, first) ? undefined : `${next.name}, which came after it,`;
  }

  async #setAsideLost(name: string, by: string): Promise<void> {
    const is = `holds no record, though ${by} says that it did`;
    const moved = await this.#attempt(name, is, () => moveFile(this.#quarantine, name, this.#folder));
    if (moved) this.#report(name, 0, 0, `${is}: moved to quarantine`);
  }

  /** Counts the records of a segment and returns the stretches that hold none. */
  async #count(name: string, file: DiskFile, segment: Segment, size: number, below: number): Promise<Damage[]> {
    const damages: Damage[] = [];
    const range = { seed: format.crcSeed(segment.first), end: size, above: segment.first - 1, below };
    let offset = format.SEGMENT_HEADER_BYTES;
    for await (const found of readRecords(file, range)) {
      for (const item of found) {
        if (item.is === 'damage') {
          damages.push(item);
          offset = item.offset + item.bytes;
          continue;
        }
        const problem = this.#countRecord(item, segment);
        if (problem !== null) this.#report(name, offset, item.bytes, problem);
        offset += item.bytes;
        segment.bytes = offset;
        segment.last = item.seq;
      }
    }
    if (segment.last >= segment.first) this.#lastSeq = Math.max(this.#lastSeq, segment.last);
    return damages;
  }

  /** @returns what is wrong with the record, or null */
  #countRecord({ kind, seq, fixed, payload }: format.LogRecord, segment: Segment): string | null {
    if (isIn(this.givenUp, seq)) return null;
    switch (kind) {
      case format.KIND_FRAME: {
        const tableIds = decodeTableIds(fixed);
        if (tableIds === null) return `frame ${seq} is of a kind that this program does not know: passed over`;
        this.#framesCount += 1;
        this.#bodyBytesMax = Math.max(this.#bodyBytesMax, payload.length);
        for (const id of tableIds) {
          segment.lastByTable.set(id, seq);
          this.#databaseByTable.set(id, decodeDatabaseId(fixed));
        }
        return null;
      }
      case format.KIND_CATALOG:
        this.#catalogRecords.push({ seq, payload: Buffer.from(payload) }); // a copy: the window is large
        segment.lastCatalog = seq;
        return null;
      case format.KIND_GIVEN_UP:
        return null;
      default:
        return `record ${seq} is of kind ${kind}, which this program does not know: passed over`;
    }
  }

  /** Keeps damaged stretches aside and cuts the one at the end off. @returns whether all are safe */
  async #keep(name: string, file: DiskFile, segment: Segment, damages: readonly Damage[]): Promise<boolean> {
    let areKept = true;
    for (const damage of damages) {
      const { offset, bytes } = damage;
      const isTail = offset + bytes > segment.bytes;
      const is = offset === 0 ? 'has a damaged header' : isTail ? 'has a torn tail' : 'has a damaged stretch';
      segment.damaged.add(offset);
      areKept = (await this.#attempt(name, is, async () => {
        const some = await keepBytes(this.#quarantine, `${name}-${offset}.bad`, file, damage);
        if (isTail && offset > 0) await file.truncate(offset);
        this.#report(name, offset, bytes, `${is}${some ? ', kept in quarantine' : ' of zeros'}${isTail ? ' and cut' : ''}`);
      }, damage)) && areKept;
    }
    return areKept;
  }

  /** A disk too full to set something aside must not stop the start: it is left as it is, and said. */
  async #attempt(name: string, is: string, action: () => Promise<void>, { offset, bytes } = { offset: 0, bytes: 0 }): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.#report(name, offset, bytes, `${is} and is left as it is: ${(error as Error).message}`);
      return false;
    }
  }

  /** Runs `action` on an open segment. @throws with a sentence when the disk fails */
  async #with<T>(name: string, how: 'read' | 'update', action: (file: DiskFile) => Promise<T>): Promise<T> {
    try {
      const file = await this.#disk.open(join(this.#folder, name), how);
      try {
        return await action(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`cannot start: log segment ${join(this.#folder, name)}: ${message}`, { cause: error });
    }
  }

  #report(file: string, offset: number, bytes: number, what: string): void {
    this.#reports.push({ file, offset, bytes, what });
  }
}
