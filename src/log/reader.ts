/** Reads a segment in windows, so that memory stays small whatever the segment's size. */
import type { DiskFile } from '../disk.js';
import { readRecord, SEGMENT_HEADER_BYTES, type LogRecord } from './segment.js';

const WINDOW_BYTES = 1024 * 1024;

/** A stretch of a segment that holds no record. */
export interface Damage {
  readonly is: 'damage';
  readonly offset: number;
  readonly bytes: number;
}

/** Which part of a segment to read, and which seqs may stand in it. */
interface ReadRange {
  readonly seed: number;
  /** Offset where to stop. */
  readonly end: number;
  /** Every record's seq is above the one before, this one first… */
  readonly above: number;
  /** …and below this one: the first of the next segment. */
  readonly below: number;
}

/**
 * Yields records and damaged stretches in order, a list for each window; the lists' views stay valid.
 * A record out of order counts as damage: it was repeated or moved.
 */
export async function* readRecords(file: DiskFile, range: ReadRange): AsyncGenerator<(LogRecord | Damage)[]> {
  let offset = SEGMENT_HEADER_BYTES;
  let above = range.above;
  let damagedFrom = -1;
  let windowBytes = WINDOW_BYTES;
  while (offset < range.end) {
    const window = await readWindow(file, offset, Math.min(windowBytes, range.end - offset));
    const found: (LogRecord | Damage)[] = [];
    windowBytes = WINDOW_BYTES;
    let at = 0;
    while (at < window.length) {
      const step = readRecord(window, at, range.end - offset - at, range.seed);
      if (step.is === 'more') {
        windowBytes = Math.max(WINDOW_BYTES, step.bytes);
        break;
      }
      if (step.is === 'record' && step.seq > above && step.seq < range.below) {
        if (damagedFrom >= 0) found.push(damage(damagedFrom, offset + at));
        damagedFrom = -1;
        above = step.seq;
        found.push(step);
      } else if (damagedFrom < 0) {
        damagedFrom = offset + at;
      }
      at += step.bytes;
    }
    offset += at;
    yield found;
  }
  if (damagedFrom >= 0) yield [damage(damagedFrom, range.end)];
}

function damage(from: number, to: number): Damage {
  return { is: 'damage', offset: from, bytes: to - from };
}

/** @throws when the file ends before */
async function readWindow(file: DiskFile, offset: number, bytes: number): Promise<Buffer> {
  const window = Buffer.allocUnsafeSlow(bytes);
  const read = await file.read(window, offset);
  if (read < bytes) throw new Error(`a log segment ended at ${offset + read} while bytes up to ${offset + bytes} were read`);
  return window;
}
