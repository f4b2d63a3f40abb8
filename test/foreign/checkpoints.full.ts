/** A table of the server with checkpoints, its log cleaned behind them, in delta-rs: as many rows as were written, with statistics. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { DATABASE, tableFolder } from './doors.js';
import { pythonWithDeltalake } from './python/program.js';

const found = pythonWithDeltalake();
const skip = 'missing' in found ? found.missing : false;
const COMMITS = 130;
const WAIT_MS_MAX = 30_000;

const SCRIPT = `
import json, sys, pyarrow as pa
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
rows = table.to_pyarrow_table()
adds = pa.table(table.get_add_actions(flatten=True))
print(json.dumps({
    "version": table.version(), "rows": rows.num_rows, "sum": sum(v for v in rows["v"].to_pylist() if v is not None), "files": adds.num_rows,
    "records": sum(adds["num_records"].to_pylist()), "least": min(adds["min.v"].to_pylist()), "greatest": max(adds["max.v"].to_pylist()),
    "filtered": table.to_pyarrow_table(filters=[("v", ">", ${COMMITS - 5}.0)]).num_rows,
}))
`;

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!isSo()) {
    assert.ok(performance.now() < end, `${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('[issue 14 1] delta-rs reads a table from checkpoints of ours, and the server from its own after a kill', { skip }, async () => {
  assert.ok('python' in found);
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--flush-rows-max', '1', '--table-log-age', '0s', '--maintenance-cpu', '0']);
    const log = join(tableFolder(dataDir, 'm'), '_delta_log');
    const names = (): string[] => (existsSync(log) ? readdirSync(log) : []);
    const version = (): number => Math.max(-1, ...names().filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20))));
    for (let n = 0; n < COMMITS; n += 1) {
      const { status } = await post(server.url, writePath('/api/v3/write_lp', DATABASE, 'nanosecond'), Buffer.from(`m,host=h${n % 3} v=${n + 1} ${n + 1}000000000\n`));
      assert.equal(status, 204);
      await until(`commit ${n}`, () => version() >= n);
    }
    await until('the checkpoint', () => names().some((name) => /^0{17}1\d\d\.checkpoint\.parquet$/.test(name)) && !names().includes(`${String(99).padStart(20, '0')}.json`));
    const read = (): unknown => {
      const { stdout, stderr, status } = spawnSync(found.python, ['-c', SCRIPT, tableFolder(dataDir, 'm')], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout);
    };
    const expected = { rows: COMMITS, sum: (COMMITS * (COMMITS + 1)) / 2, files: COMMITS, records: COMMITS, least: 1, greatest: COMMITS, filtered: 5 };
    assert.deepEqual(read(), { version: COMMITS - 1, ...expected });
    await server.kill();
    const again = await TestServer.start(dataDir, ['--without-auth', '--maintenance-cpu', '0']);
    const { code, stdout, stderr } = sluice(['query', '--data-dir', dataDir, '--database', DATABASE, '--format', 'csv', 'SELECT count(*), sum(v) FROM m']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`\\b${COMMITS},${expected.sum}`));
    assert.equal(sluice(['compact', '--data-dir', dataDir]).code, 0);
    assert.deepEqual(read(), { version: COMMITS, ...expected, files: 1, records: COMMITS });
    await again.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
