/** A Delta log replayed: what its newest version is made of, and all that is wrong on the way there. */
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { checkpointLines } from '../query/checkpoint.js';
import { actionOf, plainPath, type Add, type CheckedAction, type MetaData, type Protocol } from './action.js';
import { beginningOf, commitText, lastCheckpointFault, type CheckpointFiles, type LogFolder } from './log-folder.js';
import { Marks, originOf } from './mark.js';
import type { Report } from './problem.js';
import { fieldsOf, type Field } from './schema.js';

/** The newest version of a table. */
export interface TableState {
  readonly version: number;
  readonly commits: number;
  readonly metaData: MetaData;
  readonly fields: readonly Field[];
  /** Live files by path: relative to the table's folder, or absolute. */
  readonly live: ReadonlyMap<string, Add>;
  readonly marks: Marks;
}

/** A log on its way. */
interface Replay {
  protocol: Protocol | null;
  metaData: MetaData | null;
  readonly live: Map<string, Add>;
  readonly marks: Marks;
}

const READER_VERSION = 1;

/** @returns null when the log cannot be read or asks for more than a reader of version 1; why was reported then */
export async function replayLog(disk: Disk, log: LogFolder, report: Report): Promise<TableState | null> {
  for (const version of log.torn) report('checkpoint', `checkpoint ${version}`, 'parts of it are missing');
  const lastFault = await lastCheckpointFault(disk, log);
  if (lastFault !== null) report('last-checkpoint', '_last_checkpoint', lastFault);
  const beginning = beginningOf(log);
  if ('gap' in beginning) {
    report('version-gap', null, `behind version ${beginning.gap[0]} there is none before ${beginning.gap[1]}, and no checkpoint covers that`);
    return null;
  }
  const replay: Replay = { protocol: null, metaData: null, live: new Map(), marks: new Marks(true) };
  let isWhole = true;
  if (beginning.checkpoint !== null) isWhole = await beginWith(replay, log, beginning.checkpoint, report);
  let commits = 0;
  for (let version = beginning.first; version <= beginning.last; version += 1) {
    const text = await commitText(disk, log, version);
    if (text === null) break; // it went meanwhile, behind a new checkpoint
    isWhole = replayCommit(replay, version, text, report) && isWhole;
    commits += 1;
    const checkpoint = log.checkpoints.find((each) => each.version === version);
    if (checkpoint !== undefined && isWhole) await compareCheckpoint(replay, log, checkpoint, report);
  }
  const state = endOf(replay, report);
  return state === null ? null : { ...state, version: beginning.last, commits, live: replay.live, marks: replay.marks };
}

/** Takes up a checkpoint as a beginning. @returns whether it could be read */
async function beginWith(replay: Replay, log: LogFolder, checkpoint: CheckpointFiles, report: Report): Promise<boolean> {
  const actions = await actionsOf(log, checkpoint, report);
  for (const action of actions ?? []) {
    apply(replay, action);
    if (action.txn != null) replay.marks.know(action.txn.appId, action.txn.version);
  }
  return actions !== null;
}

async function actionsOf({ path }: LogFolder, { names, version }: CheckpointFiles, report: Report): Promise<CheckedAction[] | null> {
  try {
    return (await checkpointLines(names.map((name) => join(path, name)))).map((line) => actionOf(withoutNulls(line)));
  } catch (error) {
    report('checkpoint', `checkpoint ${version}`, `it cannot be read: ${(error as Error).message}`);
    return null;
  }
}

/** In a row of a checkpoint all that is not its action is null. */
function withoutNulls(line: string): string {
  return JSON.stringify(JSON.parse(line, (key, value: unknown) => (value === null && key !== 'partitionValues' ? undefined : value)));
}

/** @returns whether all of it could be read */
function replayCommit(replay: Replay, version: number, text: string, report: Report): boolean {
  const where = `version ${version}`;
  const actions: CheckedAction[] = [];
  let isWhole = true;
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      actions.push(actionOf(line));
    } catch (error) {
      report('commit', where, `line ${at + 1}: ${(error as Error).message}`);
      isWhole = false;
    }
  }
  if (isWhole && actions.length === 0) report('commit', where, 'it is empty');
  for (const fault of replay.marks.faultsOf(text, actions)) report('commit-mark', where, fault);
  for (const [kind, name] of [['protocol', 'protocols'], ['metaData', 'metaData']] as const) {
    if (actions.filter((action) => action[kind] != null).length > 1) report('commit', where, `it has several ${name}`);
  }
  checkFiles(replay, where, actions, report);
  // A commit has one action a file: removes first, for one that replaces a file names both.
  for (const action of actions.toSorted((a, b) => Number(b.remove != null) - Number(a.remove != null))) apply(replay, action);
  return isWhole && actions.length > 0;
}

