/**
 * Which files of a table are to become which: DESIGN section 16. Looks at what the Delta log says of them alone, and reads none.
 */
import { windowAt, windowOfBoth, type Grain } from './calendar.js';
import { MINUTE_MS } from './minutes.js';

/** A live data file of ours, as its commit describes it. */
export interface PlannedFile {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  /** No row is earlier or later; milliseconds since 1970, the last one rounded up. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** When it became part of the table. */
  readonly addedMs: number;
  /** Compaction made it. */
  readonly isMerged: boolean;
}

export interface PlanLimits {
  /** A file has no more rows, and about so many bytes at most. One with half as much is full. */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** Files below it are put together beyond their day. */
  readonly smallBytes: number;
  /** So many files of a day in progress are left as they are, and files from these bytes on always. */
  readonly openFilesMax: number;
  readonly openBytesMin: number;
  /** A window counts as past so long after its end. */
  readonly settleMs: number;
  /** A file that several days share waits so long, for others to be divided with it. */
  readonly wideMs: number;
  /** What came late waits so long, until it is worth reading what it overlaps. */
  readonly lateMs: number;
  /** A job reads no more than makes so many full files. */
  readonly jobFilesMax: number;
}

/** Files whose rows are to be written anew, and put into others in their place. */
export interface Job {
  readonly files: readonly PlannedFile[];
  /** Where files begin that would be of the job if it were not long enough; rows from then on begin a file of their own. Null: nowhere. */
  readonly untilMs: number | null;
  /** All rows become one file: as large as one may be, and of one window. Else they are cut by their times. */
  readonly isOneFile: boolean;
  /** Live files that are not of the job and overlap one of it: between their times no versions of a point may be combined. */
  readonly beside: readonly PlannedFile[];
}

/** What came late is worth its reading when it is that part of what it overlaps. */
const LATE_SHARE = 1 / 4;
/** Days of a month in progress are put together when they are that part of small, and so many. */
const TINY_SHARE = 1 / 16;
const TINY_MIN = 8;

/** Below how many bytes files of different days are put together that are of one window: 0 while that is in progress, but for tiny ones of a month. */
export function togetherBytesMax({ endMs, grain }: { readonly endMs: number; readonly grain: Grain }, nowMs: number, { settleMs, smallBytes }: PlanLimits): number {
  if (endMs + settleMs <= nowMs) return smallBytes;
  return grain === 'month' ? smallBytes * TINY_SHARE : 0;
}

/** Files that follow one another in time and overlap. */
interface Cluster {
  readonly files: PlannedFile[];
  readonly firstMs: number;
  lastMs: number;
  bytes: number;
}

/** The job that is due and comes first, or null. @param files of one table, each of whose times are known */
export function nextJob(files: readonly PlannedFile[], nowMs: number, limits: PlanLimits): Job | null {
  return new Plan(files, nowMs, limits).next();
}

class Plan {
  readonly #byTime: readonly PlannedFile[];
  readonly #nowMs: number;
  readonly #limits: PlanLimits;

