/** Damages planted one by one into tables of ours: each is found, and said to be what it is. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openDuck, quoteText, type Duck } from '../../src/query/duckdb.js';
import { removeDataDir, sluice } from '../e2e/server.js';
import { Copy, makeOwnTables } from './own-tables.js';

type Damage = (copy: Copy, duck: Duck) => Promise<void> | void;

/** The add of a file, out of a commit. */
function addIn(copy: Copy, version: number): Record<string, unknown> {
  const line = readFileSync(copy.commitPath(version), 'utf8').split('\n').find((text) => text.startsWith('{"add"'))!;
  return (JSON.parse(line) as { add: Record<string, unknown> }).add;
}

/** Writes a checkpoint of the commits up to a version, all but some of its files. */
async function checkpointOf(copy: Copy, duck: Duck, version: number, leftOut = ''): Promise<void> {
  const commits = Array.from({ length: version + 1 }, (_, at) => quoteText(copy.commitPath(at))).join(', ');
  const columns = "{protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)', "
    + "metaData: 'STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR))', "
    + "add: 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR)', "
    + "txn: 'STRUCT(appId VARCHAR, version BIGINT)'}";
  const rows = `SELECT protocol, metaData, add, txn, row_number() OVER () AS place FROM read_json([${commits}], format = 'newline_delimited', columns = ${columns}, maximum_object_size = 100000000)`;
  const newest = (kind: string, by: string): string => `SELECT max(place) FROM r WHERE ${kind} IS NOT NULL ${by}`;
  const wanted = `add IS NOT NULL AND add.path <> ${quoteText(leftOut)} OR place IN (${newest('protocol', '')}) OR place IN (${newest('metaData', '')}) OR place IN (${newest('txn', '')})`;
  const path = join(copy.folder, '_delta_log', `${String(version).padStart(20, '0')}.checkpoint.parquet`);
  await duck.run(`COPY (WITH r AS MATERIALIZED (${rows}) SELECT * EXCLUDE place FROM r WHERE ${wanted}) TO ${quoteText(path)} (FORMAT parquet)`);
}

