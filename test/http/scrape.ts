/** The text of /metrics, read. */
import assert from 'node:assert/strict';

export class Scrape {
  readonly #values = new Map<string, number>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const space = line.lastIndexOf(' ');
      this.#values.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
  }

  /** A value; 0 when there is none yet. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const list = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(',');
    return this.#values.get(list === '' ? name : `${name}{${list}}`) ?? 0;
  }

  /** Values by labels. */
  of(name: string): Record<string, number> {
    const own = [...this.#values].filter(([key]) => key.startsWith(`${name}{`));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1, -1), value]));
  }

  #sum(name: string): number {
    return Object.values(this.of(name)).reduce((sum, value) => sum + value, this.value(name));
  }

  /** C9, in requests, wire bytes and lines. */
  reconciles(): void {
    for (const what of ['requests', 'wire_bytes']) {
      const [received, ...ends] = ['received_total', 'answered_total', 'shed_total', 'aborted_total', 'in_flight'].map((end) => this.#sum(`sluice_${what}_${end}`));
      assert.equal(received, ends.reduce((sum, value) => sum + value, 0), what);
    }
    const [parsed, ...ends] = ['parsed', 'accepted', 'rejected', 'given_up'].map((end) => this.#sum(`sluice_lines_${end}_total`));
    assert.equal(parsed, ends.reduce((sum, value) => sum + value, 0), 'lines');
    assert.equal(this.#sum('sluice_lines_rejected_by_code_total'), this.#sum('sluice_lines_rejected_total'), 'codes');
  }
}
