/** Which tables and rows a change is about: the same for every subject whose tables and rows are the same. */
import type { RowRange } from '../../src/worker/wasm/parsed.js';
import type { Change } from './case.js';
import { Random } from './random.js';

/** Rows that leave one table. */
export interface Removed {
  readonly measurement: string;
  /** Ascending and disjoint. */
  readonly ranges: readonly RowRange[];
}

/** The measurement that is dropped; null where there is none. */
export function droppedTable({ seed }: Change, measurements: Iterable<string>): string | null {
  const sorted = [...measurements].sort();
  return sorted.length === 0 ? null : new Random(seed).pick(sorted);
}

/** The rows that leave, given the number of rows of every table: of a few tables all when flushed, else some of one. */
export function removedRows({ change, seed }: Change, rows: ReadonlyMap<string, number>): Removed[] {
  const random = new Random(seed);
  const sorted = [...rows].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 0) return [];
  if (change === 'flush') {
    return sorted.filter(() => random.chance(0.6)).map(([measurement, rowEnd]) => ({ measurement, ranges: [{ rowFirst: 0, rowEnd }] }));
  }
  const [measurement, count] = random.pick(sorted);
  return [{ measurement, ranges: someRanges(random, count) }];
}

/** One to five ranges, some of which may touch; now and then all rows. */
function someRanges(random: Random, count: number): RowRange[] {
  if (random.chance(0.1)) return [{ rowFirst: 0, rowEnd: count }];
  const cuts = Array.from({ length: 2 * (1 + random.below(5)) }, () => random.below(count + 1)).sort((a, b) => a - b);
  const ranges: RowRange[] = [];
  for (let i = 0; i < cuts.length; i += 2) {
    const rowFirst = cuts[i]!, rowEnd = cuts[i + 1]!;
    if (rowEnd > rowFirst) ranges.push({ rowFirst, rowEnd });
  }
  return ranges;
}
