/** A checkpoint of ours, made out of a table's log, held against it, and only then given its name. */
import { checkpointName, lastCheckpointName } from '../../names.js';
import type { TableStore } from '../table-store.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.js';
import { FullState } from './full-state.js';
import { loadTable } from './table-log.js';
import type { OwnNode } from './table-state.js';

/** What whoever wants a checkpoint knows of the table: it must say the same. */
export interface Expected {
  /** It is of this version, which stands and is durable; or of a later one that has a checkpoint already. */
  readonly version: number;
  /** Seq of our last commit up to there. */
  readonly flushedTo: number;
}

/** A checkpoint that stands. */
export interface MadeCheckpoint {
  readonly version: number;
  readonly files: number;
  readonly bytes: number;
  /** What the table sets for those who use it. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/**
 * Makes a checkpoint of a version, reads it back, and publishes it when it says what the log says. Newer commits are not
 * looked at: one may come at any moment, with a seq that main gave after it had asked for the checkpoint.
 * @param nowMs milliseconds since 1970
 * @returns null when there is a checkpoint of that version already
 * @throws TableRefused as `loadTable`; Error when the checkpoint is not what it should be: then nothing is published
 */
export async function writeCheckpoint(store: TableStore, folder: string, own: OwnNode, expected: Expected, nowMs: number): Promise<MadeCheckpoint | null> {
  const full = new FullState(expected.version);
  const { files, state: { flushedTo, version } } = await loadTable(store, folder, own, full);
  const path = `${folder}/_delta_log/${checkpointName(version)}`;
  if ((await store.size(path)) !== null) return null;
  if (version < expected.version || flushedTo < expected.flushedTo || (version === expected.version && flushedTo > expected.flushedTo)) {
    throw new Error(`version ${version} of seq ${flushedTo} was read where version ${expected.version} of seq ${expected.flushedTo} stands`);
  }
  if (files?.live().length !== full.fileCount) throw new Error('its files were counted in two ways, which differ');
  const { bytes, lines } = encodeCheckpoint(full.actions(nowMs), version);
  const again = await decodeCheckpoint([Buffer.from(bytes)], version);
  if (!again.isOurs || again.lines.length !== lines.length || again.lines.some((line, at) => line !== lines[at])) throw new Error('what was written is not what is read');
  if (!(await store.putIfAbsent(path, bytes))) return null;
  const last = await store.put(`${folder}/_delta_log/${lastCheckpointName}`);
  await last.write(Buffer.from(JSON.stringify({ version, size: lines.length, sizeInBytes: bytes.length, numOfAddFiles: full.fileCount })));
  await last.publish();
  return { version, files: full.fileCount, bytes: bytes.length, configuration: full.configuration };
}
