/** What the statistics of a data file tell of the times and numbers of its rows. */

/** What the statistics of a data file say of its rows. */
export interface FileSpan {
  /** No row is earlier or later than these; milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Each point stands in it once: compaction made it so, or all rows have one sluice_seq, by which equal points of a file differ. */
  readonly hasPointsOnce: boolean;
  /** All rows are before it, which `lastMs`, rounded up, may be. */
  readonly beforeMs?: number;
}

/** The part of a file's statistics that tells its span. */
export interface SpanStatistics {
  readonly minValues?: Bounds;
  readonly maxValues?: Bounds;
}

/** What the `add` of a file says of its rows besides statistics. */
interface SpanTags {
  /** Its points were made to stand in it once. */
  readonly isCombined: boolean;
  /** Text of the millisecond since 1970 that all rows are before. */
  readonly before: unknown;
}

/** The span of a file out of its statistics; null when they do not tell. */
export function spanOf({ minValues: least, maxValues: greatest }: SpanStatistics, { before, isCombined }: SpanTags = { isCombined: false, before: undefined }): FileSpan | null {
  const [firstMs, lastMs] = [Date.parse(String(least?.time)), Date.parse(String(greatest?.time))];
  if (!(firstMs <= lastMs)) return null;
  const hasPointsOnce = isCombined || (Number.isSafeInteger(least?.sluice_seq) && least?.sluice_seq === greatest?.sluice_seq);
  return typeof before === 'string' && /^-?\d{1,16}$/.test(before) ? { firstMs, lastMs, hasPointsOnce, beforeMs: Number(before) } : { firstMs, lastMs, hasPointsOnce };
}

interface Bounds {
  readonly time?: string;
  readonly sluice_seq?: number;
}
