/** `sluice check --ledger`: what was acknowledged and is not there, or is something else, is found; what is there is not. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';

const LINES = [
  'climate,room=a,floor\\ no=1 temperature=1.5,humidity=-9223372036854775808i,u=18446744073709551615u,ok=true,text="a \\"b\\"" -1',
  'climate temperature=-0.0 1735689600000000001',
  'climate,room=b temperature=1e-300,text="" 1735689600000000002',
  'climate,room=a temperature=5 1735689600000000003',
  'climate,room=a temperature=6,humidity=1i 1735689600000000003',
  'climate,room=a humidity=2i 1735689600000000003',
  'other,\u00e9=\u00fc v=1 9223372036854775806',
];

test('[issue 14 6] a ledger held against the tables', { timeout: 120_000 }, async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    for (const line of LINES) assert.equal((await post(server.url, writePath('/write', 'home', 'ns'), Buffer.from(line))).status, 204);
    const file = join(dataDir, '../ledger.lp');
    const check = (lines: readonly string[]): { code: number | null; stdout: string; stderr: string } => {
      writeFileSync(file, lines.join('\n'));
      return sluice(['check', '--data-dir', dataDir, '--ledger', file, '--precision', 'ns', 'home']);
    };
    const whole = check(LINES);
    assert.deepEqual([whole.code, whole.stderr], [0, ''], whole.stdout);
    assert.match(whole.stdout, /^2 tables, .* 6 rows: no problem\n$/);
    // The server is killed: what is in files counts.
    await server.kill();
    for (const [changed, found] of [
      ['climate,room=a temperature=7 1735689600000000003', /ledger: 1 values of field temperature \(f64\) of climate .* the first is 7\.0 of line 8, and 6\.0 is stored/],
      ['climate temperature=0.0 1735689600000000001', /the first is 0\.0 of line 8, and -0\.0 is stored/],
      ['climate,room=a,floor\\ no=1 u=18446744073709551614u -1', /field u \(u64\) .* 18446744073709551615 is stored/],
      ['climate,room=c temperature=1 1735689600000000003', /line 8, and nothing is stored/],
      ['climate,room=a temperature=1 1735689600000000004', /line 8, and nothing is stored/],
      ['climate,room=a nothing=1 1735689600000000003', /field nothing .* nothing is stored/],
      ['gone v="x" 1', /field v \(string\) of gone .* the first is x of line 8, and nothing is stored/],
    ] as const) {
      const { code, stdout } = check([...LINES, changed]);
      assert.equal(code, 1, changed);
      assert.match(stdout, found);
      assert.match(stdout, /: 1 problem\n$/);
    }
    const timeless = check(['climate temperature=1', 'not a line']);
    assert.deepEqual([timeless.code, timeless.stderr], [0, 'sluice: 1 line of the ledger is no line protocol and is not looked for; sluice parse says why\nsluice: 1 line of the ledger has no time and is not looked for\n']);
    assert.equal(sluice(['check', '--data-dir', dataDir, '--ledger', file]).code, 2);
  } finally {
    removeDataDir(dataDir);
  }
});
