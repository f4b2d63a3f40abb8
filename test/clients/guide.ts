/** The snippets of InfluxDB's write compatibility guide, with what they leave open filled in. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '../root.js';

const TEXT = readFileSync(join(root, 'test/data/guide-snippets.md'), 'utf8');

type Language = 'sh' | 'http' | 'js' | 'py' | 'toml';

interface Blanks {
  /** With a port where the snippet names none of its own. */
  readonly host: string;
  readonly database: string;
  readonly token: string;
}

/** Every snippet in a language, as printed. */
export function snippets(language: Language): string[] {
  return [...TEXT.matchAll(/^```(\w+)\n([^]*?)\n```$/gm)].filter(([, name]) => name === language).map(([, , snippet]) => snippet!);
}

/** The endpoints that the guide shows apart from its snippets: path and query. */
export function endpoints(): string[] {
  return [...TEXT.matchAll(/api-endpoint endpoint="([^"]+)" method="post"/g)].map(([, endpoint]) => endpoint!);
}

/** A snippet ready to run. */
export function fill(snippet: string, { host, database, token }: Blanks): string {
  return snippet
    .replaceAll('{{< influxdb/host >}}', host)
    .replaceAll('{{% product-name %}}', 'sluice')
    .replace(/<base64-encoded \[USERNAME\]:DATABASE_TOKEN>/, Buffer.from(`any:${token}`).toString('base64'))
    .replaceAll('DATABASE_NAME', database)
    .replaceAll('DATABASE_TOKEN', token);
}

/** What the snippets write to a database, read back, and what it must be. */
export const homeQuery = (database: string): string => `SELECT room, temp, typeof(temp), epoch(time)::BIGINT FROM ${database}.home`;
export const HOME = 'kitchen,72,DOUBLE,1641024000';

/**
 * Whether a server can listen where a snippet goes that lets no port be filled in.
 * @returns null, or why not
 * @throws Error with that reason when CI=true
 */
export async function portProblem(port: number): Promise<string | null> {
  const trial = createServer();
  try {
    trial.listen(port, '127.0.0.1');
    await once(trial, 'listening');
    trial.close();
    await once(trial, 'close');
    return null;
  } catch (error) {
    const sentence = `the guide's snippet goes to port ${port}, and this machine does not give it to us: ${(error as Error).message}`;
    if (process.env['CI'] === 'true') throw new Error(sentence, { cause: error });
    return sentence;
  }
}