const DAMAGES: readonly (readonly [name: string, damage: Damage, found: RegExp])[] = [
  ['a bit of a commit', (copy) => copy.edit(copy.commitPath(1), (text) => text.replace('numRecords\\":2', 'numRecords\\":3')), /^commit-mark version 1: its checksum/m],
  ['a commit cut in a line', (copy) => truncateSync(copy.commitPath(1), statSync(copy.commitPath(1)).size - 40), /^commit version 1: line 4/m],
  ['a commit cut behind a line', (copy) => copy.edit(copy.commitPath(2), (text) => text.slice(0, text.indexOf('\n') + 1)), /^commit-mark version 2: it adds .* no sluice signed it/m],
  ['an empty commit', (copy) => truncateSync(copy.commitPath(2), 0), /^commit version 2: it is empty/m],
  ['a commit that is missing', (copy) => rmSync(copy.commitPath(1)), /^version-gap table: behind version 0 there is none before 2/m],
  ['the newest commit missing', (copy) => rmSync(copy.commitPath(2)), /^catalog table: .*its newest commits are missing/m],
  ['all of a log missing', (copy) => rmSync(join(copy.folder, '_delta_log'), { recursive: true }), /^catalog: table home\.climate was flushed .* has no log/m],
  ['a file that is missing', (copy) => rmSync(join(copy.folder, copy.files[0]!)), /^file-missing \S+-\d+\.parquet: there is no such file/m],
  ['a file cut', (copy) => truncateSync(join(copy.folder, copy.files[0]!), 500), /^file-size .*\n.*^file-unreadable /ms],
  ['a file that is another of the same table', (copy) => copyFileSync(join(copy.folder, copy.files[1]!), join(copy.folder, copy.files[0]!)), /^file-rows /m],
  ['a footer that is no footer', (copy) => copy.edit(join(copy.folder, copy.files[0]!), (bytes) => `${bytes.slice(0, -40)}${'\xff'.repeat(30)}${bytes.slice(-10)}`), /^file-unreadable /m],
  ['rows that the statistics miscount', (copy) => copy.forge(1, (text) => text.replace('numRecords\\":2', 'numRecords\\":3')), /^file-rows .* 2 rows, and its add says 3/m],
  ['a least value that is too great', (copy) => copy.forge(0, (text) => text.replace('humidity\\":-9223372036854775808', 'humidity\\":-9223372036854775807')), /^statistics .* column humidity holds -9223372036854775808/m],
  ['a greatest value that is too small by one in 2^64', (copy) => copy.forge(0, (text) => text.replaceAll('18446744073709551615', '18446744073709551614')), /^statistics .* column u holds 18446744073709551615/m],
  ['a greatest text that is only cut', (copy) => copy.forge(0, (text) => text.replace(/(z{31})\{/, '$1z')), /^statistics .* column text holds zzz/m],
  ['a greatest time that is cut', (copy) => copy.forge(0, (text) => text.replace('2262-04-11T23:47:16.855Z', '2262-04-11T23:47:16.854Z')), /^statistics .* column time holds/m],
  ['a count of nulls', (copy) => copy.forge(1, (text) => text.replace(/(nullCount.*\\"u\\":)1/, '$10')), /^statistics .* column u has 1 nulls/m],
  ['a column without bounds', (copy) => copy.forge(0, (text) => text.replace(/\\"ok\\":false,/, '')), /^statistics .* column ok has values and no least one/m],
  ['statistics that are no JSON', (copy) => copy.forge(1, (text) => text.replace('{\\"numRecords', '{numRecords')), /^statistics .* cannot be read/m],
  ['a type that the files do not have', (copy) => copy.forge(1, (text) => text.replace(/(humidity\\",\\"type\\":)\\"long\\"/, '$1\\"double\\"')), /^file-columns .* column humidity is BIGINT/m],
  ['a column that the table does not have', (copy) => copy.forge(1, (text) => text.replace(/\\"name\\":\\"humidity\\"/, '\\"name\\":\\"gone\\"')), /^file-columns .* no column humidity/m],
  ['two columns equal but for case', (copy) => copy.forge(1, (text) => text.replace(/\\"name\\":\\"humidity\\"/, '\\"name\\":\\"ROOM\\"')), /^schema table: columns room and ROOM/m],
  ['a schema that is no JSON', (copy) => copy.forge(1, (text) => text.replace('"schemaString":"{', '"schemaString":"[')), /^schema table: /m],
  ['a protocol of a later reader', (copy) => copy.forge(0, (text) => text.replace('"minReaderVersion":1,"minWriterVersion":2', '"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]')), /^refused table: .*version 3 with deletionVectors/m],
  ['a seq before that is not', (copy) => copy.forge(2, (text) => text.replace(/"sluicePrevious":\d+/, '"sluicePrevious":7')), /^commit-mark version 2: it calls 7 the seq of the commit before/m],
  ['a seq that goes back', (copy) => copy.forge(2, (text) => text.replace(/("appId":"sluice-\w+","version":)\d+/, '$15')), /^commit-mark version 2: its seq 5 is not above/m],
  ['a file of another commit', (copy) => copy.forge(2, (text) => text.replace(/-\d{16}-(\d+)\.parquet/, '-0000000000000009-$1.parquet')), /^commit-mark version 2: it is of seq .* and adds /m],
  ['an add that another writer made twice', (copy) => copy.commit(3, { add: { ...addIn(copy, 1) } }), /^file-twice version 3: .* which an earlier version added/m],
  ['a file added twice in one commit', (copy) => copy.commit(3, { add: addIn(copy, 1) }, { add: addIn(copy, 1) }), /^file-twice version 3: it adds .* twice/m],
  ['a remove without an add', (copy) => copy.commit(3, { remove: { path: 'nothing.parquet', dataChange: true } }), /^remove-without-add version 3: /m],
  ['an add that lacks its size', (copy) => copy.commit(3, { add: { ...addIn(copy, 1), size: undefined } }), /^commit version 3: line 1: "add.size" is missing/m],
  ['two actions in a line', (copy) => copy.commit(3, { add: addIn(copy, 1), remove: { path: 'x' } }), /^commit version 3: line 1: a line holds add and remove/m],
  ['rows that stand in two files', (copy) => {
    const add = addIn(copy, 1);
    const twin = String(add['path']).replace(/-\d+\.parquet/, '-7.parquet');
    copyFileSync(join(copy.folder, String(add['path'])), join(copy.folder, twin));
    copy.forge(1, (text) => `${Buffer.from(JSON.stringify({ add: { ...add, path: twin } })).toString('latin1')}\n${text}`);
  }, /^row-twice 2 files: 2 points/m],
  ['rows newer than the name of their file', (copy) => {
    const { path } = addIn(copy, 2) as { path: string };
    const old = path.replace(/\d{16}/, '0000000000000009');
    renameSync(join(copy.folder, path), join(copy.folder, old));
    copy.forge(2, (text) => text.replace(path, old));
  }, /^row .* sluice_seq goes from .* the file's name says at most 9/m],
  ['a checkpoint that is no Parquet', (copy) => writeFileSync(join(copy.folder, '_delta_log/00000000000000000001.checkpoint.parquet'), 'PAR1'), /^checkpoint checkpoint 1: it cannot be read/m],
  ['a checkpoint without a live file', (copy, duck) => checkpointOf(copy, duck, 2, String(addIn(copy, 1)['path'])), /^checkpoint checkpoint 2: it lacks 1 live files/m],
  ['a checkpoint of which a part is missing', async (copy, duck) => {
    await checkpointOf(copy, duck, 2);
    const log = join(copy.folder, '_delta_log');
    renameSync(join(log, '00000000000000000002.checkpoint.parquet'), join(log, '00000000000000000002.checkpoint.0000000001.0000000002.parquet'));
  }, /^checkpoint checkpoint 2: parts of it are missing/m],
  ['a note of a checkpoint that is not there', (copy) => writeFileSync(join(copy.folder, '_delta_log/_last_checkpoint'), '{"version":1,"size":3}'), /^last-checkpoint _last_checkpoint: it names version 1/m],
  ['a bit of the catalog', (copy) => copy.edit(join(copy.dataDir, 'catalog.json'), (text) => text.replace('"upTo":1', '"upTo":2')), /^catalog: catalog\.json cannot be read: its checksum/m],
];

describe('[issue 14 6] damages of tables of ours', () => {
  let own: string;
  let duck: Duck;
  before(async () => {
    own = await makeOwnTables(async (dataDir) => {
      const { code, stderr, stdout } = sluice(['check', '--data-dir', dataDir]);
      assert.deepEqual([code, stderr], [0, ''], stdout);
      assert.match(stdout, /^1 table, 3 commits, 3 live files, 6 rows: no problem$/m);
    });
    duck = await openDuck('checked');
  });
  after(() => {
    duck?.close();
    if (own !== undefined) removeDataDir(own);
  });

  /** What the check says of a copy of the tables with a damage. */
  async function foundWith(damage: Damage): Promise<string[]> {
    const copy = new Copy(own);
    try {
      await damage(copy, duck);
      return await copy.check(duck);
    } finally {
      removeDataDir(copy.dataDir);
    }
  }

  test('without a damage nothing is found, also with checkpoints and without the commits before one', async () => {
    assert.deepEqual(await foundWith(() => undefined), []);
    assert.deepEqual(await foundWith((copy, db) => checkpointOf(copy, db, 1)), []);
    assert.deepEqual(await foundWith(async (copy, db) => {
      await checkpointOf(copy, db, 1);
      rmSync(copy.commitPath(0));
    }), []);
  });

  for (const [name, damage, expected] of DAMAGES) {
    test(`found: ${name}`, async () => {
      const found = (await foundWith(damage)).join('\n');
      assert.match(found, expected);
    });
  }

  test('the command says problems a line each, ends with 1, and writes them as JSON', async () => {
    const copy = new Copy(own);
    try {
      rmSync(join(copy.folder, copy.files[0]!));
      const { code, stdout } = sluice(['check', '--data-dir', copy.dataDir, 'home.climate']);
      assert.equal(code, 1);
      assert.match(stdout, /^home\.climate: \S+-\d+\.parquet: file-missing: there is no such file\n1 table, 3 commits, 3 live files, 3 rows: 1 problem\n$/);
      const json = JSON.parse(sluice(['check', '--data-dir', copy.dataDir, '--format', 'json', 'home']).stdout) as { problems: number; tables: { problems: { code: string }[] }[] };
      assert.deepEqual([json.problems, json.tables[0]!.problems[0]!.code], [1, 'file-missing']);
      assert.equal(sluice(['check', copy.folder]).code, 1);
      const none = sluice(['check', '--data-dir', copy.dataDir, 'home.nothing']);
      assert.deepEqual([none.code, none.stderr], [1, 'sluice: there is no folder and no table home.nothing (a database, or DATABASE.TABLE)\n']);
    } finally {
      removeDataDir(copy.dataDir);
    }
  });
});
