/** What became of requests and of the bytes of their bodies. At every moment: received = answered + shed + aborted + in flight. */
import { ERRORS, type ErrorCode } from '../../errors.js';
import { labelled, single, type Metric, type Sample } from '../../metrics.js';

/** How a request ended. */
interface Tally {
  requests: number;
  bytes: number;
}

/** Statuses of requests that were turned away before, or instead of, being worked on. */
const SHED_STATUSES: ReadonlySet<number> = new Set([401, 413, 429, 503]);

/** Whether a refusal turns a request away unworked. */
function isShed(code: ErrorCode | undefined): code is ErrorCode {
  return code !== undefined && SHED_STATUSES.has(ERRORS[code].status);
}

export class RequestCounts {
  readonly #received: Tally = { requests: 0, bytes: 0 };
  readonly #inFlight: Tally = { requests: 0, bytes: 0 };
  readonly #aborted: Tally = { requests: 0, bytes: 0 };
  /** By endpoint and status. */
  readonly #answered = new Map<string, Map<number, Tally>>();
  /** By reason. */
  readonly #shed = new Map<ErrorCode, Tally>();

  /** A request has come. */
  begin(): void {
    this.#received.requests += 1;
    this.#inFlight.requests += 1;
  }

  /** Bytes of the body of a request in flight have come. */
  take(bytes: number): void {
    this.#received.bytes += bytes;
    this.#inFlight.bytes += bytes;
  }

  /** A request was answered. @param refusal why it was refused as a whole, if it was @param bytes all that came of its body */
  answered(endpoint: string, status: number, refusal: ErrorCode | undefined, bytes: number): void {
    this.#end(isShed(refusal) ? tallyOf(this.#shed, refusal) : tallyOf(mapOf(this.#answered, endpoint), status), bytes);
  }

  /** Its client went away. */
  aborted(bytes: number): void {
    this.#end(this.#aborted, bytes);
  }

  #end(tally: Tally, bytes: number): void {
    tally.requests += 1;
    tally.bytes += bytes;
    this.#inFlight.requests -= 1;
    this.#inFlight.bytes -= bytes;
  }

  metrics(): Metric[] {
    const answered = [...this.#answered].flatMap(([endpoint, byStatus]) =>
      [...byStatus].map(([status, tally]) => ({ labels: { endpoint, status: String(status) }, tally })));
    const shed = [...this.#shed].map(([reason, tally]) => ({ reason, tally }));
    const sum = (of: keyof Tally): readonly Sample[] => answered.map(({ labels, tally }) => ({ labels, value: tally[of] }));
    return [
      single('counter', 'sluice_requests_received_total', 'Requests that came', this.#received.requests),
      single('counter', 'sluice_wire_bytes_received_total', 'Bytes of bodies as received, up to the answer', this.#received.bytes),
      { type: 'counter', name: 'sluice_requests_answered_total', help: 'Requests answered, those shed apart', samples: sum('requests') },
      { type: 'counter', name: 'sluice_wire_bytes_answered_total', help: 'Bytes of the bodies of requests answered', samples: sum('bytes') },
      labelled('counter', 'sluice_requests_shed_total', 'Requests turned away: overload, a failing disk, limits, no credentials', 'reason', shed.map(({ reason, tally }) => [reason, tally.requests])),
      labelled('counter', 'sluice_wire_bytes_shed_total', 'Bytes of the bodies of requests turned away', 'reason', shed.map(({ reason, tally }) => [reason, tally.bytes])),
      single('counter', 'sluice_requests_aborted_total', 'Requests whose client went away before the answer', this.#aborted.requests),
      single('counter', 'sluice_wire_bytes_aborted_total', 'Bytes of their bodies', this.#aborted.bytes),
      single('gauge', 'sluice_requests_in_flight', 'Requests not yet answered', this.#inFlight.requests),
      single('gauge', 'sluice_wire_bytes_in_flight', 'Bytes of their bodies so far', this.#inFlight.bytes),
    ];
  }
}

function mapOf<K, V>(of: Map<string, Map<K, V>>, key: string): Map<K, V> {
  const known = of.get(key) ?? new Map<K, V>();
  of.set(key, known);
  return known;
}

function tallyOf<K>(of: Map<K, Tally>, key: K): Tally {
  const known = of.get(key) ?? { requests: 0, bytes: 0 };
  of.set(key, known);
  return known;
}
