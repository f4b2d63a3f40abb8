/** Lets go of log segments: publishes catalog snapshots, and removes what neither they nor a table still need. */
import type { Catalog } from '../catalog/catalog.js';
import type { SnapshotFiles } from '../catalog/snapshot.js';
import type { Log, SegmentSummary } from '../log/log.js';
import type { LogHolds } from './log-holds.js';

export class LogTrimmer {
  readonly #catalog: Catalog;
  readonly #log: Log;
  readonly #snapshots: SnapshotFiles;
  readonly #holds: LogHolds;
  /** First number of the open segment when the last snapshot was published. */
  #openFirst: number;
  #trimming: Promise<void> | null = null;

  constructor(parts: { catalog: Catalog; log: Log; snapshots: SnapshotFiles; holds: LogHolds }) {
    this.#catalog = parts.catalog;
    this.#log = parts.log;
    this.#snapshots = parts.snapshots;
    this.#holds = parts.holds;
    this.#openFirst = this.#log.segments().at(-1)?.first ?? 0;
  }

  /** Call it about once a second, and after flushes. A large catalog takes longer to write: who calls meanwhile waits for it. */
  trim(): Promise<void> {
    this.#trimming ??= this.#trim().finally(() => {
      this.#trimming = null;
    });
    return this.#trimming;
  }

  async #trim(): Promise<void> {
    const segments = this.#log.segments();
    const open = segments.at(-1);
    const waits = segments.some((segment) => segment !== open && this.#isFlushed(segment) && !this.#isInSnapshots(segment));
    if (waits || (open !== undefined && open.first !== this.#openFirst)) {
      this.#openFirst = open?.first ?? 0;
      await this.publish();
    }
    await this.#log.trim((segment) => !this.#holds.isHeld && this.#isFlushed(segment) && this.#isInSnapshots(segment));
  }

  /** Keeps all of the log from now on. @param before the hold to go on with, or null @returns its name @throws as LogHolds */
  async hold(before: string | null): Promise<string> {
    const hold = this.#holds.take(before);
    await this.#trimming?.catch(() => undefined); // who asked for it hears of a failure
    return hold;
  }

  /** @returns false when the hold had ended before */
  release(hold: string): boolean {
    return this.#holds.release(hold);
  }

  publish(): Promise<void> {
    return this.#snapshots.publish(this.#catalog.snapshot());
  }

  #isFlushed({ lastByTable }: SegmentSummary): boolean {
    for (const [tableId, last] of lastByTable) if ((this.#catalog.table(tableId)?.flushedTo ?? Infinity) < last) return false;
    return true;
  }

  /**
   * Both snapshots hold its catalog records: if one is lost, the other does. And the newest one knows that its rows are
   * in files: should a commit be lost later, that tells it, and rows that nothing durable knows of stay in the log.
   */
  #isInSnapshots({ lastByTable, lastCatalog }: SegmentSummary): boolean {
    if (lastCatalog > this.#snapshots.reach) return false;
    for (const [tableId, last] of lastByTable) {
      if (this.#catalog.table(tableId) !== undefined && this.#snapshots.flushedTo(tableId) < last) return false;
    }
    return true;
  }
}
