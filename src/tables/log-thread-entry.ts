/** What the thread for Delta logs runs; see log-thread.ts. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemDisk } from '../disk.js';
import { atMost } from '../in-turn.js';
import { decodeCheckpoint, type CheckpointRows } from './delta/checkpoint-file.js';
import { writeCheckpoint } from './delta/checkpoint-writing.js';
import { cleanLog } from './delta/log-cleaning.js';
import type { OwnNode } from './delta/table-state.js';
import { localTableStore } from './local-store.js';
import type { CareOrder, CareResult, ThreadAnswer, ThreadPlace, ThreadRequest } from './log-thread.js';

const NICENESS = 10;

const { root, tmp } = workerData as ThreadPlace;
const store = localTableStore(systemDisk, root, tmp);
const inTurn = atMost(1);

// Of this thread alone, which is so on Linux only: those that take and answer writes come first.
if (process.platform === 'linux') setPriority(NICENESS);
parentPort!.on('message', (request: ThreadRequest) => void inTurn(() => answer(request)));

async function answer(request: ThreadRequest): Promise<void> {
  const { id } = request;
  const said = await (request.ask === 'read' ? readShort(request.paths, request.version) : care(request.order)).then(
    (result): ThreadAnswer => ({ id, result }),
    (error: Error): ThreadAnswer => ({ id, error: error.message }),
  );
  parentPort!.postMessage(said);
}

async function read(paths: readonly string[], version: number): Promise<CheckpointRows> {
  const parts: Buffer[] = [];
  for (const path of paths) {
    const part = await store.get(path);
    if (part === null) throw new Error(`${path} is gone`);
    parts.push(part);
  }
  return decodeCheckpoint(parts, version);
}

/** Without what a list of files does not need: most of a checkpoint is statistics. */
async function readShort(paths: readonly string[], version: number): Promise<CheckpointRows> {
  const { isOurs, lines } = await read(paths, version);
  return { isOurs, lines: lines.map(shortened) };
}

function shortened(line: string): string {
  if (!line.startsWith('{"add":')) return line;
  const { add } = JSON.parse(line) as { add: { path: unknown; size: unknown; stats?: string; deletionVector?: unknown } };
  const { deletionVector, path, size, stats } = add;
  if (stats === undefined) return line;
  const { maxValues, minValues, numRecords } = JSON.parse(stats) as { maxValues?: Bounds; minValues?: Bounds; numRecords?: unknown };
  const bounds = (of: Bounds | undefined): Bounds => ({ time: of?.time, sluice_seq: of?.sluice_seq });
  return JSON.stringify({ add: { path, size, stats: JSON.stringify({ numRecords, minValues: bounds(minValues), maxValues: bounds(maxValues) }), deletionVector } });
}

interface Bounds {
  readonly time: unknown;
  readonly sluice_seq: unknown;
}

async function care({ expected, folder, logAgeMs, node, nowMs, seqMax }: CareOrder): Promise<CareResult> {
  const own: OwnNode = { node, seqMax: () => seqMax, readCheckpoint: read };
  const made = await writeCheckpoint(store, folder, own, expected, nowMs);
  return made === null ? null : { ...made, filesGone: await cleanLog(store, folder, made, { logAgeMs, nowMs }) };
}
