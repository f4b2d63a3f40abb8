/** What of the maintenance fails, of which table and since when: /health and `sluice status` show it, while reads and writes go on. */
import type { Clock } from './clock.js';
import { RecentMap } from './recent-map.js';

/** Troubles that are known at once; sentences that are shown. */
const TROUBLES_MAX = 10_000;
const SENTENCES_MAX = 20;

/** What is done behind the writes. The label of a metric, and a word in a sentence. */
type MaintenanceWork = 'compaction' | 'checkpoint' | 'retention' | 'deletion' | 'housekeeping';

/** What it is done to. */
interface Subject {
  /** The table, if it is one. */
  readonly tableId: number | null;
  /** As in a sentence: `table db/cpu`. */
  readonly name: string;
}

interface Trouble {
  readonly work: MaintenanceWork;
  readonly subject: Subject;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

export class MaintenanceTroubles {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #troubles = new RecentMap<string, Trouble>({ max: TROUBLES_MAX });

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** A try failed. @returns whether that is news: the log is to say it */
  note(work: MaintenanceWork, subject: Subject, reason: string): boolean {
    const key = keyOf(work, subject);
    const before = this.#troubles.get(key);
    this.#troubles.set(key, { work, subject, reason, sinceMs: before?.sinceMs ?? this.#clock.nowMs() });
    return before?.reason !== reason;
  }

  /** A try went well. */
  clear(work: MaintenanceWork, subject: Subject): void {
    this.#troubles.delete(keyOf(work, subject));
  }

  /** Tables that were dropped. */
  forget(tableIds: readonly number[]): void {
    const gone = new Set<number | null>(tableIds);
    for (const [key, { subject }] of this.#troubles) if (gone.has(subject.tableId)) this.#troubles.delete(key);
  }

  /** How many troubles there are of each kind of work. */
  get counts(): Readonly<Record<MaintenanceWork, number>> {
    const counts = { compaction: 0, checkpoint: 0, retention: 0, deletion: 0, housekeeping: 0 };
    for (const { work } of this.#troubles.values()) counts[work] += 1;
    return counts;
  }

  /** A sentence on each, those first that last longest, and one that says how many are left out. */
  sentences(): string[] {
    const all = [...this.#troubles.values()].toSorted((a, b) => a.sinceMs - b.sinceMs);
    const shown = all.slice(0, SENTENCES_MAX).map(({ reason, sinceMs, subject, work }) => (
      `${work} of ${subject.name} fails since ${new Date(sinceMs).toISOString()}, and is tried again: ${reason}`));
    return all.length <= SENTENCES_MAX ? shown : [...shown, `${all.length - SENTENCES_MAX} more troubles of maintenance stand in the log of the server alone`];
  }
}

function keyOf(work: MaintenanceWork, { name, tableId }: Subject): string {
  return `${work} ${tableId ?? name}`;
}

/** A table as what maintenance is done to. */
export function tableSubject({ id, folder }: { readonly id: number; readonly folder: string }): Subject {
  return { tableId: id, name: `table ${folder}` };
}
