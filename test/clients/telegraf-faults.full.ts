/**
 * Twenty real agents write while the server is killed, stopped, overloaded, and its disk is full: every point that an
 * agent ever read is there once when the agents have nothing left.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askServer } from '../../src/control/client.js';
import { post } from '../e2e/client.js';
import { compareDatabase } from '../e2e/compare.js';
import { makeDataDir, removeDataDir, TestServer } from '../e2e/server.js';
import { chunks, postChunked, RawClient } from '../http/raw-client.js';
import { Model } from '../oracle/model.js';
import { Fleet } from './telegraf/fleet.js';
import { numberedLines } from './telegraf/numbered.js';
import { telegrafProgram } from './telegraf/program.js';
import { SmallDisk } from './telegraf/small-disk.js';

const AGENTS = 20;
const SECONDS = Number(process.env['SLUICE_FAULT_SECONDS'] ?? 120);
const FEED_MS = 200;
const POINTS_A_FEED = 10;
const EMPTY_MS_MAX = 120_000;
/** The agents flush every second: so long lasts a fault, and the peace after it, that all of them notice. */
const FAULT_MS = 4000;
const PEACE_MS = 3000;
const DISK_BYTES = 256 << 20;
const PLAIN = ['--disk-reserve', '16MiB'];
const CRAMPED = [...PLAIN, '--queue-bytes-max', '1MiB', '--body-bytes-max', '1MiB', '--workers', '1'];
const FLOODING_CLIENTS = 16;
/** Of 36 KB each; there is memory for 1 MiB. */
const HOARDING_CLIENTS = 40;

const telegraf = await telegrafProgram();
const skip = 'missing' in telegraf ? telegraf.missing : false;

/**
 * A free port below those that the system hands out: while the server is down a client's own connection, even one to
 * itself, could take such a port.
 */
async function lowPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

/** The server that the faults befall; it comes back at the same address. */
class Victim {
  server: TestServer;
  readonly #bind: string;

  private constructor(server: TestServer, bind: string) {
    this.server = server;
    this.#bind = bind;
  }

  static async start(dataDir: string): Promise<Victim> {
    const bind = `127.0.0.1:${await lowPort()}`;
    return new Victim(await TestServer.start(dataDir, ['--http-bind', bind, ...PLAIN]), bind);
  }

  async again(flags: readonly string[]): Promise<void> {
    this.server = await TestServer.start(this.server.dataDir, ['--http-bind', this.#bind, ...flags]);
  }
}

/** Clients that begin bodies and then fall silent: they hold what memory there is for bodies. */
async function hoard({ url, token }: TestServer, ms: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: HOARDING_CLIENTS }, () => RawClient.connect(Number(new URL(url).port))));
  const head = postChunked('/api/v3/write_lp?db=hoard', [`Authorization: Bearer ${token}`]);
  const part = chunks(Buffer.from(numberedLines('hoard', 0, 300)), 4096);
  for (const client of clients) await client.send(Buffer.concat([Buffer.from(head), part]));
  await pause(ms);
  for (const client of clients) client.destroy();
}

/** More than a cramped server takes, from many clients at once. */
async function flood({ url, token }: TestServer, ms: number): Promise<void> {
  const body = Buffer.from(numberedLines('flood', 0, 2000));
  const until = performance.now() + ms;
  await Promise.all(Array.from({ length: FLOODING_CLIENTS }, async () => {
    while (performance.now() < until) {
      const { status, body: words } = await post(url, '/api/v3/write_lp?db=flood', body, { headers: { Authorization: `Bearer ${token}` } });
      assert.ok(status === 204 || status === 503, `${status}: ${words}`);
    }
  }));
}

/** What is done to the server, and what the agents' logs must say of it, so that it is known to have been felt. */
interface Fault {
  readonly befall: (victim: Victim) => Promise<void>;
  readonly felt: RegExp;
}

const killed: Fault = {
  felt: /connection refused/,
  async befall(victim) {
    await victim.server.kill();
    await victim.again(PLAIN);
  },
};

const stopped: Fault = {
  felt: /connection refused/,
  async befall(victim) {
    assert.equal(await victim.server.stop(), 0, victim.server.said);
    await pause(FAULT_MS);
    await victim.again(PLAIN);
  },
};

const overloaded: Fault = {
  felt: /too much is being written at once/,
  async befall(victim) {
    assert.equal(await victim.server.stop(), 0, victim.server.said);
    await victim.again(CRAMPED);
    await Promise.all([hoard(victim.server, FAULT_MS), flood(victim.server, FAULT_MS)]);
    await victim.server.kill();
    await victim.again(PLAIN);
  },
};

function diskFull(disk: SmallDisk): Fault {
  return {
    felt: /the disk is nearly full/,
    async befall() {
      disk.fill();
      assert.ok(disk.bytesFree < 1 << 20);
      await pause(FAULT_MS);
      disk.empty();
    },
  };
}

/** Feeds the agents until the promise is settled. */
async function feedUntil(fleet: Fleet, done: Promise<void>): Promise<void> {
  let over = false;
  const end = done.finally(() => (over = true));
  while (!over) {
    fleet.feed(POINTS_A_FEED);
    await Promise.race([pause(FEED_MS), end]);
  }
  await end;
}

/** One fault after another until the time is over, each of them once at least. */
async function befall(victim: Victim, faults: readonly Fault[]): Promise<void> {
  const until = performance.now() + SECONDS * 1000;
  for (let i = 0; i < faults.length || performance.now() < until; i += 1) {
    await pause(PEACE_MS);
    await faults[i % faults.length]!.befall(victim);
  }
}

async function run(t: TestContext, program: string, dataDir: string, disk: SmallDisk | string): Promise<void> {
  const victim = await Victim.start(dataDir);
  const fleet = Fleet.start(program, victim.server.url, victim.server.token, AGENTS);
  try {
    const faults = [killed, stopped, overloaded, ...(typeof disk === 'string' ? [] : [diskFull(disk)])];
    if (typeof disk === 'string') t.diagnostic(`without a full disk: ${disk}`);
    await feedUntil(fleet, befall(victim, faults));
    await fleet.emptied(EMPTY_MS_MAX);
    const logs = fleet.logs();
    for (const { felt } of faults) assert.ok(felt.test(logs), `no agent says ${felt}`);
    assert.doesNotMatch(logs, /will be dropped|dropped metrics|[Oo]verflow/, 'no output gave up a point');
  } finally {
    await fleet.remove();
  }
  await askServer(join(dataDir, 'sluice.sock'), 'flush', { database: null });
  const read = fleet.read();
  t.diagnostic(`${[...read.values()].reduce((sum, points) => sum + points.length, 0)} points`);
  for (const [database, points] of read) {
    const model = new Model();
    model.write(1, points);
    await compareDatabase(dataDir, database, model, ['hyparquet']);
  }
  assert.equal(await victim.server.stop(), 0, victim.server.said);
}

test(`${AGENTS} agents of Telegraf lose nothing in ${SECONDS} s of faults`, { skip }, async (t) => {
  const dataDir = makeDataDir();
  const disk = SmallDisk.mount(dataDir, DISK_BYTES);
  try {
    await run(t, 'path' in telegraf ? telegraf.path : '', dataDir, disk);
  } finally {
    if (typeof disk !== 'string') disk.unmount();
    removeDataDir(dataDir);
  }
});
