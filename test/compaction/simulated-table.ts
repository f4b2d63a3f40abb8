/** A table whose files are lists of times, and whose jobs are done at once. */
import assert from 'node:assert/strict';
import { cutsOf } from '../../src/compaction/cuts.js';
import { MINUTE_MS } from '../../src/compaction/minutes.js';
import { nextJob, type PlannedFile, type PlanLimits } from '../../src/compaction/plan.js';

const ROW_BYTES = 1;
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

  constructor(limits: PlanLimits) {
    this.#limits = limits;
  }

  get rows(): number {
    return this.#times.length;
  }

  flush(times: readonly number[], nowMs: number): void {
    this.#nowMs = nowMs;
    this.#times.push(...times);
    this.files.push(this.#file(times.toSorted((a, b) => a - b), false));
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

  #do({ files, untilMs }: { files: readonly PlannedFile[]; untilMs: number | null }): void {
    const gone = new Set(files);
    const times = this.files.filter((file) => gone.has(file)).flatMap((file) => file.times).sort((a, b) => a - b);
    assert.ok(files.length > 0 && times.length === files.reduce((sum, { rows }) => sum + rows, 0));
    const minutes = new Map<number, number>();
    for (const time of times) minutes.set(Math.floor(time / MINUTE_MS), (minutes.get(Math.floor(time / MINUTE_MS)) ?? 0) + 1);
    const ends = [...cutsOf({ minutes: [...minutes], rowBytes: ROW_BYTES, untilMs }, this.#nowMs, this.#limits), Infinity];
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
    const count = Math.ceil(times.length / Math.min(this.#limits.rowsMax, this.#limits.bytesMax / ROW_BYTES));
    if (count < 2) return void this.files.push(this.#file(times, true));
    const rows = Math.ceil(Math.min(this.#limits.rowsMax, this.#limits.bytesMax / ROW_BYTES));
    const byTag = Array.from({ length: count }, (): number[] => []);
    // As evenly over time as tags are; the last file has what is left.
    const step = times.length / rows;
    const first = new Set(Array.from({ length: rows }, (_, n) => Math.floor(n * step)));
    times.forEach((time, at) => byTag[first.has(at) ? 0 : 1 + (at % (count - 1))]!.push(time));
    for (const some of byTag) if (some.length > 0) this.files.push(this.#file(some, true));
  }

  #file(times: readonly number[], isMerged: boolean): SimulatedFile {
    return {
      path: `f${this.#made++}`, bytes: times.length * ROW_BYTES, rows: times.length, firstMs: times[0]!, lastMs: times.at(-1)! + 1, addedMs: this.#nowMs, isMerged, times,
    };
  }
}
