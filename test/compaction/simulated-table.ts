/** A table whose files are lists of times, and whose jobs are done at once. */
import assert from 'node:assert/strict';
import { cutsOf } from '../../src/compaction/cuts.js';
import { MINUTE_MS } from '../../src/compaction/minutes.js';
import { nextJob, type Job, type PlannedFile, type PlanLimits } from '../../src/compaction/plan.js';

const STEP_MS = 30 * 60 * MINUTE_MS;
/** Jobs one after another without time going on: more is no planning but a circle. */
const JOBS_MAX = 2000;

interface SimulatedFile extends PlannedFile {
  readonly times: readonly number[];
}

export class SimulatedTable {
  readonly #limits: PlanLimits;
  readonly #times: number[] = [];
  files: SimulatedFile[] = [];
  #nowMs = 0;
  #made = 0;
  /** Rows that jobs wrote. */
  writtenAnew = 0;

  readonly #rowBytes: (ms: number) => number;

  /** @param rowBytes of a row of a time */
  constructor(limits: PlanLimits, rowBytes: (ms: number) => number = () => 1) {
    this.#limits = limits;
    this.#rowBytes = rowBytes;
  }

  get rows(): number {
    return this.#times.length;
  }

  flush(times: readonly number[], nowMs: number): void {
    this.#nowMs = nowMs;
    this.#times.push(...times);
    this.files.push(this.#file(times.toSorted((a, b) => a - b), false));
  }

  /** A file of rows that an earlier job made. */
  add(times: readonly number[], nowMs: number): void {
    this.#nowMs = nowMs;
    this.#times.push(...times);
    this.files.push(this.#file(times, true));
  }

  /** Does jobs until none is due. */
  compact(limits = this.#limits): void {
    for (let jobs = 0; ; jobs += 1) {
      const job = nextJob(this.files, this.#nowMs, limits);
      if (job === null) return;
      assert.ok(jobs < JOBS_MAX, `no end: ${JSON.stringify(job.files.map(({ path, bytes, firstMs, lastMs }) => [path, bytes, new Date(firstMs), new Date(lastMs)]))}`);
      this.#do(job);
    }
  }

  /** Lets time go on, with compaction. */
  passTo(nowMs: number): void {
    while (this.#nowMs < nowMs) {
      this.#nowMs += STEP_MS;
      this.compact();
    }
  }

  /** How many neighbours share times. */
  overlaps(): number {
    const byTime = this.files.toSorted((a, b) => a.firstMs - b.firstMs);
    let last = -Infinity, count = 0;
    for (const { firstMs, lastMs } of byTime) {
      if (firstMs <= last) count += 1;
      last = Math.max(last, lastMs);
    }
    return count;
  }

  assertWhole(): void {
    const inOrder = (times: number[]): number[] => times.sort((a, b) => a - b);
    assert.deepEqual(inOrder(this.files.flatMap(({ times }) => times)), inOrder([...this.#times]));
  }

  #do({ files, isOneFile, untilMs }: Job): void {
    const gone = new Set(files);
    const times = this.files.filter((file) => gone.has(file)).flatMap((file) => file.times).sort((a, b) => a - b);
    assert.ok(files.length > 0 && times.length === files.reduce((sum, { rows }) => sum + rows, 0));
    const minutes = new Map<number, number>();
    for (const time of times) minutes.set(Math.floor(time / MINUTE_MS), (minutes.get(Math.floor(time / MINUTE_MS)) ?? 0) + 1);
    const rowBytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / times.length;
    const ends = [...(isOneFile ? [] : cutsOf({ minutes: [...minutes], rowBytes, untilMs }, this.#nowMs, this.#limits)), Infinity];
    this.files = this.files.filter((file) => !gone.has(file));
    let from = 0;
    for (const end of ends) {
      const next = times.findIndex((time, at) => at >= from && time >= end);
      const some = times.slice(from, next < 0 ? times.length : next);
      assert.ok(some.length > 0, 'a file without rows');
      this.#write(some);
      from += some.length;
    }
    this.writtenAnew += times.length;
  }

  /** Rows that are more than a file holds become several, in the order of tags and not of times. */
  #write(times: readonly number[]): void {
    const rows = Math.min(this.#limits.rowsMax, Math.floor((this.#limits.bytesMax * times.length) / this.#bytesOf(times)));
    const count = Math.ceil(times.length / rows);
    if (count < 2) return void this.files.push(this.#file(times, true));
    const byTag = Array.from({ length: count }, (): number[] => []);
    // As evenly over time as tags are; the last file has what is left.
    const step = times.length / rows;
    const first = new Set(Array.from({ length: rows }, (_, n) => Math.floor(n * step)));
    times.forEach((time, at) => byTag[first.has(at) ? 0 : 1 + (at % (count - 1))]!.push(time));
    for (const some of byTag) if (some.length > 0) this.files.push(this.#file(some, true));
  }

  #bytesOf(times: readonly number[]): number {
    return times.reduce((sum, ms) => sum + this.#rowBytes(ms), 0);
  }

  #file(times: readonly number[], isMerged: boolean): SimulatedFile {
    return {
      path: `f${this.#made++}`, bytes: this.#bytesOf(times), rows: times.length, firstMs: times[0]!, lastMs: times.at(-1)! + 1, addedMs: this.#nowMs, isMerged, times,
    };
  }
}
