/**
 * kill -9 at random moments, eight clients writing, the same data folder for all rounds. After each restart: every
 * acknowledged request is there, every stored one was sent, none is half there, and the last writer of a hot key won.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seedOfRun } from '../fuzz/random.js';
import { SHAPES, write } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { Ledger, type StoredRequest } from './ledger.js';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 20);
const CLIENTS = 8;
const DATABASE = 'crash';

interface HotKey {
  /** Values sent since the last acknowledged one, that one first. */
  candidates: number[];
  isAcknowledged: boolean;
}

class Fleet {
  readonly ledger = new Ledger();
  readonly hotKeys: HotKey[] = Array.from({ length: CLIENTS }, () => ({ candidates: [], isAcknowledged: false }));
  readonly #nextRequest = Array.from({ length: CLIENTS }, () => 0);
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** All clients write until their server is gone. */
  async writeUntilDead(url: string): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.#client(url, client)));
  }

  async #client(url: string, client: number): Promise<void> {
    for (;;) {
      const request = this.#nextRequest[client]!++;
      const lines = 1 + this.#random.below(60);
      const shape = SHAPES[this.#random.below(SHAPES.length)]!;
      const body: string[] = [];
      let check = 0;
      for (let line = 0; line < lines; line += 1) {
        const value = (client * 7919 + request * 104_729 + line * 31) % 1_000_003;
        check += value;
        body.push(`points${(request + line) % 3},client=c${client} request=${request}i,check=${value}i,f=${value / 4} ${1_700_000_000_000_000_000n + BigInt(request * 1000 + line)}`);
      }
      const hot = this.hotKeys[client]!;
      hot.candidates.push(request);
      body.push(`hot,key=k${client} v=${request}i,s="client ${client} wrote ${request}" 1700000000000000000`);
      const entry = this.ledger.send(client, request, lines, check);
      try {
        const { status, body: answer } = await write(url, DATABASE, Buffer.from(body.join('\n')), shape);
        if (status === 503) continue;
        assert.equal(status, 204, answer);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return;
      }
      entry.acknowledged = true;
      hot.candidates = [request];
      hot.isAcknowledged = true;
    }
  }
}

function query<Row>(dataDir: string, sql: string): Row[] {
  const { stdout, stderr, code } = sluice(['query', '--data-dir', dataDir, '--database', DATABASE, '--format', 'jsonl', sql]);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

/** None before the first write of all was acknowledged. */
function tablesOf(dataDir: string): string[] {
  const { stdout, stderr, code } = sluice(['tables', '--data-dir', dataDir, '--format', 'jsonl']);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { table: string }).table);
}

function verify(dataDir: string, fleet: Fleet): void {
  const tables = tablesOf(dataDir);
  const points = tables.filter((name) => name.startsWith('points'));
  const all = points.map((name) => `SELECT client, request, "check" FROM "${name}"`).join(' UNION ALL ');
  const stored = points.length === 0 ? [] : query<StoredRequest>(dataDir, `SELECT CAST(client[2:] AS INTEGER) AS client, request,
    CAST(count(*) AS INTEGER) AS lines, CAST(sum("check") AS BIGINT) AS "check" FROM (${all}) GROUP BY ALL`);
  assert.deepEqual(fleet.ledger.violations(stored).slice(0, 10), []);
  const hot = tables.includes('hot') ? query<{ key: string; v: number; s: string }>(dataDir, 'SELECT key, v, s FROM hot') : [];
  fleet.hotKeys.forEach(({ candidates, isAcknowledged }, client) => {
    const row = hot.find(({ key }) => key === `k${client}`);
    if (row === undefined && !isAcknowledged) return;
    assert.ok(row !== undefined && candidates.includes(row.v), `hot key of client ${client} is ${row?.v}, not one of ${candidates.join(', ')}`);
    assert.equal(row.s, `client ${client} wrote ${row.v}`);
  });
}

test(`${ROUNDS} rounds of kill -9 lose nothing that was acknowledged and invent nothing`, async () => {
  const seed = seedOfRun();
  console.log(`kill loop: SEED=${seed}`);
  const random = new Random(seed);
  const fleet = new Fleet(random);
  const dataDir = makeDataDir();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await TestServer.start(dataDir, ['--without-auth', '--log-segment-bytes', '256KiB', '--flush-rows-max', '20000', '--maintenance-cpu', '25']);
      const writing = fleet.writeUntilDead(server.url);
      // Every third round dies while the replay of the round before may still run.
      const lifeMs = round % 3 === 2 ? random.below(60) : 50 + random.below(1200);
      await new Promise((resolve) => setTimeout(resolve, lifeMs));
      await server.kill();
      await writing;
      if (round % 3 === 1) continue;
      verify(dataDir, fleet);
    }
    verify(dataDir, fleet);
    console.log(`kill loop: ${fleet.ledger.acknowledgedLines} acknowledged lines in ${ROUNDS} rounds, none lost`);
  } finally {
    removeDataDir(dataDir);
  }
});
