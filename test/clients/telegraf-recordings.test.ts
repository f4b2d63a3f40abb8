/**
 * Every recorded request of a real Telegraf, byte for byte to the real program: the answer, and the rows that are then in
 * the files, against the points that Telegraf was fed.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { askServer } from '../../src/control/client.js';
import type { TableListing } from '../../src/control/commands.js';
import { ERRORS } from '../../src/errors.js';
import { compareDatabase } from '../e2e/compare.js';
import { readDatabase } from '../e2e/delta-folder.js';
import { rowsByHyparquet } from '../e2e/readers.js';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { sampled } from '../fuzz/random.js';
import { RawClient, type RawAnswer } from '../http/raw-client.js';
import { Model } from '../oracle/model.js';
import { REFUSED_DATABASES, rejectedLines, refusedRequest, storedPoints } from './telegraf/exceptions.js';
import { physicalLines, type ExpectedPoint } from './telegraf/expected.js';
import { isWrite, rawBytes, scenarios, type Recording } from './telegraf/recordings.js';

const SYNC_MS_MAX = 60_000;
const dataDir = makeDataDir();
const socket = join(dataDir, 'sluice.sock');
let server: TestServer;
before(async () => (server = await TestServer.start(dataDir)));
after(async () => {
  await server.stop();
  removeDataDir(dataDir);
});

/** The database that a recorded write names, by the rules of its endpoint. */
function databaseOf({ path }: Recording): string {
  const query = new URL(path, 'http://x').searchParams;
  const rp = query.get('rp');
  return query.get('bucket') ?? `${query.get('db')}${rp ? `/${rp.toLowerCase()}` : ''}`;
}

/** Checks the answer to a write; gives the points that must be stored. */
function checkAnswer(recording: Recording, answer: RawAnswer): ExpectedPoint[] {
  const what = `${recording.scenario} ${recording.seq}: ${answer.status} ${answer.body}`;
  const refused = refusedRequest(recording);
  if (refused !== null) {
    assert.equal(answer.status, refused.status, what);
    assert.ok(answer.headers.get('x-influxdb-error')?.startsWith(ERRORS[refused.code].sentence), what);
    return [];
  }
  const lines = rejectedLines(recording);
  if (lines.length === 0) {
    assert.equal(answer.status, 204, what);
    assert.equal(answer.body, '');
  } else {
    assert.equal(answer.status, 400, what);
    const physical = physicalLines(recording.lines!);
    const named = (JSON.parse(answer.body).data as { line: number; code: string }[]).map(({ line, code }) => ({ line, code }));
    assert.deepEqual(named, lines.map(({ index, code }) => ({ line: physical[index]!, code })), what);
  }
  return storedPoints(recording);
}

/** Checks the answer to the CREATE DATABASE with which the v1 output starts, and that the database is there. */
async function checkCreated(recording: Recording, answer: RawAnswer): Promise<void> {
  const what = `${recording.scenario} ${recording.seq}: ${answer.status} ${answer.body}`;
  const refused = refusedRequest(recording);
  if (refused?.status === 404) {
    assert.equal(answer.status, 404, what);
    return;
  }
  const [, quoted] = /^CREATE DATABASE "(.*)"$/.exec(new URLSearchParams(recording.form).get('q')!)!;
  const name = quoted!.replaceAll(/\\(.)/g, '$1');
  assert.equal(answer.status, 200, what);
  const { results } = JSON.parse(answer.body) as { results: { statement_id: number; error?: string }[] };
  const names = (await askServer(socket, 'database-list', {}))!.map((database) => database.name);
  if (REFUSED_DATABASES.includes(name)) {
    assert.match(results[0]!.error!, /^the database name is not allowed/, what);
  } else {
    assert.deepEqual(results, [{ statement_id: 0 }], what);
    assert.ok(names.includes(name), `${name} is among ${names.join(', ')}`);
  }
}

