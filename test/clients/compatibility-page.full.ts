/** What docs/compatibility.md prints for Telegraf, Python and Go, run by the real programs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { goClientFolder } from './go/program.js';
import { CLIMATE, climateQuery, CLIMATE_LINE, clientSnippets, fillPage, runProgram } from './page.js';
import { Place } from './place.js';
import { pythonWithInfluxdbClient } from './python/client-v2.js';
import { pythonWithInfluxdb } from './python/program.js';
import { telegrafProgram } from './telegraf/program.js';

const OUTPUTS = ['influxdb', 'influxdb_v2', 'influxdb_v3', 'http'];
/** Around a snippet: what it reads, and nothing that would add a tag. */
const AGENT = '[agent]\n  omit_hostname = true\n  precision = "1ns"\n  skip_processors_after_aggregators = true\n[[inputs.file]]\n  files = ["input.lp"]\n  data_format = "influx"\n';

const telegraf = await telegrafProgram();
const debian = pythonWithInfluxdb();
const pypi = pythonWithInfluxdbClient();
const go = goClientFolder();
const missing = (found: object): string | false => ('missing' in found ? String(found.missing) : false);

describe('docs/compatibility.md', () => {
  let place: Place;
  let folder: string;
  before(async () => {
    place = await Place.open('http');
    folder = mkdtempSync(join(tmpdir(), 'sl-page-'));
    writeFileSync(join(folder, 'input.lp'), CLIMATE_LINE);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await place?.close();
  });

  /** The only snippet under a heading, ready to run. */
  function only(name: string, database: string): string {
    const [snippet, ...others] = clientSnippets(name);
    assert.deepEqual(others, []);
    return fillPage(snippet!, place, database);
  }

  for (const output of OUTPUTS) {
    const telegrafOnce = async (conf: string) => {
      assert.ok('path' in telegraf);
      writeFileSync(join(folder, 'telegraf.conf'), conf);
      return runProgram(telegraf.path, ['--config', 'telegraf.conf', '--once'], folder);
    };

    test(`Telegraf's outputs.${output} writes its points`, { skip: missing(telegraf) }, async () => {
      const { code, stderr } = await telegrafOnce(AGENT + only(`Telegraf, outputs.${output}`, output));
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, / [EW]! \[/, 'no error and no warning of any plugin');
      assert.equal(place.query(output, climateQuery), CLIMATE);
    });

    test(`Telegraf's outputs.${output} gives a rejected line up, and the good ones are stored`, { skip: missing(telegraf) }, async () => {
      const database = `${output}_partly`;
      writeFileSync(join(folder, 'input.lp'), `${CLIMATE_LINE}climate,room=bath temperature="warm" 1735689600000000001\n`);
      try {
        const { code, stderr } = await telegrafOnce(AGENT + only(`Telegraf, outputs.${output}`, database));
        assert.equal(code, 0, `it would send the batch again: ${stderr}`);
        assert.equal(place.query(database, climateQuery), CLIMATE);
      } finally {
        writeFileSync(join(folder, 'input.lp'), CLIMATE_LINE);
      }
    });
  }

  test('influxdb-python writes its point', { skip: missing(debian) }, async () => {
    assert.ok('python' in debian);
    const { code, stderr } = await debian.python(['-'], `${only('influxdb-python', 'py1')}\n`);
    assert.equal(code, 0, stderr);
    assert.equal(place.query('py1', climateQuery), CLIMATE);
  });

  test('client-python writes its point', { skip: missing(pypi) }, async () => {
    assert.ok('path' in pypi);
    const { code, stderr } = await runProgram(pypi.path, ['-'], folder, `${only('client-python', 'py2')}\n`);
    assert.equal(code, 0, stderr);
    assert.equal(place.query('py2', climateQuery), CLIMATE);
  });

  test('client-go writes its point', { skip: missing(go) }, async () => {
    assert.ok('folder' in go);
    const main = join(folder, 'main.go');
    writeFileSync(main, only('client-go', 'go2'));
    const { code, stderr } = await runProgram('go', ['run', '-mod=readonly', main], go.folder);
    assert.equal(code, 0, stderr);
    assert.equal(place.query('go2', climateQuery), CLIMATE);
  });
});
