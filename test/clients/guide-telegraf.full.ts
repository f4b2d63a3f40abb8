/** The Telegraf snippet of InfluxDB's write compatibility guide, as printed, with host, database, token and CA filled in. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fill, HOME, homeQuery, snippets } from './guide.js';
import { runProgram } from './page.js';
import { CA_FILE, Place } from './place.js';
import { telegrafProgram } from './telegraf/program.js';

const telegraf = await telegrafProgram();
const AGENT = '[agent]\n  omit_hostname = true\n[[inputs.file]]\n  files = ["input.lp"]\n  data_format = "influx"\n';
const DATABASE = 'guide_telegraf';

test("the guide's Telegraf configuration writes over https", { skip: 'missing' in telegraf ? telegraf.missing : false }, async () => {
  assert.ok('path' in telegraf);
  const [snippet, ...others] = snippets('toml');
  assert.deepEqual(others, []);
  const place = await Place.open('https');
  const folder = mkdtempSync(join(tmpdir(), 'sl-'));
  try {
    const conf = fill(snippet!, { host: `${place.host}:${place.port}`, database: DATABASE, token: place.token });
    writeFileSync(join(folder, 'telegraf.conf'), `${AGENT}${conf}\n  tls_ca = "${CA_FILE}"\n`);
    writeFileSync(join(folder, 'input.lp'), 'home,room=kitchen temp=72 1641024000000000000\n');
    const { code, stderr } = await runProgram(telegraf.path, ['--config', 'telegraf.conf', '--once'], folder);
    assert.equal(code, 0, stderr);
    assert.equal(place.query(DATABASE, homeQuery(DATABASE)), HOME);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await place.close();
  }
});