/** The one time at which all rows of a database are stored that were sent without a time. */
async function givenTime(folder: string): Promise<bigint> {
  const [table] = readDatabase(dataDir, folder).values();
  const [micros, nanos] = JSON.parse((await rowsByHyparquet(table!))[0]!) as [string, number];
  return BigInt(micros) * 1000n + BigInt(nanos);
}

/**
 * Moves all rows into files; gives the folders below tables/ of the databases that hold rows. A write with no_sync is
 * answered before it is on disk, and a flush moves only what is there.
 * @param measurements how many must come to have rows, in whatever database
 */
async function flush(measurements: number): Promise<Map<string, string>> {
  let tables: readonly TableListing[] = [];
  for (const untilMs = Date.now() + SYNC_MS_MAX; Date.now() < untilMs;) {
    await askServer(socket, 'flush', { database: null });
    tables = (await askServer(socket, 'tables', { database: null }))!;
    if (new Set(tables.filter(({ files }) => files.length > 0).map(({ measurement }) => measurement)).size >= measurements) break;
  }
  return new Map(tables.flatMap(({ database, files }) => files.map((file) => [database, dirname(dirname(file)).slice(join(dataDir, 'tables/').length)] as const)));
}

/** Sends a run's requests one after another; gives what its writes must leave, by database, a list a request. */
async function replay(requests: readonly Recording[]): Promise<Map<string, ExpectedPoint[][]>> {
  const stored = new Map<string, ExpectedPoint[][]>();
  const connect = (): Promise<RawClient> => RawClient.connect(Number(new URL(server.url).port));
  let client = await connect();
  for (const recording of requests) {
    await client.send(rawBytes(recording)!);
    const answer = await client.answer();
    if (answer.headers.get('connection') === 'close') {
      await client.closed;
      client = await connect();
    }
    if (recording.form !== undefined) await checkCreated(recording, answer);
    if (!isWrite(recording)) continue;
    const points = checkAnswer(recording, answer);
    if (points.length > 0) stored.set(databaseOf(recording), [...stored.get(databaseOf(recording)) ?? [], points]);
  }
  client.destroy();
  return stored;
}

/** Compares what is stored with what a run must leave. */
async function checkRows(stored: ReadonlyMap<string, readonly ExpectedPoint[][]>, fromMs: number): Promise<void> {
  const folders = await flush(new Set([...stored.values()].flat(2).map(({ measurement }) => measurement)).size);
  assert.deepEqual([...folders.keys()].sort(), [...stored.keys()].sort(), 'databases that hold rows');
  for (const [database, bodies] of stored) {
    const folder = folders.get(database)!;
    const timeless = bodies.flat().some(({ timestampNs }) => timestampNs === null);
    const time = timeless ? await givenTime(folder) : 0n;
    if (timeless) assert.ok(time >= BigInt(fromMs) * 1_000_000n && time <= BigInt(Date.now() + 1) * 1_000_000n, `${time} is the time of the request`);
    const model = new Model();
    bodies.forEach((points, i) => model.write(i, points.map((point) => ({ ...point, timestampNs: point.timestampNs ?? time }))));
    await compareDatabase(dataDir, folder, model, ['hyparquet']);
  }
}

for (const [scenario, requests] of sampled([...scenarios()], 4)) {
  test(scenario, async () => {
    const fromMs = Date.now();
    try {
      await checkRows(await replay(requests), fromMs);
    } finally {
      for (const { name } of (await askServer(socket, 'database-list', {}))!) await askServer(socket, 'database-drop', { name });
    }
  });
}

test('the recordings are all there', () => {
  const requests = [...scenarios().values()].flat();
  assert.equal(scenarios().size, 109);
  assert.equal(requests.length, 195);
  assert.equal(requests.filter(({ form }) => form !== undefined).length, 40);
  assert.equal(requests.filter((one) => isWrite(one) && one.body_bytes === 0).length, 1, 'an empty body that says gzip');
});
