/** Everything that a checkpoint of a table says: more than a commit needs to know, and held only while one is made. */
import type { FullAction } from './checkpoint-file.js';
import type { LogWitness } from './table-log.js';

/** How long the removal of a file is remembered where the table does not say. */
const REMOVES_KEPT_MS = 7 * 24 * 3_600_000;
const UNIT_MS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 24 * 3_600_000, week: 7 * 24 * 3_600_000 };

/** An interval as table properties have it, or `otherwise` where it says none that is known here. */
export function intervalMs(text: unknown, otherwise: number): number {
  const [, count, unit] = /^(?:interval\s+)?(\d{1,9})\s+(second|minute|hour|day|week)s?$/i.exec(String(text).trim()) ?? [];
  return count === undefined ? otherwise : Number(count) * UNIT_MS[unit!.toLowerCase()]!;
}

type Part = FullAction[string];

export class FullState implements LogWitness {
  readonly upTo: number;
  #protocol: Part | null = null;
  #metaData: Part | null = null;
  readonly #txns = new Map<string, Part>();
  /** By path, decoded. */
  readonly #adds = new Map<string, Part>();
  readonly #removes = new Map<string, Part>();

  /** @param upTo the version of which a checkpoint is to be */
  constructor(upTo: number) {
    this.upTo = upTo;
  }

  /** Forgets all: a log is read from its beginning, or from another checkpoint. */
  clear(): void {
    this.#protocol = this.#metaData = null;
    for (const map of [this.#txns, this.#adds, this.#removes]) map.clear();
  }

  /** Takes a commit, or one row of a checkpoint. @param text lines of JSON */
  take(text: string): void {
    const actions = text.split('\n').filter((line) => line.trim() !== '').map(exactly);
    // Removals first: a file that is removed and added at once is there.
    for (const { remove } of actions) if (remove) this.#remove(remove);
    for (const { add, metaData, protocol, txn } of actions) {
      if (add) this.#add(add);
      if (txn) this.#txns.set(String(txn['appId']), txn);
      this.#metaData = metaData ?? this.#metaData;
      this.#protocol = protocol ?? this.#protocol;
    }
  }

  #remove(remove: Part): void {
    const path = decodeURIComponent(String(remove['path']));
    this.#adds.delete(path);
    this.#removes.set(path, remove);
  }

  #add(add: Part): void {
    const path = decodeURIComponent(String(add['path']));
    this.#removes.delete(path);
    this.#adds.set(path, add);
  }

  /** What the table sets for those who use it. */
  get configuration(): Readonly<Record<string, unknown>> {
    return (this.#metaData?.['configuration'] ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** Live files. */
  get fileCount(): number {
    return this.#adds.size;
  }

  /**
   * The rows of a checkpoint: removals only as long as someone may ask for them.
   * @param nowMs milliseconds since 1970
   * @throws Error when the log says nothing of the table
   */
  actions(nowMs: number): FullAction[] {
    if (this.#protocol === null || this.#metaData === null) throw new Error('it says nothing of the table');
    const keptMs = intervalMs(this.configuration['delta.deletedFileRetentionDuration'], REMOVES_KEPT_MS);
    const removes = [...this.#removes.values()].filter(({ deletionTimestamp }) => Number(deletionTimestamp ?? 0) > nowMs - keptMs);
    return [
      { protocol: this.#protocol },
      { metaData: this.#metaData },
      ...[...this.#txns.values()].map((txn) => ({ txn })),
      ...[...this.#adds.values()].map((add) => ({ add: { ...add, dataChange: false } })),
      ...removes.map((remove) => ({ remove: { ...remove, dataChange: false } })),
    ];
  }
}

/** An action out of its JSON. The version of a transaction of others may be any whole number of 64 bits. */
function exactly(line: string): FullAction {
  const action = JSON.parse(line) as FullAction;
  const { txn } = action;
  if (!txn || typeof txn['version'] !== 'number' || Number.isSafeInteger(txn['version'])) return action;
  const [, digits] = /"version"\s*:\s*(-?\d+)\s*[,}]/.exec(line) ?? [];
  if (digits === undefined) throw new Error(`${line.slice(0, 80)} has no whole number as its version`);
  return { ...action, txn: { ...txn, version: digits } };
}
