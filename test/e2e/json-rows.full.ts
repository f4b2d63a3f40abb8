/** Rows of a table whose flushes trap go to quarantine without the encoder: shown, and written again, as if nothing had been. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { write, type Shape } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';
import { trapEnvironment } from './trap.js';

const SHAPE: Shape = { endpoint: '/api/v3/write_lp', gzip: false, chunked: false };
const WAIT_MS_MAX = 60_000;
const LOOK_MS = 50;
const FLAGS = ['--without-auth', '--workers', '2', '--set-aside-age', '1s', '--log-segment-bytes', '64KiB'];

/** What the bodies below come to. */
const POINTS = 39;

const TIMES = [-9223372036854775806n, -1n, 0n, 999n, 1_700_000_000_123_456_789n, 9223372036854775806n];
const FLOATS = ['0', '-0', '1e308', '-1e308', '5e-324', '0.1', '123456789012345680000', '-1.7976931348623157e308'];
const STRINGS = ['', ' ', String.raw`\"quoted\"`, String.raw`back\\slash`, 'line\nfeed\r', '\t\u0001\b\u001f\u007f', '\ufeffmark', '\u2028', '日本 \u{1f600}', "it's", String.raw`{\"json\":1}`, String.raw`\u0041`];
const INTEGERS = ['-9223372036854775808i', '9223372036854775807i', '0i'];
const UNSIGNED = ['18446744073709551615u', '9223372036854775808u', '0u'];
const TAGS = ['', ',host=a', ',host=b,region=eu', String.raw`,region=e\ u\,\=\x`, ',zone=\u{1f600}\u0001"', ',host=a,region=x,zone=y'];

/** Bodies of a table of every kind of column. */
function bodiesOf(table: string): string[] {
  const lines = Array.from({ length: 120 }, (_, at) => {
    const fields = [`f=${FLOATS[at % FLOATS.length]}`, `s="${STRINGS[at % STRINGS.length]}"`];
    if (at % 2 === 0) fields.push(`i=${INTEGERS[at % INTEGERS.length]}`);
    if (at % 4 === 1) fields.push(`u=${UNSIGNED[at % UNSIGNED.length]}`);
    if (at % 7 === 0) fields.push(`up=${at % 14 === 0}`);
    return `${table}${TAGS[(at * 5 + Math.floor(at / 6)) % TAGS.length]} ${fields.join(',')} ${TIMES[at % TIMES.length]}`;
  });
  return [
    lines.slice(0, 50).join('\n'),
    lines.slice(50).join('\n'),
    // Equal points: of a body, field by field, and of an earlier body. And columns that come late.
    [`${table},host=a f=1,s="first" 5`, `${table},host=a f=2,up=true 5`, `${table},host=a s="last" 5`, `${table},host=b,region=eu f=3 5`].join('\n'),
    [`${table},host=a i=7i 5`, `${table},host=b,region=eu f=-0 5`, `${table},late=x z=1.5 5`].join('\n'),
  ];
}

async function until(what: string, server: TestServer, isTrue: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + WAIT_MS_MAX; !(await isTrue()); await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    if (performance.now() > end) assert.fail(`${what}: not after ${WAIT_MS_MAX} ms: ${server.said}`);
  }
}

test('a table whose flushes trap costs itself alone, and its rows come back as those of its twin', { timeout: 240_000 }, async () => {
  const dataDir = makeDataDir();
  const run = (...args: readonly string[]): ReturnType<typeof sluice> => sluice([...args, '--data-dir', dataDir]);
  const rowsOf = (table: string, shown: string): string => {
    const sql = `SELECT ${shown}, f::VARCHAR AS exact, epoch_us(time) AS us FROM ${table} ORDER BY time, sluice_ns, host, region, zone, late`;
    const { code, stderr, stdout } = run('query', '--database', 'db', '--format', 'jsonl', sql);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const quarantined = (): string[] => readdirSync(join(dataDir, 'quarantine/tables/db/bad'));
  // Commands block this process for so long that a connection kept open would be gone.
  const page = async (server: TestServer, path: string): Promise<string> => (await fetch(`${server.url}${path}`, { headers: { connection: 'close' } })).text();
  const send = async (server: TestServer, lines: string): Promise<number> => (await write(server.url, 'db', Buffer.from(lines), SHAPE, 'ns')).status;
  try {
    const server = await TestServer.start(dataDir, FLAGS, trapEnvironment(dataDir));
    // The table of the trap is the first.
    const twins = bodiesOf('twin');
    for (const [at, body] of bodiesOf('bad').entries()) {
      const { body: said, status } = await write(server.url, 'db', Buffer.from(`${body}\n${twins[at]}`), SHAPE, 'ns');
      assert.equal(status, 204, said);
    }
    await until('it is set aside', server, async () => {
      run('flush');
      return /table db\/bad is set aside/.test(await page(server, '/health'));
    });
    await until('its rows are in quarantine', server, async () => /127 rows of table db\/bad are in quarantine\/tables\/db\/bad \(writing its files ended 2 workers/.test(await page(server, '/health')));
    const died = (): number => server.said.match(/worker \d+ died; its rows/g)!.length;
    const diedBefore = died();
    await until('others are written', server, async () => (await send(server, 'good v=0i 0')) === 204);
    for (let i = 1; i <= 100; i += 1) assert.equal(await send(server, `good s="${'x'.repeat(4000)}",v=${i}i ${i}`), 204);
    assert.equal(await send(server, 'bad f=1 1'), 400);
    assert.equal(run('flush').code, 0, 'nothing waits');
    await until('log and memory are free', server, async () => {
      const metrics = await page(server, '/metrics');
      return /^sluice_unflushed_rows 0$/m.test(metrics) && Number(/^sluice_log_segments (\d+)$/m.exec(metrics)?.[1]) <= 2;
    });
    assert.equal(died(), diedBefore, 'it ends no worker any more');
    assert.match(await page(server, '/health'), /table db\/bad is set aside, its new lines are rejected and 0 acknowledged rows wait/);
    assert.ok(quarantined().some((name) => name.endsWith('.jsonl')) && !quarantined().some((name) => name.endsWith('.parquet')), quarantined().join());
    const twin = rowsOf('twin', '*');
    assert.equal(twin.trim().split('\n').length, POINTS);
    assert.equal(rowsOf('bad', '*'), twin);
    await server.kill();

    const again = await TestServer.start(dataDir, FLAGS);
    assert.equal(rowsOf('bad', '*'), twin);
    const imported = run('import', '--quarantine');
    assert.equal(imported.code, 0, imported.stderr);
    assert.match(imported.stdout, /^\d+ rows are stored, 0 were rejected; of 1 lot 0 stay in quarantine$/m);
    assert.deepEqual(quarantined(), []);
    assert.equal(rowsOf('bad', '* EXCLUDE (sluice_seq)'), rowsOf('twin', '* EXCLUDE (sluice_seq)'));
    assert.ok(!/db\/bad/.test(await page(again, '/health')));
    assert.equal(await again.stop(), 0);
  } finally {
    removeDataDir(dataDir);
  }
});
