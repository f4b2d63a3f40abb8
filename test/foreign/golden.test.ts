/** Tables of other writers, with what is expected of each: the log is read to the same files, or refused by name. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { decodeCheckpoint } from '../../src/tables/delta/checkpoint-file.js';
import { loadTable } from '../../src/tables/delta/table-log.js';
import { TableRefused, type OwnNode } from '../../src/tables/delta/table-state.js';
import { localTableStore } from '../../src/tables/local-store.js';
import type { TableStore } from '../../src/tables/table-store.js';
import { root } from '../root.js';

/** Of `expected.jsonl`, what is used here. */
interface Expected {
  readonly table: string;
  readonly expect: 'read' | 'refuse' | 'error';
  readonly feature?: readonly string[];
  readonly kind?: string;
  readonly version?: number;
  readonly checkpoint?: number | null;
  readonly partition_columns?: readonly string[];
  readonly live_files?: readonly string[];
}

const folder = process.env['SLUICE_GOLDEN_TABLES'] ?? join(dirname(root), 'shared', 'delta', 'tables');
const list = join(dirname(folder), 'expected.jsonl');
const skip = existsSync(list) ? false : `${list} is not there (SLUICE_GOLDEN_TABLES names the folder of tables beside it)`;
const expected = skip === false ? readFileSync(list, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Expected) : [];

/** Tables whose logs say nothing of their columns, or of what they ask of readers: sluice takes them for empty. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['no-metadata', 'no-protocol', 'not-a-table']);
/** Features that ask nothing of who reads, or whose effects sluice looks for itself. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['vacuumProtocolCheck', 'timestampNtz', 'v2Checkpoint', 'protocol-version']);

const store = localTableStore({ ...systemDisk, syncFolder: async () => undefined }, folder, join(folder, 'tmp'));

interface Read {
  readonly version: number;
  readonly checkpoint: number | null;
  /** Sorted. */
  readonly files: readonly string[];
}

/** What a table is read as, or why it is refused. @param from commits before it are as if they were cleaned away */
async function outcome(table: string, from = 0): Promise<Read | string> {
  const cleaned: TableStore = { ...store, list: async (path) => (await store.list(path)).filter((name) => !/^\d{20}\.json$/.test(name) || Number(name.slice(0, 20)) >= from) };
  const own: OwnNode = {
    node: '3fa9c1e2', seqMax: () => Number.MAX_SAFE_INTEGER,
    readCheckpoint: async (paths, version) => decodeCheckpoint(await Promise.all(paths.map(async (path) => (await store.get(path))!)), version),
  };
  try {
    const { files, state } = await loadTable(cleaned, table, own);
    return { version: state.version, checkpoint: state.checkpoint, files: files!.live().map(({ path }) => path).sort() };
  } catch (error) {
    assert.ok(error instanceof TableRefused, String(error));
    return error.message;
  }
}

function check({ expect, feature, kind, live_files: files, partition_columns: partition, version }: Expected, found: Read | string): void {
  if (expect === 'read' && partition?.length === 0) {
    assert.ok(typeof found !== 'string', String(found));
    assert.deepEqual([found.version, found.files], [version, files!.map(decodeURIComponent).sort()]);
  } else if (expect === 'read') {
    assert.ok(typeof found === 'string' && found.includes(`partition columns (${partition!.join(', ')})`), JSON.stringify(found));
  } else if (expect === 'refuse') {
    assert.ok(typeof found === 'string' || feature!.every((each) => WITHOUT_EFFECT.has(each)), JSON.stringify(found));
  } else if (!SAYS_NOTHING.has(kind!)) {
    assert.match(String(found), kind === 'version-gap' ? /has no version 1 but a version 2/ : /"metaData\.schemaString" is missing/);
  }
}

test('[issue 14 1] logs of other writers are read to the files that they have, or refused by name', { skip }, async (t) => {
  for (const each of expected) await t.test(`${each.table}: ${each.expect}`, async () => check(each, await outcome(each.table)));
});

test('[issue 14 1] and the same from their checkpoints, when the commits before are gone', { skip }, async (t) => {
  for (const each of expected.filter(({ checkpoint }) => typeof checkpoint === 'number')) {
    await t.test(each.table, async () => {
      const found = await outcome(each.table, each.checkpoint!);
      check(each, found);
      if (typeof found !== 'string') assert.equal(found.checkpoint, each.checkpoint === 0 ? null : each.checkpoint);
    });
  }
  for (const table of ['v2-checkpoint-json', 'v2-checkpoint-parquet']) {
    await t.test(table, async () => assert.match(String(await outcome(table, 2)), /its log begins with a checkpoint of version 2, which sluice does not read/));
  }
});
