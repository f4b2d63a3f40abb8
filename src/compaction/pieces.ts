/** Which new files the rows of a job go into, by their times. */
import type { Piece } from '../worker/compact/compact.js';
import type { RowTimes } from '../worker/compact/row-times.js';
import type { CompactionOrder } from './compaction-thread.js';
import { cutsOf } from './cuts.js';
import { MINUTE_MS } from './minutes.js';

/** The pieces of an order, in the order of time; versions of points become one row where no file beside the job holds times of the piece. */
export function piecesOf({ beside, cut }: Pick<CompactionOrder, 'beside' | 'cut'>, { lastMs, minutes }: RowTimes): Piece[] {
  const cuts = cut === null ? [] : cutsOf({ ...cut, minutes }, cut.nowMs, cut.limits);
  const firstMs = minutes[0]![0] * MINUTE_MS;
  return [-Infinity, ...cuts].map((fromMs, at) => {
    const endMs = cuts[at] ?? lastMs + 1;
    const isAlone = !beside.some((file) => file.firstMs < endMs && file.lastMs >= Math.max(fromMs, firstMs));
    return { fromMs, endMs, combines: isAlone };
  });
}
