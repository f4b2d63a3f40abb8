/** Where the rows of a job are cut into files, once their times are known: by the calendar, and where a file would be too large. */
import type { MinuteRows } from '../worker/compact/row-times.js';
import { windowAt, type Grain } from './calendar.js';
import { MINUTE_MS } from './minutes.js';
import { togetherBytesMax, type PlanLimits } from './plan.js';

/** What the cuts of a job depend on. */
interface JobRows {
  readonly minutes: MinuteRows;
  /** Of a row in a file, about. */
  readonly rowBytes: number;
  readonly untilMs: number | null;
}

/** Rows that are to be one file. */
interface Piece {
  readonly fromMs: number;
  lastMs: number;
  rows: number;
}

/** The first times of the files but the first, ascending; milliseconds since 1970. A file that would have no row is not among them. */
export function cutsOf(job: JobRows, nowMs: number, limits: PlanLimits): number[] {
  return new Cuts(job, nowMs, limits).cuts();
}

class Cuts {
  readonly #job: JobRows;
  readonly #nowMs: number;
  readonly #limits: PlanLimits;
  readonly #rowsMax: number;

  constructor(job: JobRows, nowMs: number, limits: PlanLimits) {
    this.#job = job;
    this.#nowMs = nowMs;
    this.#limits = limits;
    this.#rowsMax = Math.min(limits.rowsMax, Math.max(1, Math.floor(limits.bytesMax / job.rowBytes)));
  }

  cuts(): number[] {
    const days = this.#days();
    return this.#joined(this.#joined(days, 'month'), 'year').slice(1).map(({ fromMs }) => fromMs);
  }

  #days(): Piece[] {
    const rowsOfDay = new Map<number, number>();
    const dayOf = (minute: number): number => windowAt(minute * MINUTE_MS, 'day').fromMs;
    for (const [minute, rows] of this.#job.minutes) rowsOfDay.set(dayOf(minute), (rowsOfDay.get(dayOf(minute)) ?? 0) + rows);
    const pieces: Piece[] = [];
    let day = NaN, enough = 0;
    for (const [minute, rows] of this.#job.minutes) {
      const fromMs = minute * MINUTE_MS;
      const last = pieces.at(-1);
      if (last !== undefined && dayOf(minute) === day && last.rows < enough && last.rows + rows <= this.#rowsMax && !this.#isUntil(last, fromMs)) {
        last.rows += rows;
        last.lastMs = fromMs;
        continue;
      }
      if (dayOf(minute) !== day) {
        day = dayOf(minute);
        const all = rowsOfDay.get(day)!;
        enough = all / Math.ceil(all / this.#rowsMax);
      }
      pieces.push({ fromMs, lastMs: fromMs, rows });
    }
    return pieces;
  }

  /** Small neighbours of one past window are one file. */
  #joined(pieces: readonly Piece[], grain: Grain): Piece[] {
    const joined: Piece[] = [];
    let before: Piece | undefined;
    for (const piece of pieces) {
      const last = joined.at(-1);
      if (last === undefined || before === undefined || !this.#areNeighbours(before, piece, grain) || last.rows + piece.rows > this.#rowsMax) joined.push({ ...piece });
      else {
        last.rows += piece.rows;
        last.lastMs = piece.lastMs;
      }
      before = piece;
    }
    return joined;
  }

  #areNeighbours(a: Piece, b: Piece, grain: Grain): boolean {
    const { endMs } = windowAt(a.fromMs, grain);
    if (b.lastMs >= endMs || windowAt(b.lastMs, 'day').endMs + this.#limits.settleMs > this.#nowMs || this.#isUntil(a, b.fromMs)) return false;
    const bytesMax = togetherBytesMax({ endMs, grain }, this.#nowMs, this.#limits);
    return [a, b].every(({ rows }) => rows * this.#job.rowBytes < bytesMax);
  }

  #isUntil(last: Piece, fromMs: number): boolean {
    const { untilMs } = this.#job;
    return untilMs !== null && last.fromMs < untilMs && fromMs >= untilMs;
  }
}