  constructor(files: readonly PlannedFile[], nowMs: number, limits: PlanLimits) {
    this.#byTime = files.toSorted((a, b) => a.firstMs - b.firstMs || a.lastMs - b.lastMs || (a.path < b.path ? -1 : 1));
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  next(): Job | null {
    const open: PlannedFile[] = [], wide: PlannedFile[] = [], past: PlannedFile[] = [];
    const final = this.#final();
    for (const file of this.#byTime) {
      if (final.has(file)) continue;
      const window = windowOfBoth(file.firstMs, lastOf(file));
      if (window?.grain !== 'day' && !file.isMerged) wide.push(file);
      else if (window?.grain === 'day' && !this.#isPast(window.endMs)) open.push(file);
      else past.push(file);
    }
    return this.#ofWide(wide) ?? this.#ofPast(past) ?? this.#ofOpen(open);
  }

  /**
   * Full files of one minute that are too many rows together with what compaction left beside them: nothing divides the rows
   * of a minute, and another job would make the same of them again.
   */
  #final(): Set<PlannedFile> {
    const final = new Set<PlannedFile>();
    const note = (file: PlannedFile): void => void (this.#isFull(file) && minuteOf(file.firstMs) === minuteOf(lastOf(file)) && final.add(file));
    let beside: PlannedFile[] = [];
    for (const file of this.#byTime.filter(({ isMerged }) => isMerged)) {
      beside = beside.filter((each) => lastOf(each) >= file.firstMs);
      for (const each of beside.filter(({ bytes, rows }) => rows + file.rows > this.#limits.rowsMax || bytes + file.bytes > this.#limits.bytesMax)) {
        note(each);
        note(file);
      }
      beside.push(file);
    }
    return final;
  }

  #isPast(endMs: number): boolean {
    return endMs + this.#limits.settleMs <= this.#nowMs;
  }

  /** Files that several days share are divided. */
  #ofWide(wide: readonly PlannedFile[]): Job | null {
    const { openFilesMax, wideMs } = this.#limits;
    const isDue = wide.length >= openFilesMax || wide.some(({ addedMs }) => addedMs + wideMs <= this.#nowMs);
    return isDue ? this.#job(wide) : null;
  }

  /** Small files of a day in progress, when there are many. */
  #ofOpen(open: readonly PlannedFile[]): Job | null {
    const { openBytesMin, openFilesMax } = this.#limits;
    for (let from = 0; from < open.length;) {
      const { endMs } = windowAt(open[from]!.firstMs, 'day');
      let end = from;
      while (end < open.length && open[end]!.firstMs < endMs) end += 1;
      const small = open.slice(from, end).filter((file) => file.bytes < openBytesMin && !this.#isFull(file));
      if (small.length >= openFilesMax) return this.#job(small);
      from = end;
    }
    return null;
  }

  /** Past windows: files that overlap become one, and small ones that are neighbours. */
  #ofPast(past: readonly PlannedFile[]): Job | null {
    let run: Cluster[] = [];
    for (const cluster of clustersOf(past)) {
      if (run.length > 0 && !this.#goesWith(run, cluster)) {
        const job = this.#ofRun(run);
        if (job !== null) return job;
        run = [];
      }
      run.push(cluster);
    }
    return this.#ofRun(run);
  }

  /** Whether a cluster goes into one file with the run of those before it. */
  #goesWith(run: readonly Cluster[], cluster: Cluster): boolean {
    if (run.reduce((sum, { bytes }) => sum + bytes, cluster.bytes) > this.#limits.bytesMax || rowsOf([...run, cluster]) > this.#limits.rowsMax) return false;
    const window = windowOfBoth(run[0]!.firstMs, cluster.lastMs);
    if (window === null || [run.at(-1)!, cluster].some(({ files }) => files.length === 1 && this.#isFull(files[0]!))) return false;
    if (window.grain === 'day') return true;
    const bytesMax = togetherBytesMax(window, this.#nowMs, this.#limits);
    return [...run, cluster].every(({ bytes }) => bytes < bytesMax);
  }

  #isFull({ bytes, rows }: PlannedFile): boolean {
    return bytes >= this.#limits.bytesMax / 2 || rows >= this.#limits.rowsMax / 2;
  }

  #ofRun(run: readonly Cluster[]): Job | null {
    const files = run.flatMap((cluster) => cluster.files);
    if (files.length < 2) return null;
    const standing = this.#standing(files);
    const late = files.filter((file) => !standing.has(file));
    if (this.#isWorth(standing, late)) {
      const window = windowOfBoth(files[0]!.firstMs, run.at(-1)!.lastMs);
      const isWaiting = run.length > 1 && run.length < TINY_MIN && window !== null && !this.#isPast(window.endMs);
      return isWaiting ? null : this.#job(files, run.length > 1);
    }
    return this.#ofLate(late);
  }

  /** Many files that came late wait as one: those of flushes, and those of one day that were put together so. */
  #ofLate(late: readonly PlannedFile[]): Job | null {
    const byDay = new Map<number, PlannedFile[]>([[-Infinity, late.filter(({ isMerged }) => !isMerged)]]);
    for (const file of late.filter((each) => each.isMerged && !this.#isFull(each))) {
      const window = windowOfBoth(file.firstMs, lastOf(file));
      if (window?.grain === 'day') byDay.set(window.fromMs, [...(byDay.get(window.fromMs) ?? []), file]);
    }
    const many = [...byDay.values()].find(({ length }) => length >= this.#limits.openFilesMax);
    return many === undefined ? null : this.#job(many);
  }

  /** The files that others came late for: those that are full by now, else the largest. */
  #standing(files: readonly PlannedFile[]): Set<PlannedFile> {
    const full = files.filter((file) => file.isMerged && this.#isFull(file));
    return new Set(full.length > 0 ? full : [files.reduce((a, b) => (b.bytes > a.bytes ? b : a))]);
  }

  /** Whether what came late is much, or has waited long enough, to have what it overlaps read and written again. */
  #isWorth(standing: Iterable<PlannedFile>, late: readonly PlannedFile[]): boolean {
    return bytesOf(late) >= bytesOf([...standing]) * LATE_SHARE || late.some(({ addedMs }) => addedMs + this.#limits.lateMs <= this.#nowMs);
  }

  /** As many of the files, which come in the order of time, as a job may read. @param areOne whether all of them fit into one file, and go together */
  #job(files: readonly PlannedFile[], areOne = false): Job {
    const { bytesMax, jobFilesMax, rowsMax } = this.#limits;
    let bytes = 0, rows = 0, count = 0;
    for (const file of files) {
      bytes += file.bytes;
      rows += file.rows;
      if (count > 1 && (bytes > bytesMax * jobFilesMax || rows > rowsMax * jobFilesMax)) break;
      count += 1;
    }
    const taken = files.slice(0, count);
    const next = files[count]?.firstMs ?? Infinity;
    const isOf = new Set(taken);
    const beside = this.#byTime.filter((file) => !isOf.has(file) && taken.some((each) => each.firstMs <= file.lastMs && file.firstMs <= each.lastMs));
    return { files: taken, untilMs: taken.some((file) => lastOf(file) >= next) ? next : null, isOneFile: areOne && count === files.length, beside };
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

/** The last time of a file, which was rounded up: a row of the last microseconds of a day is not of the next. */
function lastOf({ firstMs, lastMs }: PlannedFile): number {
  return Math.max(firstMs, lastMs - 1);
}

function bytesOf(files: readonly PlannedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function rowsOf(clusters: readonly Cluster[]): number {
  return clusters.reduce((sum, { files }) => sum + files.reduce((rows, file) => rows + file.rows, 0), 0);
}

/** @param byTime files by their first time */
function clustersOf(byTime: readonly PlannedFile[]): Cluster[] {
  const clusters: Cluster[] = [];
  for (const file of byTime) {
    const last = clusters.at(-1);
    if (last === undefined || file.firstMs > last.lastMs) {
      clusters.push({ files: [file], firstMs: file.firstMs, lastMs: lastOf(file), bytes: file.bytes });
    } else {
      last.files.push(file);
      last.lastMs = Math.max(last.lastMs, lastOf(file));
      last.bytes += file.bytes;
    }
  }
  return clusters;
}
