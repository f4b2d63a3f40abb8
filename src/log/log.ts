/** The log: frames and catalog records in one order, on disk before anything is answered. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Disk, DiskFile } from '../disk.js';
import { SluiceError } from '../errors.js';
import { CommitGroup, BufferPool, type RecordParts } from './commit-group.js';
import { encodeFrame, frameBytes, type FrameHeader } from './frame.js';
import { encodeGivenUp, type SeqRange } from './given-up.js';
import type { Marks } from './marks.js';
import type { LogReport } from './log-report.js';
import { LogScanner, type LogScan } from './log-scan.js';
import * as format from './segment.js';
import { newSegment, SegmentList, segmentPath, type LoggedFrame, type Segment, type SegmentSummary } from './segments.js';

export type { LoggedFrame, SegmentSummary } from './segments.js';

export interface LogOptions {
  /** 8 hex digits; stands in every segment. null: the one that the log's newest segment has, or a new one. */
  readonly node: string | null;
  /** Microseconds since 1970. */
  readonly processStart: number;
  /** A segment is closed before it grows over this; one record may be larger. */
  readonly segmentBytesMax: number;
  readonly quarantineFolder: string;
  readonly clock: Clock;
  /** Every new seq is above this one too: the highest the catalog knows. */
  readonly seqFloor: number;
  /** Damage that was found after the start, when frames were read back. */
  readonly onReport: (report: LogReport) => void;
}

/** A record's place, and when it is there. All records of one write share the promises; they reject when it is given up. */
export interface Appended {
  readonly seq: number;
  /** In the file: survives this process. @throws SluiceError log-failed */
  readonly written: Promise<void>;
  /** Survives a loss of power. @throws SluiceError log-failed */
  readonly synced: Promise<void>;
}

interface OpenSegment {
  readonly segment: Segment;
  readonly file: DiskFile;
}

/** A segment and the offset where its records end, those that still wait counted. */
interface Place {
  readonly first: number;
  readonly bytes: number;
}

/**
 * A seq that stands in a name alone, and in nothing with a checksum, counts when it is at most so far ahead of all others
 * and of the time: seqs are ahead of the time only where a clock was set back.
 */
const NAME_AHEAD_US_MAX = 24 * 3600 * 1_000_000;

/** Scans the log in `folder` (made when missing, at the latest with its first segment) and opens it for appending. @throws when it cannot be read or synced */
export async function openLog(disk: Disk, folder: string, options: LogOptions): Promise<{ log: Log; scan: LogScan }> {
  // A disk without room for it stops no start: it is made with the first segment then, whose failure is told.
  await disk.makeFolder(folder).catch(() => undefined);
  const knownSeq = Math.max(options.seqFloor, Number(options.clock.nowNs() / 1000n));
  const scanner = new LogScanner(disk, folder, { quarantineFolder: options.quarantineFolder, knownSeq, nameAheadMax: NAME_AHEAD_US_MAX });
  const scan = await scanner.run();
  const node = options.node ?? scan.node ?? randomBytes(4).toString('hex');
  return { log: new Log(disk, folder, { ...options, node }, scanner, scan.lastSeq), scan };
}

export class Log {
  /** 8 hex digits. */
  readonly node: string;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #options: LogOptions;
  /** The last may be the open one. */
  readonly #segments: SegmentList;
  readonly #buffers = new BufferPool();
  /** Batches that wait, in order; the last one is filled. */
  #waiting: CommitGroup[] = [];
  #draining: Promise<void> | null = null;
  #open: OpenSegment | null = null;
  /** Behind the last record that was appended; null: there is no segment yet. */
  #place: Place | null = null;
  #failure: (SeqRange & { readonly reason: Error }) | null = null;
  #healing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #lastSeq: number;
  #lastSynced: number;
  /** The newest segment with a synced record. */
  #lastCounted: Segment | null;
  readonly #marks: Marks;
  #syncs = 0;
  #onFailure: (lastSynced: number, reason: Error) => void = () => undefined;
  /** Of the newest record. */
  #newest: Promise<void> = Promise.resolve();

  /** Use `openLog`. */
  constructor(disk: Disk, folder: string, options: LogOptions & { readonly node: string }, scanner: LogScanner, lastSeq: number) {
    this.node = options.node;
    this.#disk = disk;
    this.#folder = folder;
    this.#options = options;
    this.#segments = new SegmentList(disk, folder, scanner, options.onReport);
    this.#lastSeq = Math.max(lastSeq, options.seqFloor);
    this.#lastSynced = this.#lastSeq;
    this.#lastCounted = scanner.segments.findLast(({ first, last }) => last >= first) ?? null;
    this.#marks = scanner.marks;
  }

