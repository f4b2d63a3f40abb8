/** /metrics of the real program reconciles at every scrape (C9), under a load of every kind, and counts what was stored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, chunks, postChunked } from '../http/raw-client.js';
import { Scrape } from '../http/scrape.js';
import { post, writePath } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const ROUNDS = 40;
const HELD_BYTES = 200 * 1024;

async function scrape({ url }: TestServer): Promise<Scrape> {
  const seen = new Scrape(await (await fetch(`${url}/metrics`)).text());
  seen.reconciles();
  return seen;
}

/** A body of which only a part comes: its memory stays taken. */
async function hold(server: TestServer): Promise<RawClient> {
  const client = await RawClient.connect(Number(new URL(server.url).port));
  await client.send(postChunked('/write?db=held'));
  await client.send(chunks(Buffer.alloc(HELD_BYTES, 'x'), HELD_BYTES));
  return client;
}

const overloaded = (seen: Scrape): number => seen.value('sluice_requests_shed_total', { reason: 'overloaded' });

/** Those that are no scrapes. */
function endedRequests(seen: Scrape): number {
  const scrapes = seen.value('sluice_requests_answered_total', { endpoint: '/metrics', status: '200' });
  return seen.value('sluice_requests_received_total') - seen.value('sluice_requests_in_flight') - scrapes;
}

for (const kind of ['uws', 'node'] as const) {
  test(`--http ${kind}: requests, bytes and lines reconcile under a mixed load`, { timeout: 240_000 }, async () => {
    const dataDir = makeDataDir();
    try {
      const server = await TestServer.start(dataDir, ['--without-auth', '--http', kind, '--workers', '1', '--queue-bytes-max', '1MiB', '--body-bytes-max', '256KiB']);
      const statuses = new Map<number, number>();
      const send = async (path: string, body: string | Buffer, gzip = false): Promise<void> => {
        const { status } = await post(server.url, path, Buffer.from(body), { gzip });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      };
      const v3 = writePath('/api/v3/write_lp', 'a', 'ns');
      const loads: readonly ((round: number) => Promise<void>)[] = [
        (round) => send(v3, `m v=${round}i ${round}\nm v=1i ${round + 1000}`),
        (round) => send(v3, `m v=${round}i ${round + 2000}\nbad\nm v=0.5 1`, true),
        (round) => send(`${v3}&accept_partial=false`, `m v=${round}i ${round + 3000}\nbad`),
        () => send(writePath('/write', 'a'), Buffer.alloc(256 * 1024 + 1, 'x')),
        () => send(v3, Buffer.from([0x1f])),
        () => send('/nothing', 'x'),
        () => send(writePath('/api/v2/write', 'not allowed'), 'm v=1'),
        async () => {
          const client = await hold(server);
          client.destroy();
        },
      ];
      const run = async (load: (round: number) => Promise<void>): Promise<void> => {
        for (let round = 0; round < ROUNDS; round += 1) await load(round);
      };
      let isDone = false;
      const work = Promise.all(loads.map(run)).finally(() => {
        isDone = true;
      });
      let scrapes = 0;
      for (; !isDone; scrapes += 1) await scrape(server);
      await work;
      assert.ok(scrapes >= 3, `${scrapes} scrapes`);

      // Bodies that do not end, together more than there is memory: some are shed.
      const shedBefore = overloaded(await scrape(server));
      const held = await Promise.all(Array.from({ length: 8 }, () => hold(server)));
      while (overloaded(await scrape(server)) === shedBefore);
      for (const client of held) client.destroy();
      const sent = ROUNDS + held.length + [...statuses.values()].reduce((sum, count) => sum + count, 0);
      let end = await scrape(server);
      while (endedRequests(end) < sent) end = await scrape(server);

      assert.equal(endedRequests(end), sent);
      assert.equal(end.value('sluice_requests_in_flight'), 1, 'the scrape itself');
      assert.equal(end.value('sluice_requests_answered_total', { endpoint: '/api/v3/write_lp', status: '204' }), statuses.get(204));
      assert.equal(end.value('sluice_requests_shed_total', { reason: 'body-too-large' }), statuses.get(413));
      assert.ok(end.value('sluice_requests_aborted_total') >= 1);
      assert.equal(end.value('sluice_body_memory_free_bytes'), end.value('sluice_body_memory_bytes'));
      assert.equal(end.value('sluice_points_total', { database: 'a' }), end.value('sluice_lines_accepted_total'));
      assert.equal(end.value('sluice_lines_rejected_by_code_total', { code: 'type-conflict' }), ROUNDS);
      assert.equal(end.value('sluice_unflushed_rows'), end.value('sluice_lines_accepted_total'));
      assert.ok(end.value('sluice_log_syncs_total') > 0 && end.value('sluice_log_bytes') > 0);
      assert.equal(end.value('sluice_replaying'), 0);

      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
      const flushed = await scrape(server);
      assert.deepEqual(['flushes', 'flush_files', 'commits', 'flush_failures'].map((what) => flushed.value(`sluice_${what}_total`)), [1, 1, 1, 0]);
      assert.equal(flushed.value('sluice_unflushed_rows'), 0);
      assert.equal(await server.stop(), 0);
    } finally {
      removeDataDir(dataDir);
    }
  });
}
