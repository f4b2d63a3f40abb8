/**
 * The check held against 78 Delta tables by other writers whose contents are known (`../shared/delta` beside the project):
 * what is to be read has no problem and the rows it should have, what asks for more is refused by the names of what it
 * asks for, what is broken is broken in the way that is said of it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkTable } from '../../src/check/table.js';
import { systemDisk } from '../../src/disk.js';
import { openDuck, type Duck } from '../../src/query/duckdb.js';
import { root } from '../root.js';

interface Golden {
  readonly table: string;
  readonly expect: 'read' | 'refuse' | 'error';
  readonly feature?: readonly string[];
  readonly kind?: string;
  readonly version: number;
  readonly num_live_files: number;
  /** null: its data files are not there. */
  readonly row_count: number | null;
}

const golden = process.env['SLUICE_GOLDEN_TABLES'] ?? join(root, '../shared/delta/tables');
const list = join(golden, '../expected.jsonl');
const skip = existsSync(list) ? false : `${list} is not there: the tables by other writers lie beside the project`;
const tables = skip === false ? readFileSync(list, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Golden) : [];

describe('[issue 14 6] tables of other writers', { skip }, () => {
  let duck: Duck;
  before(async () => {
    duck = await openDuck('checked');
  });
  after(() => duck?.close());
  const check = (table: string) => checkTable(systemDisk, duck, { name: table, folder: join(golden, table), committedTo: new Map() });

  test('all kinds are there', () => {
    for (const expect of ['read', 'refuse', 'error']) assert.ok(tables.filter((table) => table.expect === expect).length >= 10, expect);
  });

  for (const { expect, feature = [], kind, num_live_files: files, row_count: rows, table, version } of tables) {
    test(`${table}: ${expect} ${kind ?? feature.join(', ')}`, async () => {
      const report = await check(table);
      const codes = report.problems.map(({ code }) => code);
      if (expect === 'read') {
        // One table's note of the newest checkpoint is empty, which harms no reader; three have a log and no files.
        const excused = table.startsWith('corrupted-last-checkpoint') ? 'last-checkpoint' : rows === null ? 'file-missing' : null;
        assert.deepEqual(report.problems.filter(({ code }) => code !== excused), []);
        assert.deepEqual([report.version, report.files, report.rows], [version, files, rows ?? 0]);
        if (excused !== null) assert.ok(codes.length > 0);
      } else if (expect === 'refuse') {
        assert.deepEqual(codes, ['refused']);
        for (const name of feature) assert.match(report.problems[0]!.why, name === 'protocol-version' ? /protocol version \d+/ : new RegExp(`\\b${name}\\b`));
      } else {
        assert.ok((codes as readonly string[]).includes(kind!), JSON.stringify(report.problems));
      }
    });
  }
});
