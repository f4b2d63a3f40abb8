/** Takes out of a table's log what no reader of its newest days needs: commits, and checkpoints before the one that stays. */
import { commitName } from '../../names.js';
import type { TableStore } from '../table-store.js';
import { checkpointsIn } from './checkpoint.js';
import type { MadeCheckpoint } from './checkpoint-writing.js';
import { commitPath } from './commit-reader.js';
import { intervalMs } from './full-state.js';

/** How long versions of a table can be read, and what time it is; milliseconds. */
export interface LogAge {
  readonly logAgeMs: number;
  readonly nowMs: number;
}

/**
 * Removes all before the newest checkpoint whose commit is of that age. That commit stays, and all behind it; a table
 * may ask for another age, or for none to go.
 * @param made the newest checkpoint, whole
 * @returns how many files went
 */
export async function cleanLog(store: TableStore, folder: string, { configuration, version }: MadeCheckpoint, { logAgeMs, nowMs }: LogAge): Promise<number> {
  if (String(configuration['delta.enableExpiredLogCleanup']).toLowerCase() === 'false') return 0;
  const youngestMs = nowMs - intervalMs(configuration['delta.logRetentionDuration'], logAgeMs);
  const names = await store.list(`${folder}/_delta_log`);
  const there = new Set(names);
  const bases = checkpointsIn(names).map((checkpoint) => checkpoint.version).filter((each) => each <= version && there.has(commitName(each)));
  let base = 0;
  for (const each of bases.toReversed()) {
    const madeMs = await timeOf(store, folder, each);
    if (madeMs === null || madeMs > youngestMs) break;
    base = each;
  }
  const old = names.filter((name) => (versionOf(name) ?? base) < base);
  for (const name of old) await store.delete(`${folder}/_delta_log/${name}`);
  return old.length;
}

/** When a commit was made, as it says itself; null when it does not. */
async function timeOf(store: TableStore, folder: string, version: number): Promise<number | null> {
  const text = (await store.get(commitPath(folder, version)))?.toString() ?? '';
  const info = text.split('\n').find((line) => line.includes('"commitInfo"'));
  const timestamp = info === undefined ? null : (JSON.parse(info) as { commitInfo?: { timestamp?: unknown } }).commitInfo?.timestamp;
  return typeof timestamp === 'number' ? timestamp : null;
}

/** The version of a commit, its checksum or a checkpoint of the classic kind; null for other names. */
function versionOf(name: string): number | null {
  const [, version] = /^(\d{20})\.(?:json|crc|checkpoint(?:\.\d{10}\.\d{10})?\.parquet)$/.exec(name) ?? [];
  return version === undefined ? null : Number(version);
}
