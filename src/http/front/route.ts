/** A path, its methods, and the shape of its errors. */
import type { Dialect } from '../../ingest/request.js';
import type { Asker } from './answer.js';
import type { Origins } from './cors.js';
import type { Reply } from './reply.js';

/** Answers a request, now or later. @throws SluiceError */
export type Serve = (reply: Reply, asker: Asker) => void;

export interface Route {
  readonly dialect: Dialect;
  readonly methods: ReadonlyMap<string, Serve>;
  readonly origins: Origins;
}

/** A route; HEAD goes where GET goes. @param origins pages of which may use it: `any` for reads and writes of data alone */
export function makeRoute(dialect: Dialect, methods: Readonly<Record<string, Serve>>, origins: Origins = 'own'): Route {
  const all = new Map(Object.entries(methods));
  if (methods['GET'] !== undefined) all.set('HEAD', methods['GET']);
  return { dialect, methods: all, origins };
}
