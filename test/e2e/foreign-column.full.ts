/** A column that another writer added under a name of ours is left alone: ours has another name in files, and its own in queries. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post, writePath } from './client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from './server.js';

const name = (version: number): string => `${String(version).padStart(20, '0')}.json`;

test('[issue 14 1] lines go on beside a column of another writer that is called like one of theirs', async () => {
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir);
    const log = join(dataDir, 'tables/db/m/_delta_log');
    const written = async (line: string): Promise<void> => {
      assert.equal((await post(server.url, writePath('/api/v3/write_lp', 'db', 'nanosecond'), Buffer.from(line))).status, 204);
      const { code, stderr } = sluice(['flush', '--data-dir', dataDir]);
      assert.equal(code, 0, stderr);
    };
    await written('m v=1 1000\n');
    const lines = readFileSync(join(log, name(0)), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { metaData?: { schemaString: string } });
    const metaData = lines.find((line) => line.metaData)!.metaData!;
    const schema = JSON.parse(metaData.schemaString) as { fields: object[] };
    const theirs = { name: 'later', type: 'string', nullable: true, metadata: {} };
    writeFileSync(join(log, name(1)), `${JSON.stringify({ metaData: { ...metaData, schemaString: JSON.stringify({ ...schema, fields: [...schema.fields, theirs] }) } })}\n`);
    await written('m v=3,later=7i 3000\n'); // its commit meets that of the other writer
    const last = readdirSync(log).filter((each) => each.endsWith('.json')).sort().at(-1)!;
    const text = readFileSync(join(log, last), 'utf8').split('\n').find((line) => line.startsWith('{"metaData"'))!;
    const { fields } = JSON.parse((JSON.parse(text) as { metaData: { schemaString: string } }).metaData.schemaString) as { fields: { name: string; type: string; metadata: object }[] };
    assert.deepEqual(fields.filter((field) => /later/.test(field.name)).map((field) => [field.name, field.type, field.metadata]), [
      ['later~2', 'long', { 'sluice.id': 2, 'sluice.key': 'later', 'sluice.kind': 'field' }], ['later', 'string', {}],
    ]);
    const query = (): string => sluice(['query', '--data-dir', dataDir, '--database', 'db', '--format', 'csv', 'SELECT v, later FROM m ORDER BY v']).stdout;
    assert.equal(query(), 'v,later\n1,\n3,7\n');
    await server.kill();
    const again = await TestServer.start(dataDir);
    assert.equal(query(), 'v,later\n1,\n3,7\n');
    assert.equal((await post(again.url, writePath('/api/v3/write_lp', 'db', 'nanosecond'), Buffer.from('m v=4,later=8i 4000\n'))).status, 204);
    assert.match(query(), /\n4,8\n$/);
    await again.stop();
  } finally {
    removeDataDir(dataDir);
  }
});
