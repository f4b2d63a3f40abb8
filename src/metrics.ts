/**
 * Metrics as text for Prometheus, made when they are asked for: what counts are plain numbers elsewhere, for one of those
 * costs a request 90 ns where a counter of prom-client with two labels costs 700. The only importer of prom-client.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** One value and the labels it is under. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its values now. */
export interface Metric {
  /** Begins with `sluice_`; of a counter it ends with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Each has the same labels. */
  readonly samples: readonly Sample[];
}

/** Content-Type of the text. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** A metric of one value without labels. */
export function single(type: Metric['type'], name: string, help: string, value: number): Metric {
  return { type, name, help, samples: [{ labels: {}, value }] };
}

/** A metric with one label. @param values label value and number, each */
export function labelled(type: Metric['type'], name: string, help: string, label: string, values: Iterable<readonly [string, number]>): Metric {
  return { type, name, help, samples: [...values].map(([of, value]) => ({ labels: { [label]: of }, value })) };
}

/** The text of all metrics, in the exposition format 0.0.4. */
export function metricsText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, type, samples } of metrics) {
    // One without values would show as a zero without labels.
    if (samples.length === 0) continue;
    const options = { name, help, labelNames: Object.keys(samples[0]!.labels), registers: [registry] };
    if (type === 'counter') {
      const counter = new Counter(options);
      for (const { labels, value } of samples) counter.inc({ ...labels }, value);
    } else {
      const gauge = new Gauge(options);
      for (const { labels, value } of samples) gauge.set({ ...labels }, value);
    }
  }
  return registry.metrics();
}

/** What the process itself takes, under the names that prom-client gives to it in every program. */
export class ProcessMetrics {
  readonly #registry = new Registry();

  /** Watches from here on. One a process: what it listens to has no end. */
  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
