/** Who sent which column with another kind or type than it has: what /debug/conflicts lists. */
import { clientAddress, type Networks } from '../../addresses.js';
import type { Clock } from '../../clock.js';
import { KIND_NAMES } from '../../errors.js';
import { single, type Metric } from '../../metrics.js';
import type { LineError } from '../../model/line-error.js';
import { RecentMap } from '../../recent-map.js';
import type { Caller } from '../auth/auth.js';

/** Conflicts remembered; past it the one that was quiet for longest is forgotten. */
const CONFLICTS_MAX = 1000;
const USER_AGENT_CHARACTERS_MAX = 200;

interface Client {
  readonly address: string;
  readonly user_agent: string;
  /** ISO. */
  readonly time: string;
}

interface Conflict {
  readonly database: string;
  readonly table: string;
  readonly column: string;
  readonly type_has: string;
  readonly type_came: string;
  readonly first: Client;
  last: Client;
  /** Lines, of each body those among its first 100 rejected ones. */
  count: number;
}

export class Conflicts {
  readonly #clock: Clock;
  readonly #trustedProxies: Networks;
  #forgotten = 0;
  readonly #known = new RecentMap<string, Conflict>({ max: CONFLICTS_MAX, dispose: (_conflict, _id, why) => (this.#forgotten += why === 'evict' ? 1 : 0) });
  #lines = 0;

  constructor(clock: Clock, trustedProxies: Networks) {
    this.#clock = clock;
    this.#trustedProxies = trustedProxies;
  }

  /** Notes those of the errors of a body that are conflicts. @param caller still there: its address is asked for */
  note(database: string, errors: readonly LineError[], caller: Caller): void {
    const conflicts = errors.filter(({ kindHas, kindCame }) => kindHas !== kindCame);
    if (conflicts.length === 0) return;
    const client: Client = {
      address: clientAddress(caller.peer, caller.headerLines('x-forwarded-for'), this.#trustedProxies),
      user_agent: caller.header('user-agent').slice(0, USER_AGENT_CHARACTERS_MAX),
      time: new Date(this.#clock.nowMs()).toISOString(),
    };
    for (const error of conflicts) this.#noteOne(database, error, client);
  }

  /** Oldest sight first, in the shape that clients get. */
  list(): readonly Readonly<Conflict>[] {
    return [...this.#known.values()].reverse();
  }

  metrics(): Metric[] {
    return [
      single('counter', 'sluice_type_conflict_lines_total', 'Lines refused for a conflict of types, of each body among its first 100 rejected ones', this.#lines),
      single('counter', 'sluice_type_conflicts_forgotten_total', 'Conflicts no longer listed, for lack of room', this.#forgotten),
      {
        type: 'gauge', name: 'sluice_type_conflicts', help: 'Lines of each conflict that /debug/conflicts lists',
        samples: this.list().map(({ database, table, column, type_has, type_came, count }) => ({
          labels: { database, table, column, type_has, type_came }, value: count,
        })),
      },
    ];
  }

  #noteOne(database: string, { measurement, key, kindHas, kindCame }: LineError, client: Client): void {
    this.#lines += 1;
    const id = JSON.stringify([database, measurement, key, kindHas, kindCame]);
    const known = this.#known.get(id) ?? {
      database, table: measurement, column: key, type_has: KIND_NAMES[kindHas] ?? 'unknown', type_came: KIND_NAMES[kindCame] ?? 'unknown',
      first: client, last: client, count: 0,
    };
    known.last = client;
    known.count += 1;
    this.#known.set(id, known);
  }
}
