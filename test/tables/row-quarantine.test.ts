/** Rows in quarantine: written, found again by the next start, taken away; a manifest that is damaged stays and is said. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { KIND_F64 } from '../../assembly/layout/codes.js';
import { RowQuarantine, type QuarantinedRows } from '../../src/tables/row-quarantine.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemDisk } from '../../src/disk.js';
import { localTableStore } from '../../src/tables/local-store.js';
import type { TableStore } from '../../src/tables/table-store.js';

const ROWS: QuarantinedRows = {
  database: 'db', measurement: 'a "name"', folder: 'db/cpu', seq: 1000, columns: [{ id: 1, kind: KIND_F64, key: 'v', name: 'v' }],
  files: ['x.parquet'], rows: 5, reason: 'it needs a writer of version 7', time: '2026-01-01T00:00:00.000Z',
};

function makeStore(t: TestContext): TableStore {
  const root = mkdtempSync(join(tmpdir(), 'sl-rows-'));
  t.after(() => rmSync(root, { recursive: true }));
  return localTableStore(systemDisk, join(root, 'rows'), join(root, 'tmp'));
}

test('what was written is found by the next start, oldest number first, until it is removed', async (t) => {
  const store = makeStore(t);
  const quarantine = await RowQuarantine.open(store, '0a1b2c3d');
  assert.deepEqual([quarantine.lots(), quarantine.problems()], [[], []]);
  await store.putIfAbsent('db/cpu/x.parquet', Buffer.from('x'));
  await quarantine.add({ ...ROWS, seq: 2000, files: [], rows: 2 });
  await quarantine.add(ROWS);
  await quarantine.add({ ...ROWS, rows: 7 });
  const next = await RowQuarantine.open(store, '0a1b2c3d');
  for (const each of [quarantine, next]) {
    assert.deepEqual(each.lots().map(({ seq, rows }) => [seq, rows]), [[1000, 5], [2000, 2]]);
    assert.equal(each.problems().length, 1);
    assert.match(each.problems()[0]!, /^7 rows of table db\/cpu are in quarantine\/tables\/db\/cpu \(it needs a writer of version 7\): sluice import --quarantine writes them again$/);
  }
  assert.deepEqual({ ...next.lots()[0]!, path: '' }, { ...ROWS, path: '' });
  assert.equal(await next.remove(next.lots()[0]!.path), true);
  assert.equal(await next.remove('db/cpu/none.json'), false);
  assert.equal(await store.size('db/cpu/x.parquet'), null);
  assert.deepEqual((await RowQuarantine.open(store, '0a1b2c3d')).lots().map(({ seq }) => seq), [2000]);
});

test('a manifest that cannot be read hides no other, stays and is said', async (t) => {
  const store = makeStore(t);
  const quarantine = await RowQuarantine.open(store, '0a1b2c3d');
  await quarantine.add(ROWS);
  await store.putIfAbsent('db/cpu/0a1b2c3d-0000000000000500.json', Buffer.from('{"format":1}'));
  await store.putIfAbsent('a-file', Buffer.from('no folder'));
  await store.putIfAbsent('db/a-file', Buffer.from('no folder'));
  const next = await RowQuarantine.open(store, '0a1b2c3d');
  assert.deepEqual(next.lots().map(({ seq }) => seq), [1000]);
  assert.match(next.problems().join(), /quarantine\/tables\/db\/cpu\/0a1b2c3d-0000000000000500\.json cannot be read, the rows that it describes stay: it has no checksum/);
  for (const stray of ['a-file', 'db/a-file']) assert.match(next.problems().join(), new RegExp(`rows in quarantine/tables/${stray} cannot be listed`));
});

test('a manifest on disk has the keys that DESIGN names', async (t) => {
  const store = makeStore(t);
  await (await RowQuarantine.open(store, '0a1b2c3d')).add(ROWS);
  const { crc, ...manifest } = JSON.parse((await store.get('db/cpu/0a1b2c3d-0000000000001000.json'))!.toString()) as Record<string, unknown>;
  assert.match(String(crc), /^[0-9a-f]{8}$/);
  const { seq, ...rest } = ROWS;
  assert.deepEqual(manifest, { format: 1, number: seq, ...rest });
});
