/** Runs raw requests against a listener, and says in a few words what came back. */
import { wait } from '../../src/clock.js';
import type { Harness } from './harness.js';
import type { RawCase } from './raw-cases.js';
import type { RawClient } from './raw-client.js';

/** Longer than any listener lets a connection be silent. */
const SILENCE_MS_MAX = 14_000;
const LAST = 'GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

async function sendParts(client: RawClient, { parts, waitMs }: RawCase): Promise<void> {
  for (const part of parts) {
    await client.send(Buffer.from(part, 'latin1'));
    if (waitMs !== undefined) await wait(waitMs);
    else for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Sends one case on a connection of its own, and a plain request behind it.
 * @returns statuses of the answers in their order, `closed` where the plain request got none
 */
export async function observe({ connect }: Pick<Harness, 'connect'>, one: RawCase): Promise<string> {
  const client = await connect();
  const said: string[] = [];
  const late = setTimeout(() => client.destroy(), SILENCE_MS_MAX);
  try {
    const sent = sendParts(client, one);
    for (let n = 0; n < one.answers; n += 1) said.push(String((await client.answer({ head: one.head ?? false })).status));
    await sent;
    await client.send(LAST);
    await client.answer();
  } catch {
    said.push('closed');
  } finally {
    clearTimeout(late);
    client.destroy();
  }
  return said.length > 8 ? `${said[0]} × ${said.length}` : said.join(' ');
}
