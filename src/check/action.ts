/** The actions of a Delta log as the protocol has them, read with nothing of the writer's code. */
import { array, boolean, decode, exactOptional, literal, looseObject, minLength, minValue, nullable, nullish, number, object, pipe, safeInteger, string, unknown, type InferOutput } from '../json.js';

const whole = pipe(number(), safeInteger('a whole number'));
const count = pipe(whole, minValue(0, '0 or more'));
const path = pipe(string(), minLength(1, 'a path'));
const anyObject = looseObject({});

/** What a reader and a blind writer need of each action; what else stands there is its writer's affair. */
const actionSchema = object({
  protocol: nullish(object({
    minReaderVersion: pipe(whole, minValue(1, '1 or more')), minWriterVersion: pipe(whole, minValue(1, '1 or more')),
    readerFeatures: nullish(array(string())), writerFeatures: nullish(array(string())),
  })),
  metaData: nullish(object({
    id: string(), name: nullish(string()), description: nullish(string()), schemaString: nullish(string()),
    partitionColumns: array(string()), configuration: nullish(anyObject), format: nullish(object({ provider: literal('parquet') })),
  })),
  add: nullish(object({
    path, partitionValues: nullable(anyObject), size: count, modificationTime: whole, dataChange: boolean(), stats: nullish(string()), deletionVector: nullish(anyObject),
  })),
  remove: nullish(object({ path, dataChange: exactOptional(nullable(boolean())), deletionTimestamp: nullish(whole) })),
  txn: nullish(object({ appId: string(), version: whole, lastUpdated: nullish(whole) })),
  commitInfo: nullish(looseObject({ engineInfo: exactOptional(unknown()), sluicePrevious: exactOptional(unknown()) })),
});

export type CheckedAction = InferOutput<typeof actionSchema>;
export type Add = NonNullable<CheckedAction['add']>;
export type Protocol = NonNullable<CheckedAction['protocol']>;
export type MetaData = NonNullable<CheckedAction['metaData']>;

/** Kinds of which a line may hold one. */
const KINDS: ReadonlySet<string> = new Set(['protocol', 'metaData', 'add', 'remove', 'txn', 'commitInfo', 'cdc', 'domainMetadata', 'checkpointMetadata', 'sidecar']);

/** The action of a line. @throws Error with a sentence when it is no JSON, no action, or one that lacks what the protocol asks of it */
export function actionOf(line: string): CheckedAction {
  const value = JSON.parse(line) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${line.slice(0, 40)} is no action`);
  const kinds = Object.entries(value).filter(([key, content]) => content !== null && KINDS.has(key));
  if (kinds.length > 1) throw new Error(`a line holds ${kinds.map(([key]) => key).join(' and ')}: each action has its own`);
  return decode(actionSchema, value);
}

/** A path out of an action: relative to the table's folder, or absolute. @throws Error when it is no encoded path */
export function plainPath(encoded: string): string {
  const decoded = decodeURIComponent(encoded);
  return decoded.replace(/^file:\/*(?=\/)/, '');
}