  /** The last seq that was given. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Every record up to this seq is on disk or given up. */
  get lastSynced(): number {
    return this.#lastSynced;
  }

  /** Batches written and synced since this was opened. */
  get syncs(): number {
    return this.#syncs;
  }

  /** A write or sync failed and `heal` has not resolved yet: nothing can be appended. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.summaries().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Oldest first; the last may still grow. */
  segments(): readonly SegmentSummary[] {
    return this.#segments.summaries();
  }

  /**
   * Calls `listener` when a write or sync failed: everything above `lastSynced` is given up, whose promises reject right
   * after. Who appends must have somebody listen who has the log healed. It replaces the listener before.
   */
  onFailure(listener: (lastSynced: number, reason: Error) => void): void {
    this.#onFailure = listener;
  }

  /** Resolves once all that was appended until now is synced or given up. @returns `lastSynced` of that moment */
  async settled(): Promise<number> {
    await this.#newest.catch(() => undefined);
    return this.#lastSynced;
  }

  /**
   * Appends a frame. The body is copied before this returns.
   * @param copyBody fills a view of `bodyBytes` bytes
   * @throws SluiceError `log-failed` until the log is healed, `stopping` once it is closed
   */
  appendFrame(header: FrameHeader, bodyBytes: number, copyBody: (target: Uint8Array) => void): Appended {
    const fixedBytes = frameBytes(header);
    const { group, appended } = this.#append({
      kind: format.KIND_FRAME,
      fixedBytes,
      payloadBytes: bodyBytes,
      fill(into, at) {
        encodeFrame(header, into, at);
        copyBody(into.subarray(at + fixedBytes, at + fixedBytes + bodyBytes));
      },
    });
    for (const id of header.tableIds) group.lastByTable.set(id, appended.seq);
    return appended;
  }

  /** Appends a record of the catalog, whose bytes mean nothing here. @throws as appendFrame */
  appendCatalog(payload: Uint8Array): Appended {
    const { group, appended } = this.#append(payloadRecord(format.KIND_CATALOG, payload));
    group.lastCatalog = appended.seq;
    return appended;
  }

  /**
   * After a failure: makes a segment that lists the seqs given up; appends work again once this resolves.
   * @throws SluiceError log-failed while the fault lasts; call it again later; `stopping` once it is closed
   */
  async heal(): Promise<void> {
    if (this.#failure === null) return;
    if (this.#closing !== null) throw new SluiceError('stopping', 'the log is closed');
    this.#healing ??= this.#heal(this.#failure).finally(() => {
      this.#healing = null;
    });
    await this.#healing;
  }

  /**
   * Reads frames back, in order, those given up left out.
   * @param toSeq the last one; at most what is synced when this is called
   * @throws when the disk cannot be read
   */
  frames(fromSeq: number, toSeq = this.#lastSynced): AsyncGenerator<LoggedFrame> {
    return this.#segments.frames(fromSeq, toSeq);
  }

  /**
   * Removes segments that nothing needs any more; never the newest, which knows the last seq.
   * One that lists seqs given up outlives all older ones, where the records of those seqs are.
   * @returns how many
   */
  trim(isDeletable: (segment: SegmentSummary) => boolean): Promise<number> {
    return this.#segments.trim(isDeletable);
  }

  /** Writes and syncs what waits, and closes. Appends throw from here on. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#draining;
    await this.#healing?.catch(() => undefined);
    await this.#open?.file.close();
    this.#open = null;
  }

  #append(record: RecordParts): { group: CommitGroup; appended: Appended } {
    if (this.#closing !== null) throw new SluiceError('stopping', 'the log is closed');
    if (this.#failure !== null) throw new SluiceError('log-failed', this.#failure.reason.message);
    const seq = this.#takeSeq();
    const bytes = format.recordBytes(record.fixedBytes, record.payloadBytes);
    const place = this.#placeFor(bytes, seq);
    const last = this.#waiting.at(-1);
    const group = last?.segmentFirst === place.first ? last : new CommitGroup(place.first, this.#buffers.take());
    group.add(record, seq);
    if (group !== last) this.#waiting.push(group);
    this.#place = { first: place.first, bytes: place.bytes + bytes };
    this.#draining ??= this.#drain();
    this.#newest = group.synced.promise;
    return { group, appended: { seq, written: group.written.promise, synced: group.synced.promise } };
  }

  #takeSeq(): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, Number(this.#options.clock.nowNs() / 1000n));
    return this.#lastSeq;
  }

  /** Behind the last record, or in a new segment that starts with `seq`. */
  #placeFor(bytes: number, seq: number): Place {
    const place = this.#place;
    if (place !== null && place.bytes + bytes <= this.#options.segmentBytesMax) return place;
    return { first: seq, bytes: format.SEGMENT_HEADER_BYTES };
  }

  /** Writes group after group until none waits. Starts a microtask late, so that records appended together go together. */
  async #drain(): Promise<void> {
    await Promise.resolve();
    for (let group: CommitGroup | undefined; (group = this.#waiting.shift()) !== undefined; ) {
      try {
        const { segment, file } = await this.#segmentFor(group);
        await file.write(group.bytes, segment.bytes);
        group.written.resolve();
        await file.sync();
        this.#count(group, segment);
        await this.#marks.setNewest(segment.first);
      } catch (error) {
        this.#fail(error as Error, group);
      }
      group.release(this.#buffers);
    }
    this.#draining = null;
  }

  async #segmentFor({ segmentFirst }: CommitGroup): Promise<OpenSegment> {
    const previous = this.#open;
    if (previous?.segment.first === segmentFirst) return previous;
    this.#open = await this.#create(segmentFirst, false);
    this.#segments.add(this.#open.segment);
    await previous?.file.close();
    return this.#open;
  }

  /** The group is on disk. */
  #count(group: CommitGroup, segment: Segment): void {
    segment.bytes += group.bytes.length;
    segment.last = group.lastSeq;
    segment.lastCatalog = group.lastCatalog || segment.lastCatalog;
    for (const [id, seq] of group.lastByTable) segment.lastByTable.set(id, seq);
    this.#lastSynced = group.lastSeq;
    this.#lastCounted = segment;
    this.#syncs += 1;
    group.synced.resolve();
  }

  /** Gives up all that is not known to be synced. The segment is never written again. */
  #fail(reason: Error, group: CommitGroup): void {
    const failed = [group, ...this.#waiting.splice(0)];
    this.#failure = { from: this.#lastSynced + 1, to: this.#lastSeq, reason };
    this.#onFailure(this.#lastSynced, reason);
    for (const { written, synced } of failed) {
      const error = new SluiceError('log-failed', reason.message);
      written.reject(error);
      synced.reject(error);
    }
  }

  async #heal(failure: SeqRange): Promise<void> {
    const failed = this.#open;
    this.#open = null;
    await Promise.allSettled([failed?.file.close()]); // what it still held is given up, and so is the handle
    const seq = this.#takeSeq();
    let made: OpenSegment | undefined;
    try {
      made = await this.#create(seq, true);
      const group = new CommitGroup(seq, this.#buffers.take());
      group.add(payloadRecord(format.KIND_GIVEN_UP, encodeGivenUp(failure)), seq);
      await made.file.write(group.bytes, made.segment.bytes);
      await made.file.sync();
      this.#count(group, made.segment);
      group.release(this.#buffers);
    } catch (error) {
      if (made !== undefined) await this.#discard(made.file, seq);
      throw new SluiceError('log-failed', (error as Error).message);
    }
    this.#open = made;
    this.#segments.add(made.segment);
    this.#place = { first: seq, bytes: made.segment.bytes };
    this.#failure = null;
    await this.#marks.setNewest(seq);
  }

  /** A new segment, itself and its name durable. */
  async #create(first: number, givesUp: boolean): Promise<OpenSegment> {
    const { processStart } = this.#options;
    const { first: previous, bytes: previousEnd } = this.#lastCounted ?? { first: 0, bytes: 0 };
    await this.#disk.makeFolder(this.#folder);
    const file = await this.#disk.open(segmentPath(this.#folder, first), 'create');
    try {
      await file.write(format.encodeSegmentHeader({ first, node: this.node, processStart, previous, previousEnd }), 0);
      await file.sync();
      await this.#disk.syncFolder(this.#folder);
    } catch (error) {
      await this.#discard(file, first);
      throw error;
    }
    return { segment: newSegment(first, givesUp, previous), file };
  }

  /** Takes a segment away that failed before anything in it counted; where that fails too, the next start does it. */
  async #discard(file: DiskFile, first: number): Promise<void> {
    await Promise.allSettled([file.close(), this.#disk.remove(segmentPath(this.#folder, first))]);
  }
}

function payloadRecord(kind: number, payload: Uint8Array): RecordParts {
  return { kind, fixedBytes: 0, payloadBytes: payload.length, fill: (into, at) => into.set(payload, at) };
}
