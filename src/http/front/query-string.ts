/** The query string of a request, decoded as HTML forms are. */

/** `+` is a space; %XX are bytes of UTF-8; a `%` without two hex digits behind it stands for itself. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

export class QueryParameters {
  /** First value of each name. */
  readonly #values = new Map<string, string>();
  readonly #repeated = new Set<string>();

  /** @param query raw, without the question mark */
  constructor(query: string) {
    for (const pair of query.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      if (this.#values.has(name)) this.#repeated.add(name);
      else this.#values.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
    }
  }

  /** The value, the first when there are several; undefined when the name is absent. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  isRepeated(name: string): boolean {
    return this.#repeated.has(name);
  }
}
