/** The segments of the log: what each holds, reading them back, and removing them. */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { segmentName } from '../names.js';
import { decodeFrame, type FrameHeader } from './frame.js';
import { isIn, type SeqRange } from './given-up.js';
import type { Marks } from './marks.js';
import { readRecords, type Damage } from './reader.js';
import type { LogReport } from './log-report.js';
import { crcSeed, KIND_FRAME, SEGMENT_HEADER_BYTES, type LogRecord } from './segment.js';

/** What one segment holds. Only what is synced and not given up counts. */
export interface SegmentSummary {
  readonly first: number;
  /** Below `first` while there is no record. */
  readonly last: number;
  /** Up to the end of the last record. */
  readonly bytes: number;
  /** Seq of the last catalog record in it; 0 when there is none. */
  readonly lastCatalog: number;
  /** Last seq in it by table touched. */
  readonly lastByTable: ReadonlyMap<number, number>;
}

/** A segment as the log keeps it. */
export interface Segment extends SegmentSummary {
  last: number;
  bytes: number;
  lastCatalog: number;
  readonly lastByTable: Map<number, number>;
  /** Its first record lists seqs given up. */
  readonly givesUp: boolean;
  /** First number of the segment that its header names as the one before; 0 when it names none. */
  readonly previous: number;
  /** Offsets of stretches known to be damaged. */
  readonly damaged: Set<number>;
}

/** A frame read back. */
export interface LoggedFrame {
  readonly seq: number;
  readonly header: FrameHeader;
  /** As received. */
  readonly body: Buffer;
}

/** A segment with a header and nothing else. */
export function newSegment(first: number, givesUp: boolean, previous: number): Segment {
  return {
    first, last: first - 1, bytes: SEGMENT_HEADER_BYTES, lastCatalog: 0,
    lastByTable: new Map(), givesUp, previous, damaged: new Set(),
  };
}

/** Path of a segment in the log's folder. */
export function segmentPath(folder: string, first: number): string {
  return join(folder, segmentName(first));
}

export class SegmentList {
  readonly #disk: Disk;
  readonly #folder: string;
  /** Ascending. */
  #segments: Segment[];
  /** Those whose files are removed, but not yet surely. */
  readonly #removed = new Set<Segment>();
  /** By earlier lives; what this one gave up lies beyond the synced end of its segment. */
  readonly #givenUp: readonly SeqRange[];
  readonly #marks: Marks;
  readonly #onReport: (report: LogReport) => void;

  constructor(
    disk: Disk,
    folder: string,
    found: { readonly segments: readonly Segment[]; readonly givenUp: readonly SeqRange[]; readonly marks: Marks },
    onReport: (report: LogReport) => void,
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segments = [...found.segments];
    this.#givenUp = found.givenUp;
    this.#marks = found.marks;
    this.#onReport = onReport;
  }

  /** Oldest first. */
  summaries(): readonly SegmentSummary[] {
    return this.#segments.filter((segment) => !this.#removed.has(segment));
  }

  /** @param segment newer than all others */
  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** See Log.frames. Segments that come or go meanwhile are seen or not; the caller's range says which matter. */
  async *frames(fromSeq: number, toSeq: number): AsyncGenerator<LoggedFrame> {
    let segment: Segment | undefined;
    for (let above = -1; (segment = this.#next(above)) !== undefined; above = segment.first) {
      if (segment.first > toSeq) return;
      if (segment.last < fromSeq) continue;
      try {
        for await (const { seq, kind, fixed, payload } of this.#records(segment)) {
          if (kind !== KIND_FRAME || seq < fromSeq || seq > toSeq) continue;
          const header = isIn(this.#givenUp, seq) ? null : decodeFrame(fixed);
          if (header !== null) yield { seq, header, body: payload };
        }
      } catch (error) {
        // One that was let go of under the reader may end early: nobody needs the rest.
        if (!this.#isGone(segment)) throw error;
      }
    }
  }

  /** See Log.trim. */
  async trim(isDeletable: (segment: SegmentSummary) => boolean): Promise<number> {
    const [oldest] = this.#segments;
    const going = this.#segments.slice(0, -1).filter((segment) => {
      if (segment.givesUp && segment !== oldest) return false;
      return this.#removed.has(segment) || isDeletable(segment);
    });
    if (going.length > 0) {
      for (const segment of going) {
        this.#removed.add(segment);
        await this.#marks.letGo(segment.first);
      }
      await this.#disk.syncFolder(this.#folder);
      this.#segments = this.#segments.filter((segment) => !going.includes(segment));
      for (const segment of going) this.#removed.delete(segment);
    }
    await this.#marks.tidy((first) => first === this.#marks.newest || this.#segments.some(({ previous }) => previous === first));
    return going.length;
  }

  async *#records(segment: Segment): AsyncGenerator<LogRecord> {
    const file = await this.#disk.open(segmentPath(this.#folder, segment.first), 'read');
    try {
      const range = { seed: crcSeed(segment.first), end: segment.bytes, above: segment.first - 1, below: Infinity };
      for await (const found of readRecords(file, range)) {
        for (const item of found) {
          if (item.is === 'record') yield item;
          else this.#report(segment, item);
        }
      }
    } finally {
      await file.close();
    }
  }

  #report(segment: Segment, { offset, bytes }: Damage): void {
    if (segment.damaged.has(offset)) return;
    segment.damaged.add(offset);
    this.#onReport({ file: segmentName(segment.first), offset, bytes, what: 'can no longer be read' });
  }

  #isGone(segment: Segment): boolean {
    return this.#removed.has(segment) || !this.#segments.includes(segment);
  }

  #next(above: number): Segment | undefined {
    return this.#segments.find((segment) => segment.first > above && !this.#removed.has(segment));
  }
}
