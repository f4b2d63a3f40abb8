/** Deletes as conditions of SQL: to the nanosecond, with and without tags and numbers, by file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import { FIRST_NS, LAST_NS, type DeletedRows } from '../../src/model/tombstone.js';
import { byDeletes, withoutDeleted } from '../../src/query/deleted-rows.js';
import { openDuck } from '../../src/query/duckdb.js';

const COLUMNS = [{ kind: KIND_TAG, key: 'host', name: 'host' }, { kind: KIND_TAG, key: 'Rack', name: 'rack~2' }, { kind: KIND_F64, key: 'v', name: 'v' }];
const ALL: DeletedRows = { firstNs: String(FIRST_NS), lastNs: String(LAST_NS), tags: [], seq: 10, takesUnnumbered: true };
/** v, its time in nanoseconds since 1970, seq, host, rack. */
const ROWS = [[1, 1998, 5, 'a', null], [2, 1999, 5, "it's", 'r'], [3, 2000, 5, null, 'r'], [4, 2001, 10, 'a', null], [5, -1, 9, 'a', 'r'], [6, 5000, 0, 'a', null], [7, 5000, null, null, null]] as const;

test('[issue 14 4] rows of a delete are left out, and no others', async () => {
  const duck = await openDuck('deletes');
  const literal = (value: string | number | null): string => (typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value));
  const rows = ROWS.map(([v, ns, seq, host, rack]) => `SELECT ${v}::DOUBLE AS v, make_timestamptz(${Math.floor(ns / 1000)}) AS time, ${ns - 1000 * Math.floor(ns / 1000)}::INTEGER AS sluice_ns, `
    + `${seq}::BIGINT AS sluice_seq, ${literal(host)}::VARCHAR AS host, ${literal(rack)}::VARCHAR AS "rack~2"`).join(' UNION ALL ');
  const left = async (...deletes: readonly Partial<DeletedRows>[]): Promise<number[]> => {
    const { rows: chunks } = await duck.stream(`SELECT v FROM (${withoutDeleted(rows, deletes.map((each) => ({ ...ALL, ...each })), { columns: COLUMNS })}) ORDER BY v`);
    const found: number[] = [];
    for await (const chunk of chunks) found.push(...chunk.map(([v]) => Number(v)));
    return found;
  };
  try {
    for (const [what, deletes, rest] of [
      ['all of before', [{}], [4]],
      ['not those of other writers that came later', [{ takesUnnumbered: false }], [4, 6, 7]],
      ['from a nanosecond', [{ firstNs: '1999' }], [1, 4, 5]], ['from a microsecond', [{ firstNs: '2000' }], [1, 2, 4, 5]],
      ['up to a nanosecond', [{ lastNs: '1998' }], [2, 3, 4, 6, 7]], ['up to the end of a microsecond', [{ lastNs: '1999' }], [3, 4, 6, 7]], ['up to before 1970', [{ lastNs: '-1' }], [1, 2, 3, 4, 6, 7]],
      ['a tag', [{ tags: [['host', 'a']] as const }], [2, 3, 4, 7]], ['a tag with a quote', [{ tags: [['host', "it's"]] as const }], [1, 3, 4, 5, 6, 7]],
      ['without a tag', [{ tags: [['host', '']] as const }], [1, 2, 4, 5, 6]], ['by the key, not the name in files', [{ tags: [['Rack', 'r'], ['host', 'a']] as const }], [1, 2, 3, 4, 6, 7]],
      ['a tag that the table has not', [{ tags: [['none', 'x']] as const }], [1, 2, 3, 4, 5, 6, 7]], ['without a tag that the table has not', [{ tags: [['none', '']] as const }], [4]],
      ['several', [{ firstNs: '2000', lastNs: '2000' }, { tags: [['host', 'a']] as const, seq: 11 }], [2, 7]],
      ['none', [], [1, 2, 3, 4, 5, 6, 7]],
    ] as const) assert.deepEqual(await left(...deletes), rest, what);
  } finally {
    duck.close();
  }
});

test('[issue 14 4] files are read together that the same deletes may touch; one of which nothing is said by all', () => {
  const deletes = [ALL, { ...ALL, seq: 20 }];
  const groups = byDeletes({ deletes, deletesOf: new Map([['a', []], ['b', [1]], ['c', [1]]]) }, ['a', 'b', 'c', 'draft']);
  assert.deepEqual(groups.map(({ deletes: of, files }) => [files, of.map(({ seq }) => seq)]), [[['a'], []], [['b', 'c'], [20]], [['draft'], [10, 20]]]);
});
