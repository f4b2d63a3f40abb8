/** Three thousand commits with checkpoints and cleaning between them: what a start and a commit read is bounded by the last fifty. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableCommitter, type CommitterOptions } from '../../src/tables/commit.js';
import { decodeCheckpoint } from '../../src/tables/delta/checkpoint-file.js';
import { writeCheckpoint, type Expected } from '../../src/tables/delta/checkpoint-writing.js';
import { cleanLog } from '../../src/tables/delta/log-cleaning.js';
import { flush, FOLDER, mapStore, mergedFile, optionsOf } from './table-scene.js';

const COMMITS = 3000;
/** Files are merged into one after so many. */
const MERGED_EVERY = 100;

test('[issue 14 1] after 3,000 commits a start reads one checkpoint and the commits behind it, and a commit reads nothing', async () => {
  const files = new Map<string, Buffer>();
  const asked = { commits: 0, checkpoints: 0, bytes: 0 };
  const map = mapStore(files);
  const store: typeof map = {
    ...map,
    get: async (path) => {
      const bytes = await map.get(path);
      if (bytes !== null) {
        asked[path.endsWith('.json') ? 'commits' : 'checkpoints'] += 1;
        asked.bytes += bytes.length;
      }
      return bytes;
    },
    put: async (path) => ({ write: async (bytes) => void files.set(path, Buffer.from(bytes)), publish: async () => undefined, abandon: async () => undefined }),
  };
  const wanted: Expected[] = [];
  const options: CommitterOptions = optionsOf(store, {
    readCheckpoint: async (paths, version) => decodeCheckpoint(await Promise.all(paths.map(async (path) => (await store.get(path))!)), version),
    onLong: (expected) => wanted.push(expected),
  });
  const committer = await TableCommitter.open(options);
  await committer.look();
  for (let seq = 1; committer.state.version < COMMITS - 1; seq += 1) {
    await flush(committer, seq);
    if (seq % MERGED_EVERY === 0) {
      const removes = (await committer.look()).files.slice(-MERGED_EVERY).map(({ path }) => path);
      await committer.replace({ adds: [mergedFile(seq, 0, 3 * MERGED_EVERY)], removes, dataChange: false, operation: 'OPTIMIZE', timeMs: seq });
    }
    const expected = wanted.shift();
    if (expected === undefined) continue;
    const made = (await writeCheckpoint(store, FOLDER, options, expected, seq))!;
    assert.ok(made.version - expected.version <= 1);
    await cleanLog(store, FOLDER, made, { logAgeMs: 500, nowMs: seq });
  }
  const { flushedTo } = committer.state;
  const names = await store.list(`${FOLDER}/_delta_log`);
  assert.ok(names.length < 500 + 100 + 15, `${names.length} files are in the log`);

  Object.assign(asked, { commits: 0, checkpoints: 0, bytes: 0 });
  const again = await TableCommitter.open({ ...options, committedTo: flushedTo });
  assert.deepEqual({ ...again.state, checkpoint: null }, committer.state);
  assert.deepEqual((await again.look()).files.map(({ path, rows }) => [path, rows]), (await committer.look()).files.map(({ path, rows }) => [path, rows]));
  assert.equal(asked.checkpoints, 1);
  assert.ok(asked.commits <= 51, `${asked.commits} commits were read`);
  assert.ok(asked.bytes < 150_000, `${asked.bytes} bytes were read`);

  again.letGo(true);
  Object.assign(asked, { commits: 0, checkpoints: 0, bytes: 0 });
  await flush(again, flushedTo + 1);
  assert.deepEqual(asked, { commits: 0, checkpoints: 0, bytes: 0 });
  assert.equal(await TableCommitter.flushedTo({ ...options, committedTo: flushedTo + 1 }), flushedTo + 1);
  assert.deepEqual([asked.commits, asked.checkpoints], [1, 0]);
});
