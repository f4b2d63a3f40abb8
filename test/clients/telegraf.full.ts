/** The real Telegraf against the real program, with all four of its outputs: what it read is what is stored. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, type AgentOptions } from './telegraf/agent.js';
import { numberedLines, pointsOf } from './telegraf/numbered.js';
import { OUTPUTS, outputSection, type Output, type Target } from './telegraf/outputs.js';
import { telegrafProgram } from './telegraf/program.js';
import type { Section } from './telegraf/toml.js';
import { CA_FILE, Place, SCHEMES } from './place.js';

const POINTS = 2500;
const WRITE_MS_MAX = 30_000;
/** Telegraf's default: longer than a server keeps an idle connection, or about as long. */
const DEFAULT_FLUSH_S = 10;

const telegraf = await telegrafProgram();
const skip = 'missing' in telegraf ? telegraf.missing : false;
const program = 'path' in telegraf ? telegraf.path : '';

/** Runs an agent with what `use` does to it; whatever comes, it ends. */
async function withAgent(options: AgentOptions, use: (agent: Agent) => Promise<void>): Promise<void> {
  const agent = new Agent(program, options);
  try {
    await use(agent);
  } finally {
    await agent.remove();
  }
}

/** `telegraf --once` over lines; it must end well and without a complaint. */
async function runOnce(outputs: readonly Section[], lines: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  await withAgent({ input: 'file', outputs, env }, async (agent) => {
    agent.append(lines);
    assert.equal(await agent.once(), 0, agent.log);
    assert.doesNotMatch(agent.log, / [EW]! \[/, 'no error and no warning of any plugin');
  });
}

/** Ways to show the token besides an output's own. */
const SCHEMES_OF_HTTP: Readonly<Record<string, (token: string) => Section[1]>> = {
  Bearer: (token) => ({ headers: { Authorization: `Bearer ${token}` } }),
  Token: (token) => ({ headers: { Authorization: `Token ${token}` } }),
  Basic: (token) => ({ headers: {}, username: 'telegraf', password: token }),
};

for (const scheme of SCHEMES) {
  describe(`Telegraf over ${scheme}`, { skip }, () => {
    let place: Place;
    before(async () => (place = await Place.open(scheme)));
    after(() => place.close());
    const target = (database: string, more: Partial<Target> = {}): Target => (
      { url: place.url, token: place.token, database, ca: scheme === 'https' ? CA_FILE : undefined, ...more }
    );

    for (const output of OUTPUTS) {
      for (const encoding of ['gzip', 'identity'] as const) {
        test(`outputs.${output}, ${encoding}, --once`, async () => {
          const database = `once_${output}_${encoding}`;
          const lines = numberedLines('once', 0, POINTS);
          await runOnce([outputSection(output, target(database, { encoding }))], lines);
          await place.expectStored(database, pointsOf(lines));
        });
      }
    }

    for (const [name, credentials] of Object.entries(SCHEMES_OF_HTTP)) {
      for (const path of ['/write?db=', '/api/v2/write?org=acme&bucket=', '/api/v3/write_lp?db=']) {
        test(`outputs.http to ${path} with ${name}`, async () => {
          const database = `http_${name}_${path.split(/\W/).find((word) => /^(write|v\d)$/.test(word))}`;
          const lines = numberedLines('http', 0, 10);
          await runOnce([outputSection('http', target(database, { more: { url: `${place.url}${path}${database}`, ...credentials(place.token) } }))], lines);
          await place.expectStored(database, pointsOf(lines));
        });
      }
    }

    test('an agent that runs, with all four outputs', async () => {
      const outputs = OUTPUTS.map((output) => outputSection(output, target(`running_${output}`)));
      await withAgent({ input: 'tail', outputs, batchPoints: 300 }, async (agent) => {
        agent.start();
        for (let from = 0; from < POINTS; from += 500) {
          agent.append(numberedLines('running', from, from + 500));
          await agent.wrote(from + 500, WRITE_MS_MAX);
        }
        assert.doesNotMatch(agent.log, / [EW]! \[outputs/);
      });
      for (const output of OUTPUTS) await place.expectStored(`running_${output}`, pointsOf(numberedLines('running', 0, POINTS)));
    });

    test('a bad line costs itself alone, on every output', async () => {
      const good = numberedLines('bad', 0, 20);
      const outputs = OUTPUTS.map((output) => outputSection(output, target(`bad_${output}`)));
      await withAgent({ input: 'file', outputs }, async (agent) => {
        agent.append(`${good}reserved,agent=bad time=5i 1700000000000000000\n`);
        assert.equal(await agent.once(), 0, agent.log);
        assert.match(agent.log, /time is reserved and cannot be a key/, 'the log names what is wrong');
      });
      for (const output of OUTPUTS) await place.expectStored(`bad_${output}`, pointsOf(good));
    });
  });
}

describe('Telegraf with targets in a tag, and with its default flush interval', { skip }, () => {
  let place: Place;
  before(async () => (place = await Place.open('http')));
  after(() => place.close());

  const lines = ['alpha', 'beta', 'gamma'].map((name) => numberedLines(name, 0, 100));
  /** The tag `agent` of the lines decides; `prefix` keeps the cases apart. */
  const cases: readonly (readonly [name: string, output: Output, more: Section[1], excluded: boolean])[] = [
    ['database_tag', 'influxdb', { database_tag: 'agent' }, false],
    ['exclude_database_tag', 'influxdb', { database_tag: 'agent', exclude_database_tag: true }, true],
    ['bucket_tag', 'influxdb_v2', { bucket_tag: 'agent' }, false],
    ['exclude_bucket_tag', 'influxdb_v2', { bucket_tag: 'agent', exclude_bucket_tag: true }, true],
    ['database_tag', 'influxdb_v3', { database_tag: 'agent' }, false],
    ['exclude_database_tag', 'influxdb_v3', { database_tag: 'agent', exclude_database_tag: true }, true],
  ];
  for (const [i, [name, output, more, excluded]] of cases.entries()) {
    test(`outputs.${output}, ${name}`, async () => {
      const renamed = (text: string): string => text.replaceAll(/agent=(\w+)/g, `agent=$1_${i}`);
      await runOnce([outputSection(output, { url: place.url, token: place.token, database: `fallback_${i}`, more })], lines.map(renamed).join(''));
      for (const [at, database] of ['alpha', 'beta', 'gamma'].entries()) {
        const points = pointsOf(renamed(lines[at]!)).map((point) => (
          { ...point, tags: point.tags.filter(([key]) => !(excluded && key === 'agent')) }
        ));
        await place.expectStored(`${database}_${i}`, points);
      }
    });
  }

  test('outputs.influxdb, retention_policy: a database of its own', async () => {
    const more = { retention_policy: 'Two_Weeks' };
    await runOnce([outputSection('influxdb', { url: place.url, token: place.token, database: 'kept', more })], lines[0]!);
    assert.equal(place.query('kept/two_weeks', 'SELECT count(*) FROM cpu'), '66');
  });

  test(`an agent that flushes every ${DEFAULT_FLUSH_S} s loses no race for its connection`, async () => {
    const outputs = OUTPUTS.map((output) => outputSection(output, { url: place.url, token: place.token, database: `slow_${output}` }));
    await withAgent({ input: 'tail', outputs, flushIntervalS: DEFAULT_FLUSH_S }, async (agent) => {
      agent.start();
      for (let from = 0; from < 30; from += 10) {
        agent.append(numberedLines('slow', from, from + 10));
        await agent.wrote(from + 10, WRITE_MS_MAX);
      }
      assert.doesNotMatch(agent.log, / [EW]! \[outputs/);
    });
    for (const output of OUTPUTS) await place.expectStored(`slow_${output}`, pointsOf(numberedLines('slow', 0, 30)));
  });
});

test('over https without tls_ca the system has to know the CA, and then does', { skip: skip || (SCHEMES.includes('https') ? false : 'the server has no TLS') }, async () => {
  const place = await Place.open('https');
  try {
    const lines = numberedLines('system', 0, 100);
    for (const output of OUTPUTS) {
      const database = `system_${output}`;
      const section = outputSection(output, { url: place.url, token: place.token, database });
      await runOnce([section], lines, { SSL_CERT_FILE: CA_FILE });
      await place.expectStored(database, pointsOf(lines));
      await withAgent({ input: 'file', outputs: [section] }, async (agent) => {
        agent.append(lines);
        assert.equal(await agent.once(), 1, 'nothing was sent to a server that cannot be trusted');
        assert.match(agent.log, /certificate signed by unknown authority/);
      });
    }
  } finally {
    await place.close();
  }
});
