/**
 * A commit as text: how ours are marked, and how damage to them shows. A commit of ours names a seq three times
 * (in `txn`, in the names of its files, in the `sluicePrevious` of the next one) and ends with the CRC-32 of its text.
 * One that flushes nothing, but puts files in place of others, repeats the seq of ours before.
 */
import { crcOf } from '../../crc.js';
import { array, decode, exactOptional, looseObject, minValue, nullish, number, object, pipe, safeInteger, string, unknown, type InferOutput } from '../../json.js';
import { isOwnFile, parseDataFileName, parseMergedFileName } from '../../names.js';
import { appIdOf, commitInfoAction, isOurAppId, isOurEngine, nodeOf, txnAction, type Operation } from './actions.js';

const version = pipe(number(), safeInteger('a whole number'));
const texts = array(string());

/** What is read of the actions that mean something here: other writers may say more, and leave out what they may. */
const actionSchema = object({
  protocol: exactOptional(object({ minReaderVersion: version, minWriterVersion: version, readerFeatures: nullish(texts, []), writerFeatures: nullish(texts) })),
  metaData: exactOptional(looseObject({ id: string(), schemaString: string(), partitionColumns: nullish(texts, []) })),
  add: exactOptional(object({ path: string(), size: pipe(version, minValue(0, '0 or more')), stats: nullish(string()), modificationTime: nullish(number()), tags: nullish(looseObject({})), deletionVector: nullish(looseObject({})) })),
  remove: exactOptional(object({ path: string() })),
  txn: exactOptional(object({ appId: string(), version: unknown() })),
  commitInfo: exactOptional(object({ engineInfo: exactOptional(unknown()), sluicePrevious: exactOptional(unknown()) })),
});
export type Action = InferOutput<typeof actionSchema>;

/** An action out of its JSON. @throws Error with a sentence when it is none, or lacks what a reader needs */
export function asAction(value: unknown): Action {
  return decode(actionSchema, value);
}

/** What a commit of a sluice says besides its actions. */
export interface OwnMark {
  /** 8 hex digits: who made it. */
  readonly node: string;
  /** Seq that its files reach up to; that of the commit before when it replaces files. */
  readonly seq: number;
  /** The seq of that node's commit before; null: it does not say. */
  readonly previous: number | null;
}

/** A commit that was read. */
export interface Commit {
  readonly actions: readonly Action[];
  /** null: another writer's. */
  readonly own: OwnMark | null;
  /** Files of ours that another writer's adds: none may be new, for then it was ours once, and is damaged. */
  readonly strays: readonly string[];
}

/** Of the text up to the comma before `"sluiceCrc"`; what follows it ends the text. */
const CRC_AT_END = /^([^]*),"sluiceCrc":"([0-9a-f]{8})"\}\}\n$/;

/** Whether a commit puts files in place of others, and flushes nothing. */
export function isReplacement({ previous, seq }: OwnMark): boolean {
  return seq === previous;
}

/**
 * The text of a commit of ours.
 * @param actions lines of JSON: all but `txn` and `commitInfo`
 * @param mark who commits up to which seq, and the seq before, the same for a commit that replaces files; `commitId` a UUID
 */
export function commitText(
  actions: readonly string[], operation: Operation, mark: { node: string; seq: number; previous: number; commitId: string; timeMs: number },
): string {
  const { commitId, node, seq, previous, timeMs } = mark;
  const lines = [...actions, txnAction(appIdOf(node), seq, timeMs), commitInfoAction(operation, commitId, previous, timeMs)];
  const text = lines.join('\n').slice(0, -2);
  return `${text},"sluiceCrc":"${crcOf(Buffer.from(text))}"}}\n`;
}

/** Reads a commit. @throws Error with a sentence when the text is no commit, or is not what its writer wrote */
export function readCommit(text: string): Commit {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new Error('it is empty');
  const actions = lines.map(parseAction);
  const seq = ownSeq(actions);
  const info = actions.find(({ commitInfo }) => isOurEngine(commitInfo?.engineInfo))?.commitInfo;
  if (seq === null && info === undefined) {
    return { actions, own: null, strays: addedFiles(actions).filter(isOwnFile) };
  }
  if (seq === null) throw new Error('it is of sluice and has no seq (txn)');
  if (info === undefined) throw new Error('it has a seq and no sluice signed it (commitInfo)');
  const hasCrc = checkCrc(text);
  const own = { ...seq, previous: info.sluicePrevious === undefined ? null : safeSeq(info.sluicePrevious) };
  if (isReplacement(own) && !hasCrc) throw new Error(`it is of seq ${own.seq}, as our commit before it, and has no checksum`);
  checkNames(own, actions);
  return { actions, own, strays: [] };
}

/** @param isNamed whether an earlier commit named a file, by its path in the table @throws when one of the strays is new */
export function assertNamed({ strays }: Commit, isNamed: (path: string) => boolean): void {
  const stray = strays.find((path) => !isNamed(path));
  if (stray !== undefined) throw new Error(`it adds ${stray}, a file of sluice, and no sluice signed it`);
}

function parseAction(line: string): Action {
  const action = JSON.parse(line) as unknown;
  if (typeof action !== 'object' || action === null || Array.isArray(action)) throw new Error(`${line.slice(0, 40)} is no action`);
  return asAction(action);
}

function ownSeq(actions: readonly Action[]): { node: string; seq: number } | null {
  const txn = actions.find(({ txn: each }) => each !== undefined && isOurAppId(each.appId))?.txn;
  return txn === undefined ? null : { node: nodeOf(txn.appId), seq: safeSeq(txn.version) };
}

/** @throws unless it can be a seq */
export function safeSeq(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${JSON.stringify(value)} is no seq`);
  return value as number;
}

/** @returns whether there is one: commits of sluice before the checksum have none @throws when it is wrong */
function checkCrc(text: string): boolean {
  const [, checked, crc] = CRC_AT_END.exec(text) ?? [];
  if (checked !== undefined && crc !== crcOf(Buffer.from(checked))) throw new Error('its checksum is wrong');
  return checked !== undefined;
}

/** @throws when a file of ours in it cannot be of this commit: a flush adds files of its seq, a replacement files merged from others */
function checkNames(own: OwnMark, actions: readonly Action[]): void {
  const { node, seq } = own;
  for (const name of addedFiles(actions)) {
    const [flushed, merged] = [parseDataFileName(name), parseMergedFileName(name)];
    const parts = flushed ?? merged;
    if (parts === null) continue;
    const fits = isReplacement(own) ? merged !== null : flushed?.seq === seq;
    if (parts.node !== node || !fits) throw new Error(`it is of seq ${seq} of node ${node} and adds ${name}`);
  }
}

function addedFiles(actions: readonly Action[]): string[] {
  return actions.flatMap(({ add }) => (add ? [decodeURIComponent(add.path)] : []));
}
