/** One table in a store that is a map, with what its committer is given. */
import assert from 'node:assert/strict';
import { KIND_F64, KIND_TAG } from '../../assembly/layout/codes.js';
import type { FlushedFile } from '../../src/model/flushed-file.js';
import type { ColumnDefinition } from '../../src/model/schema.js';
import { commitName, dataFileName, mergedFileName } from '../../src/names.js';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import type { TableStore } from '../../src/tables/table-store.js';

export const FOLDER = 'db/cpu';
export const NODE = '3fa9c1e2';
export const COLUMNS: readonly ColumnDefinition[] = [{ id: 1, kind: KIND_TAG, key: 'host', name: 'host' }, { id: 2, kind: KIND_F64, key: 'load', name: 'load' }];
export const pathOf = (version: number): string => `${FOLDER}/_delta_log/${commitName(version)}`;

/** Files by path. */
export function mapStore(files: Map<string, Buffer>): TableStore {
  return {
    put: () => assert.fail('nothing is put'),
    putIfAbsent: async (path, bytes) => !files.has(path) && files.set(path, Buffer.from(bytes)) !== undefined,
    get: async (path) => files.get(path) ?? null,
    size: async (path) => files.get(path)?.length ?? null,
    list: async (folder) => {
      const below = folder === '' ? '' : `${folder}/`;
      return [...new Set([...files.keys()].filter((path) => path.startsWith(below)).map((path) => path.slice(below.length).split('/')[0]!))].sort();
    },
    delete: async (path) => void files.delete(path),
  };
}

export function optionsOf(store: TableStore, over: Partial<CommitterOptions> = {}): CommitterOptions {
  const identity = { tableId: 7, measurement: 'cpu', database: 'db' };
  return { store, folder: FOLDER, node: NODE, identity, committedTo: 0, seqMax: () => 1e9, readCheckpoint: () => assert.fail('there is none'), ...over };
}

export function open(files: Map<string, Buffer>, over: Partial<CommitterOptions> = {}): Promise<TableCommitter> {
  return TableCommitter.open(optionsOf(mapStore(files), over));
}

function fileOf(name: string, rows: number): FlushedFile {
  const statistics = { numRecords: rows, minValues: { load: '1.5' }, maxValues: { load: '2.5' }, nullCount: { host: 0, load: 1 } };
  return { path: `${FOLDER}/${name}`, bytes: 400 * rows, rows, statistics };
}

/** A file of a flush, of 3 rows. */
export function flushedFile(seq: number, slot = 0): FlushedFile {
  return fileOf(dataFileName(NODE, seq, slot), 3);
}

/** A file in place of others. */
export function mergedFile(seq: number, number: number, rows = 6): FlushedFile {
  return fileOf(mergedFileName(NODE, seq, number), rows);
}

/** A commit of this seq, of one file. */
export async function flush(committer: TableCommitter, seq: number): Promise<void> {
  assert.equal(await committer.commit({ columns: COLUMNS, files: [flushedFile(seq)], seq, timeMs: seq }), 'committed');
}

/** The text of a commit of others. */
export function linesOf(...actions: readonly object[]): Buffer {
  return Buffer.from(actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
}
