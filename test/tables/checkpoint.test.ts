/** Logs that were cleaned behind a checkpoint: read from it on, as other writers leave them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDuck, quoteText } from '../../src/query/duckdb.js';
import { decodeCheckpoint } from '../../src/tables/delta/checkpoint-file.js';
import { checkpointsIn } from '../../src/tables/delta/checkpoint.js';
import { loadTable, type LoadedTable } from '../../src/tables/delta/table-log.js';
import { TableRefused } from '../../src/tables/delta/table-state.js';
import type { TableStore } from '../../src/tables/table-store.js';

const NODE = '3fa9c1e2';
const SCHEMA = JSON.stringify({ type: 'struct', fields: [{ name: 'time', type: 'timestamp', nullable: false, metadata: {} }] });
const METADATA = { id: 'x', description: 'sluice table 7 of database db', format: { provider: 'parquet', options: {} }, schemaString: SCHEMA, partitionColumns: [], configuration: { a: 'b' }, createdTime: 5 };
const LINES = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  { metaData: METADATA },
  { add: { path: 'live%20one.parquet', size: 10, stats: '{"numRecords":4}' } },
  { remove: { path: 'gone.parquet', deletionTimestamp: 1 } },
  { txn: { appId: `sluice-${NODE}`, version: 900 } },
  { txn: { appId: 'spark', version: 901 } },
].map((line) => JSON.stringify(line));
const seq = (version: number): string => String(version).padStart(20, '0');
const commit = (version: number): [string, string] => [`${seq(version)}.json`, `${JSON.stringify({ add: { path: `later${version}.parquet`, size: 1 } })}\n`];

/** Loads a table whose log has these files; a checkpoint says `lines`. */
function load(files: ReadonlyMap<string, string>, lines: readonly string[] = LINES, seqMax = 1000): Promise<LoadedTable> {
  const store = {
    list: async () => [...files.keys()].sort(),
    get: async (path: string) => (files.has(path.slice('db/m/_delta_log/'.length)) ? Buffer.from(files.get(path.slice('db/m/_delta_log/'.length))!) : null),
  } as unknown as TableStore;
  return loadTable(store, 'db/m', {
    node: NODE, seqMax: () => seqMax,
    readCheckpoint: async (paths) => {
      for (const path of paths) assert.ok(files.has(path.slice('db/m/_delta_log/'.length)), path);
      return { lines, isOurs: false };
    },
  });
}

test('a cleaned log is read from its newest checkpoint on', async () => {
  const { files, state } = await load(new Map([[`${seq(3)}.checkpoint.parquet`, ''], [`${seq(7)}.checkpoint.parquet`, ''], commit(7), commit(8)]));
  assert.deepEqual([state.version, state.checkpoint, state.flushedTo], [8, 7, 900]);
  assert.deepEqual(files!.live().map(({ path, rows }) => [path, rows]), [['live one.parquet', 4], ['later8.parquet', null]]);
  assert.deepEqual(['live one.parquet', 'gone.parquet', 'later8.parquet', 'other.parquet'].map((path) => files!.isNamed(path)), [true, true, true, false]);
  assert.deepEqual(state.metaData, METADATA);
  assert.equal((await load(new Map([[`${seq(7)}.checkpoint.parquet`, '']]))).state.version, 7);
});

test('a checkpoint of several files counts when all are there; an older one leads on where commits are there', async () => {
  const part = (version: number, each: number, of: number): string => `${seq(version)}.checkpoint.${String(each).padStart(10, '0')}.${String(of).padStart(10, '0')}.parquet`;
  assert.deepEqual(checkpointsIn([part(4, 1, 2), part(4, 2, 2), part(9, 1, 2), `${seq(2)}.checkpoint.parquet`, `${seq(2)}.json`, '_last_checkpoint']),
    [{ version: 4, of: 2, names: [part(4, 1, 2), part(4, 2, 2)] }, { version: 2, of: 1, names: [`${seq(2)}.checkpoint.parquet`] }]);
  const files = new Map([[part(4, 1, 2), ''], [part(4, 2, 2), ''], [part(6, 1, 2), ''], commit(5), commit(6), commit(7)]);
  const { state } = await load(files);
  assert.deepEqual([state.version, state.checkpoint], [7, 4]);
});

test('a log that no checkpoint leads through is refused, and so is one that does not say what it must', async () => {
  const checkpoint = `${seq(4)}.checkpoint.parquet`;
  const cases: [files: [string, string][], words: RegExp, lines?: string[], numberMax?: number][] = [
    [[commit(3)], /its log begins at version 3, and no checkpoint leads there/],
    [[[checkpoint, ''], commit(6)], /its log begins at version 6, and no checkpoint leads there/],
    [[[checkpoint, ''], commit(5), commit(7)], /no checkpoint leads there|has no version/],
    [[[`${seq(4)}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`, ''], commit(4)], /checkpoint of version 2, which sluice does not read/],
    [[[checkpoint, '']], /checkpoint 4 cannot be read: .*which was never given/, LINES, 899],
    [[[checkpoint, '']], /checkpoint 4 cannot be read: it says nothing of the table/, []],
    [[[checkpoint, '']], /it needs a reader of version 3 with catalogManaged/, [...LINES, JSON.stringify({ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['catalogManaged'] } })]],
  ];
  for (const [files, words, lines, seqMax] of cases) {
    await assert.rejects(load(new Map(files), lines, seqMax), (error) => error instanceof TableRefused && words.test(error.message), String(words));
  }
});

test('the rows of a checkpoint file are lines as in a commit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sl-ck-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, `it's.parquet`);
  const duck = await openDuck('maker');
  await duck.run(`COPY (
    SELECT {'minReaderVersion': 1, 'minWriterVersion': 2} AS protocol, NULL::STRUCT(path VARCHAR, size BIGINT, "partitionValues" MAP(VARCHAR, VARCHAR), stats VARCHAR) AS add
    UNION ALL SELECT NULL, {'path': 'a b.parquet', 'size': 9007199254740991, 'partitionValues': MAP {'k': 'v'}, 'stats': '{"numRecords":1,"maxValues":{"v":18446744073709551615}}'}
  ) TO ${quoteText(path)} (FORMAT parquet)`);
  duck.close();
  const { isOurs, lines } = await decodeCheckpoint([readFileSync(path)], 4);
  assert.equal(isOurs, false);
  assert.deepEqual(lines.map((line) => JSON.parse(line) as unknown), [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    { add: { path: 'a b.parquet', size: 9007199254740991, partitionValues: { k: 'v' }, stats: '{"numRecords":1,"maxValues":{"v":18446744073709551615}}' } },
  ]);
});
