/** Every metric there is: as a running server shows them, and as the source names them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { post } from '../e2e/client.js';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { root } from '../root.js';

interface ShownMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The metrics of a server to which everything was done that gives those with labels a value; by name. */
export async function metricsOfServer(): Promise<ShownMetric[]> {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, []);
    // Turned away, and lost by a Telegraf: no token. Stored, and in conflict: two types.
    await post(server.url, '/write?db=d', Buffer.from('m v=1'), { headers: { 'User-Agent': 'Telegraf/1.39' } });
    await post(server.url, '/write?db=d', Buffer.from('m v=1\nm v=1i'), { headers: { Authorization: `Token ${server.token}` } });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    await server.stop();
    return [...text.matchAll(/^# TYPE (\w+) (\w+)\n(.*)/gm)]
      .map(([, name, type, sample]) => ({ name: name!, type: type!, labels: labelsOf(sample!) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    removeDataDir(dataDir);
  }
}

function labelsOf(sample: string): string[] {
  return [...sample.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label!);
}

/** The names of all metrics that the source makes, in order. */
export function metricsInSource(): string[] {
  const folder = join(root, 'src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const made = /(?:single|labelled)\('\w+', '(sluice_\w+)'|\bname: '(sluice_\w+)', help:/g;
  return sources.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(made)].map(([, first, second]) => (first ?? second)!)).sort();
}
