/** A log on a disk in memory, with a clock that stands still unless it is moved. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import type { Disk } from '../../src/disk.js';
import type { FrameHeader } from '../../src/log/frame.js';
import { parseMarkName } from '../../src/names.js';
import { openLog, type Log, type LogOptions } from '../../src/log/log.js';
import type { LogReport } from '../../src/log/log-report.js';
import type { LogScan } from '../../src/log/log-scan.js';

export const FOLDER = 'log';
export const QUARANTINE = 'quarantine';
export const START_US = 1_700_000_000_000_000;

/** A clock that shows what it is told. */
export class TestClock implements Clock {
  nowUs = START_US;
  nowNs(): bigint {
    return BigInt(this.nowUs) * 1000n;
  }
  nowMs(): number {
    return Math.floor(this.nowUs / 1000);
  }
  monotonicMs(): number {
    return this.nowMs();
  }
  after(): never {
    throw new Error('the log takes no timers');
  }
  every(): never {
    throw new Error('the log takes no timers');
  }
}

export interface Opened {
  readonly log: Log;
  readonly scan: LogScan;
  readonly clock: TestClock;
  /** Last synced number at each failure. */
  readonly failures: number[];
  /** Damage found when frames were read back. */
  readonly reports: LogReport[];
}

export async function open(disk: Disk, options: Partial<LogOptions> = {}): Promise<Opened> {
  const clock = new TestClock();
  const failures: number[] = [];
  const reports: LogReport[] = [];
  const opened = await openLog(disk, FOLDER, {
    node: '0a1b2c3d',
    processStart: START_US,
    segmentBytesMax: 64 * 1024 * 1024,
    quarantineFolder: QUARANTINE,
    clock,
    seqFloor: 0,
    onReport: (report) => reports.push(report),
    ...options,
  });
  opened.log.onFailure((lastSynced) => failures.push(lastSynced));
  return { ...opened, clock, failures, reports };
}

export function frameHeader(some: Partial<FrameHeader> = {}): FrameHeader {
  return {
    encoding: 0, precision: 1, databaseId: 1, inflatedBytes: 0, slot: 0, ordinal: 1, defaultTime: 0n,
    accepted: 1, rejected: 0, checksum: 0n, rejectedRuns: new Uint32Array(0), rules: 0, tableIds: [1],
    ...some,
  };
}

export function append(log: Log, body: string | Uint8Array, header: Partial<FrameHeader> = {}) {
  const bytes = Buffer.from(body);
  return log.appendFrame(frameHeader(header), bytes.length, (target) => target.set(bytes));
}

/** Bodies by number of all frames that the log gives back. */
export async function bodies(log: Log, from = 0): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const { seq, body } of log.frames(from)) found.set(seq, body.toString());
  return found;
}

/** A crash, a fault or a trim is no reason to say that something is missing. */
export function assertNoneMissed({ scan }: Opened, name: string): void {
  const said = scan.reports.filter(({ what }) => /is missing|holds no record|ends here/.test(what)).map(({ file, what }) => `${file} ${what}`);
  assert.deepEqual(said, [], name);
}

/** Paths of the segments and of what is no mark of the log, oldest first. */
export async function segmentPaths(disk: Disk): Promise<string[]> {
  return (await disk.list(FOLDER)).filter((name) => parseMarkName(name) === null).map((name) => join(FOLDER, name));
}

/** Names of the marks. */
export async function marks(disk: Disk): Promise<string[]> {
  return (await disk.list(FOLDER)).filter((name) => parseMarkName(name) !== null);
}
