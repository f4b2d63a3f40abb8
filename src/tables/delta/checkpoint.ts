/** Checkpoints in a table's log: which one to begin with, and its rows as actions. */
import { asAction, type Action } from './commit-text.js';

/** A checkpoint of the classic kind, in one file or several. */
export interface Checkpoint {
  readonly version: number;
  /** Names in the log's folder, all parts. */
  readonly names: readonly string[];
}

/** Complete checkpoints, the newest first. @param names in the log's folder */
export function checkpointsIn(names: readonly string[]): Checkpoint[] {
  const parts = new Map<string, string[]>();
  for (const name of names) {
    const [, version, part, of] = /^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet$/.exec(name) ?? [];
    if (version === undefined) continue;
    const key = `${version} ${part === undefined ? 1 : Number(of)}`;
    parts.set(key, [...(parts.get(key) ?? []), name]);
  }
  return [...parts]
    .map(([key, found]) => ({ version: Number(key.split(' ')[0]), of: Number(key.split(' ')[1]), names: found }))
    .filter(({ names: found, of }) => found.length === of)
    .sort((a, b) => b.version - a.version);
}

/** Whether a name is that of a checkpoint of the second kind (V2), which asks for a newer reader. */
export function isNewCheckpoint(name: string): boolean {
  return /^\d{20}\.checkpoint\.[0-9a-f]{8}-[0-9a-f-]{27}\.(json|parquet)$/.test(name);
}

/** The action of a row. @param line as of `CheckpointRows` @throws Error when it lacks what a reader needs */
export function actionOf(line: string): Action {
  return asAction(JSON.parse(line));
}
