/** The SQL of docs/reading.md and docs/tables.md shows each point once, with the newest value of each field, as `sluice query` does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { pageSnippets } from '../clients/page.js';
import { post, writePath } from '../e2e/client.js';
import { readDatabase } from '../e2e/delta-folder.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';

const statements = ['reading.md', 'tables.md'].flatMap(pageSnippets).filter(({ language }) => language === 'sql').map(({ text }) => text);

/** All rows of a statement as text, in an order of their own. DuckDB's extension for Delta may be missing: the live files stand in. */
async function rowsOf(statement: string, files: readonly string[]): Promise<string[]> {
  const duck = await openDuck('reader');
  try {
    const ours = statement.replace(/delta_scan\('[^']*'\)/, `read_parquet([${files.map(quoteText).join(', ')}], union_by_name = true)`);
    const { rows } = await duck.stream(`SELECT COLUMNS(*)::VARCHAR FROM (${ours})`);
    const all: string[] = [];
    for await (const chunk of rows) all.push(...chunk.map((row) => row.map(String).join(' ')));
    return all.sort();
  } finally {
    duck.close();
  }
}

test('the SQL that the pages print shows each point once', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    const flushed: readonly (readonly string[])[] = [
      ['climate,room=a temperature=1,humidity=10i 1735689600000000001', 'climate temperature=5,humidity=50i 1735689600000000000'],
      ['climate,room=a temperature=2 1735689600000000001', 'climate,room=b humidity=30i 1735689600000000001'],
      ['climate,room=a humidity=11i 1735689600000000001', 'climate humidity=51i 1735689600000000000', 'climate,room=a temperature=9,humidity=90i 1735689600000000002'],
    ];
    for (const lines of flushed) {
      for (const line of lines) assert.equal((await post(server.url, writePath('/write', 'home', 'ns'), Buffer.from(line))).status, 204);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    }
    const files = readDatabase(dataDir, 'home').get('climate')!.files.map(({ path }) => path);
    assert.ok(files.length >= flushed.length);
    assert.equal(statements.length, 2);
    for (const statement of statements) {
      const rows = [['a', 1, '2.0', 11], ['a', 2, '9.0', 90], ['b', 1, null, 30], [null, 0, '5.0', 51]] as const;
      const expected = rows.map(([room, ns, temperature, humidity]) => (
        [room, '2025-01-01 00:00:00+00', ns, temperature, ...(statement.includes('humidity') ? [humidity] : [])].map(String).join(' ')));
      assert.deepEqual(await rowsOf(statement, files), expected);
    }
    await server.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
