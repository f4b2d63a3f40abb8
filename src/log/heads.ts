/** The heads of segments: what they say of themselves, of the segments before them, and of seqs given up. */
import type { DiskFile } from '../disk.js';
import { decodeGivenUp, type SeqRange } from './given-up.js';
import * as format from './segment.js';

/** Bytes that surely hold a header and a record of seqs given up. */
const HEAD_BYTES = 4096;

export interface Head {
  readonly name: string;
  readonly first: number;
  /** null: damaged. */
  readonly header: format.SegmentHeader | null;
  readonly givenUp: SeqRange | null;
}

/** Who says of a segment that it held records, and up to which offset; 0: that is not said. */
export interface Naming {
  readonly by: string;
  readonly end: number;
}

/** @param first the seq that its name says @throws with a sentence when it is of a newer format, or cannot be read */
export async function readHead(file: DiskFile, name: string, first: number): Promise<Head> {
  const size = await file.size();
  const bytes = Buffer.alloc(Math.min(size, HEAD_BYTES));
  await file.read(bytes, 0);
  const header = format.decodeSegmentHeader(bytes);
  if (header === 'newer') throw new Error('it was written by a newer sluice; start that one, or move the file away');
  const at = format.SEGMENT_HEADER_BYTES;
  const step = format.readRecord(bytes, at, size - at, format.crcSeed(first));
  const givenUp = step.is === 'record' && step.kind === format.KIND_GIVEN_UP ? decodeGivenUp(step.payload) : null;
  return { name, first, header: header === 'damaged' ? null : header, givenUp };
}

/** Of every segment that surely held records, whether it is there or not, what says so. @param newest of which a mark says it */
export function namingsOf(heads: readonly Head[], newest: number | null): Map<number, Naming> {
  const named = new Map<number, Naming>();
  if (newest !== null) named.set(newest, { by: 'the mark of the newest', end: 0 });
  for (const { name, header } of heads) {
    if (!header?.previous) continue;
    // Two name the same one when the first of them came to nothing; what was named can only have grown since.
    const end = named.get(header.previous)?.end ?? 0;
    if (header.previousEnd >= end) named.set(header.previous, { by: name, end: header.previousEnd });
  }
  return named;
}

/**
 * The seq that all records of a segment are below: the first of the next one. Only a header of the same node says that
 * there is one; the name of a stray file must not make records void.
 * @param behind the heads behind it
 */
export function boundOf({ header }: Head, behind: readonly Head[]): number {
  const next = behind.find((head) => head.header !== null && (header === null || head.header.node === header.node));
  return next?.first ?? Infinity;
}
