/** Answers that come slowly: longer than any silence that ends an idle connection. Takes half a minute. */
import assert from 'node:assert/strict';
import { wait, within } from '../../src/clock.js';
import { onBoth, until } from './harness.js';

/** Both listeners end a connection that is silent for ten seconds. */
const SILENCE_MS = 13_000;

onBoth('[issue 14 5] a result may be long in coming, before its beginning and within', {}, async ({ port, queries }) => {
  queries.answer = async function* () {
    await wait(SILENCE_MS);
    yield Buffer.from('[1,');
    await wait(SILENCE_MS);
    yield Buffer.from('2]\n');
  };
  const answer = await fetch(`http://127.0.0.1:${port}/api/v3/query_sql?db=metrics&q=SELECT+1`);
  assert.deepEqual([answer.status, await answer.text()], [200, '[1,2]\n']);
});

onBoth('[issue 14 5] a reader that takes nothing is let go of', {}, async ({ connect, queries }) => {
  let isOver = false;
  queries.answer = async function* () {
    try {
      for (;;) yield Buffer.alloc(64 * 1024, ' ');
    } finally {
      isOver = true;
    }
  };
  const client = await connect();
  await client.send('GET /api/v3/query_sql?db=metrics&q=SELECT+1 HTTP/1.1\r\nHost: x\r\n\r\n');
  client.socket.pause();
  await within(30_000, until(() => isOver));
});