function checkFiles({ live }: Replay, where: string, actions: readonly CheckedAction[], report: Report): void {
  const added = new Set<string>();
  const removed = new Set(actions.flatMap(({ remove }) => (remove == null ? [] : [tryPath(remove.path)])));
  for (const { add } of actions) {
    if (add == null) continue;
    const path = tryPath(add.path);
    if (path === null) report('commit', where, `${add.path} is no encoded path`);
    else if (added.has(path)) report('file-twice', where, `it adds ${path} twice`);
    // Others may add a file anew to change what is said of it; sluice never does.
    else if (live.has(path) && !removed.has(path) && originOf(path) !== null && add.dataChange) report('file-twice', where, `it adds ${path}, which an earlier version added`);
    if (path !== null) added.add(path);
  }
  for (const path of removed) if (path !== null && !live.has(path)) report('remove-without-add', where, `it removes ${path}, which no version before it added`);
}

function tryPath(encoded: string): string | null {
  try {
    return plainPath(encoded);
  } catch {
    return null; // said where files are added
  }
}

function apply(replay: Replay, { add, metaData, protocol, remove }: CheckedAction): void {
  if (protocol != null) replay.protocol = protocol;
  if (metaData != null) replay.metaData = metaData;
  const removed = remove == null ? null : tryPath(remove.path);
  if (removed !== null) replay.live.delete(removed);
  const added = add == null ? null : tryPath(add.path);
  if (added !== null) replay.live.set(added, add!);
}

/** A checkpoint says the same as the commits up to it. */
async function compareCheckpoint({ live, metaData, protocol, marks }: Replay, log: LogFolder, checkpoint: CheckpointFiles, report: Report): Promise<void> {
  const where = `checkpoint ${checkpoint.version}`;
  const actions = await actionsOf(log, checkpoint, report);
  if (actions === null) return;
  const adds = new Map(actions.flatMap(({ add }) => (add == null ? [] : [[tryPath(add.path), add] as const])));
  const missing = [...live.keys()].filter((path) => !adds.has(path));
  const strange = [...adds.keys()].filter((path) => path !== null && !live.has(path));
  if (missing.length > 0) report('checkpoint', where, `it lacks ${missing.length} live files (${missing[0]})`);
  if (strange.length > 0) report('checkpoint', where, `it names ${strange.length} files that are not live (${strange[0]})`);
  for (const [path, add] of adds) {
    const committed = path === null ? undefined : live.get(path);
    if (committed !== undefined && committed.size !== add.size) report('checkpoint', where, `it says that ${path} has ${add.size} bytes, and its commit ${committed.size}`);
  }
  const checked = actions.find((action) => action.metaData != null)?.metaData ?? null;
  if (checked === null) report('no-metadata', where, 'it says nothing of the columns (metaData): who begins there reads nothing');
  else if (checked.schemaString !== metaData?.schemaString || checked.id !== metaData?.id) report('checkpoint', where, 'its metaData is not that of the commits');
  const said = actions.find((action) => action.protocol != null)?.protocol ?? null;
  if (said === null) report('no-protocol', where, 'it says nothing of the protocol: who begins there reads nothing');
  else if (said.minReaderVersion !== protocol?.minReaderVersion || said.minWriterVersion !== protocol?.minWriterVersion) report('checkpoint', where, 'its protocol is not that of the commits');
  for (const { txn } of actions) {
    const [, node] = /^sluice-([0-9a-f]{8})$/.exec(txn?.appId ?? '') ?? [];
    if (node !== undefined && marks.lastSeq(node) !== txn!.version) report('checkpoint', where, `it says that ${txn!.appId} is at ${txn!.version}, and the commits ${marks.lastSeq(node)}`);
  }
}

/** What the log comes to. @returns null when it is no table that can be read; why was reported */
function endOf({ metaData, protocol }: Replay, report: Report): Pick<TableState, 'metaData' | 'fields'> | null {
  if (protocol === null) report('no-protocol', null, 'no version says which protocol it needs');
  if (metaData === null) report('no-metadata', null, 'no version says what its columns are (metaData)');
  if (protocol === null || metaData === null) return null;
  const refusal = refusalOf(protocol, metaData);
  if (refusal !== null) {
    report('refused', null, refusal);
    return null;
  }
  if (metaData.schemaString == null) {
    report('metadata-without-schema', null, 'its metaData has no schema (schemaString)');
    return null;
  }
  try {
    return { metaData, fields: fieldsOf(metaData.schemaString) };
  } catch (error) {
    report('schema', null, (error as Error).message);
    return null;
  }
}

/** What the table asks of its readers beyond version 1, by name, or null. */
function refusalOf({ minReaderVersion, readerFeatures, writerFeatures }: Protocol, { configuration }: MetaData): string | null {
  if (minReaderVersion <= READER_VERSION) return null;
  const mapping = configuration?.['delta.columnMapping.mode'] ?? 'none';
  const features = new Set([...(mapping === 'none' ? [] : ['columnMapping']), ...(readerFeatures ?? []), ...(writerFeatures ?? [])]);
  const named = features.size === 0 ? '' : ` with ${[...features].join(', ')}`;
  return `it needs a reader of protocol version ${minReaderVersion}${named}: what it holds cannot be checked by the rules of version ${READER_VERSION}`;
}
