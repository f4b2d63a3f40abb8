/** What the statistics of a data file tell of the times and numbers of its rows. */

/** What the statistics of a data file say of its rows. */
export interface FileSpan {
  /** No row is earlier or later than these; milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Each point stands in it once: compaction made it so, or all rows have one sluice_seq, by which equal points of a file differ. */
  readonly hasPointsOnce: boolean;
}

/** The part of a file's statistics that tells its span. */
export interface SpanStatistics {
  readonly minValues?: Bounds;
  readonly maxValues?: Bounds;
}

/** The span of a file out of its statistics; null when they do not tell. @param isCombined whether its points were made to stand in it once */
export function spanOf({ minValues: least, maxValues: greatest }: SpanStatistics, isCombined = false): FileSpan | null {
  const [firstMs, lastMs] = [Date.parse(String(least?.time)), Date.parse(String(greatest?.time))];
  if (!(firstMs <= lastMs)) return null;
  return { firstMs, lastMs, hasPointsOnce: isCombined || (Number.isSafeInteger(least?.sluice_seq) && least?.sluice_seq === greatest?.sluice_seq) };
}

interface Bounds {
  readonly time?: string;
  readonly sluice_seq?: number;
}
