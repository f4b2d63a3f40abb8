/** What the front end tells of itself: its counts, the clients that lose points, conflicts of types; and /metrics, which shows it all. */
import type { Networks } from '../../addresses.js';
import type { Clock } from '../../clock.js';
import { METRICS_TYPE, metricsText, type Metric } from '../../metrics.js';
import { failure } from '../front/answer.js';
import { demandAdmin, type Caller } from '../auth/auth.js';
import { ClientLosses } from './client-losses.js';
import { Conflicts } from './conflicts.js';
import type { Handler } from '../listener/listener.js';
import { metered, type EndpointOf } from './metered.js';
import { jsonAnswer, type Endpoint } from '../api/endpoint.js';
import { RequestCounts } from './request-counts.js';
import { makeRoute, type Route, type Serve } from '../front/route.js';

interface WatchParts {
  readonly clock: Clock;
  readonly trustedProxies: Networks;
  readonly log: { warn(message: string): void; error(message: string): void };
  /** What the rest of the server counts. */
  readonly metrics: () => readonly Metric[];
  /** Text of the metrics of the process. */
  readonly processText: () => Promise<string>;
  /** Told of each request; none unless given. */
  readonly sayRequest?: (sentence: string) => void;
}

export class Observability {
  readonly conflicts: Conflicts;
  readonly #parts: WatchParts;
  readonly #requests = new RequestCounts();
  readonly #losses: ClientLosses;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.conflicts = new Conflicts(parts.clock, parts.trustedProxies);
    this.#losses = new ClientLosses(parts);
  }

  /** The handler, with every request counted. */
  over(handler: Handler, endpointOf: EndpointOf): Handler {
    const { clock, sayRequest: say } = this.#parts;
    return metered(handler, { counts: this.#requests, losses: this.#losses, endpointOf, log: say === undefined ? null : { say, clock } });
  }

  /** What became of requests, for whoever asks by another way. */
  requestMetrics(): Metric[] {
    return this.#requests.metrics();
  }

  /** /metrics. @param admit throws a SluiceError for who may not see it */
  metricsRoute(admit: (caller: Caller) => void): [path: string, route: Route] {
    const serve: Serve = (reply, asker) => {
      admit(reply.exchange);
      this.#text().then(
        (body) => reply.answer({ status: 200, headers: [['Content-Type', METRICS_TYPE]], body }),
        (error: Error) => {
          this.#parts.log.error(`GET /metrics failed: ${error.stack}`);
          reply.answer(failure('internal', 'the server logged it', asker));
        },
      );
    };
    return ['/metrics', makeRoute('v2', { GET: serve })];
  }

  /** /debug/conflicts, for admins. */
  readonly conflictsEndpoint: Endpoint = ({ principal }) => {
    demandAdmin(principal);
    return jsonAnswer(200, { conflicts: this.conflicts.list() });
  };

  /** All values of ours are of one moment: what reconciles does so at every scrape. */
  async #text(): Promise<string> {
    const { metrics, processText } = this.#parts;
    const ours = metricsText([...this.#requests.metrics(), ...this.#losses.metrics(), ...this.conflicts.metrics(), ...metrics()]);
    return `${await ours}\n${await processText()}`;
  }
}
