/** Requests as old senders, slow uplinks and proxies put them on the wire, from public bug reports: on node:http each is answered rightly. */
import assert from 'node:assert/strict';
import { onNode } from './harness.js';
import type { RawClient } from './raw-client.js';

/** An Icinga line. */
const LINE = 'disk-windows,hostname=h,service=disk,metric=C value=3.5 1764509400';

function write(version: '1.0' | '1.1', ...headers: readonly string[]): string {
  return [`POST /write?db=raw&precision=s HTTP/${version}`, 'Host: 127.0.0.1', ...headers, `Content-Length: ${LINE.length}`, '', LINE].join('\r\n');
}

/** Sends a text in two parts, the second when the server had its turn with the first. */
async function sendCut(client: RawClient, text: string, at: number): Promise<void> {
  await client.send(text.slice(0, at));
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  await client.send(text.slice(at));
}

onNode('HTTP/1.0 is taken, and the connection then closes', {}, async ({ connect, writer }) => {
  const client = await connect();
  await client.send(write('1.0', 'User-Agent: Icinga/v2.14'));
  assert.equal((await client.answer()).status, 204);
  await client.closed;
  assert.deepEqual(writer.writes.map(({ bytes }) => bytes.toString()), [LINE]);
});

onNode('a request may be cut anywhere between two segments', {}, async ({ connect, writer }) => {
  const client = await connect();
  const request = write('1.1', 'User-Agent: sketch/1.0');
  for (let at = 1; at < request.length; at += 1) {
    await sendCut(client, request, at);
    assert.equal((await client.answer()).status, 204, `cut at ${at}`);
  }
  assert.equal(writer.writes.length, request.length - 1);
  assert.ok(writer.writes.every(({ bytes }) => bytes.toString() === LINE));
});

onNode('a GET that is longer than a segment is read', {}, async ({ connect }) => {
  const client = await connect();
  const request = `GET /query?q=SHOW+DATABASES${'+'.repeat(2000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  for (const at of [1448, 1460, request.length - 3]) {
    await sendCut(client, request, at);
    assert.equal((await client.answer()).status, 200, `cut at ${at}`);
  }
});

onNode('names of headers may hold what RFC 9110 lets them', {}, async ({ connect }) => {
  const client = await connect();
  for (const header of ['X_Under: a', 'X.Dot: a', "X!#$%&'*+-.^_`|~9: a"]) {
    await client.send(write('1.1', header));
    assert.equal((await client.answer()).status, 204, header);
  }
});

onNode('requests in one segment are answered each, in their order', {}, async ({ connect, writer }) => {
  const client = await connect();
  const query = 'GET /query?q=SHOW+DATABASES HTTP/1.1\r\nHost: a\r\n\r\n';
  await client.send(write('1.1') + query + write('1.1') + write('1.1', 'Connection: close'));
  const statuses: number[] = [];
  for (let i = 0; i < 4; i += 1) statuses.push((await client.answer()).status);
  assert.deepEqual(statuses, [204, 200, 204, 204]);
  assert.equal(writer.writes.length, 3);
  await client.closed;
});
