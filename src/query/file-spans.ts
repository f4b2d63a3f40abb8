/** Which data files hold no point that stands anywhere else: their rows need no grouping. */

import type { FileSpan } from '../model/file-span.js';

/** Statistics give times in milliseconds, and not every writer rounds the greatest up. */
const SLACK_MS = 1;

/**
 * The files each of whose points stands in one row of one file: what other files hold lies before or behind them.
 * One file without a span may hold anything, and then there are none.
 */
export function withEachPointOnce(files: readonly string[], spans: ReadonlyMap<string, FileSpan>): Set<string> {
  const known = files.map((path) => ({ path, span: spans.get(path) }));
  if (known.some(({ span }) => span === undefined)) return new Set();
  const byTime = known.map(({ path, span }) => ({ path, ...span! })).sort((a, b) => a.firstMs - b.firstMs);
  const once = new Set<string>();
  let endMsBefore = -Infinity;
  for (const [at, span] of byTime.entries()) {
    const next = byTime[at + 1]?.firstMs ?? Infinity;
    const endMs = endOf(span);
    if (span.hasPointsOnce && endMsBefore <= span.firstMs && endMs <= next) once.add(span.path);
    endMsBefore = Math.max(endMsBefore, endMs);
  }
  return once;
}

/** The first millisecond that surely has no row of the file any more. */
function endOf({ beforeMs, lastMs }: FileSpan): number {
  return beforeMs ?? lastMs + SLACK_MS + 1;
}
