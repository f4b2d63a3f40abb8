/** What the thread that compacts runs; see compaction-thread.ts. */
import { workerData } from 'node:worker_threads';
import { systemClock as clock } from '../clock.js';
import { readPackaged, systemDisk } from '../disk.js';
import { atMost } from '../in-turn.js';
import { localTableStore } from '../tables/local-store.js';
import { serveThread } from '../thread.js';
import { compactFiles, type Compacted } from '../worker/compact/compact.js';
import { collectGarbage } from '../worker/gc.js';
import { compile, WasmParser } from '../worker/wasm/wasm.js';
import type { CompactionOrder, ThreadPlace } from './compaction-thread.js';
import { piecesOf } from './pieces.js';
import { Throttle } from './throttle.js';

/** Whatever else wants the core goes first. */
const NICENESS = 19;

const { root, tmp } = workerData as ThreadPlace;
const store = localTableStore(systemDisk, root, tmp);
const module = compile(readPackaged(new URL('../../assembly/sluice.wasm', import.meta.url)));
const inTurn = atMost(1);

serveThread<CompactionOrder>((order) => inTurn(() => compact(order)), NICENESS);

async function compact({ bytesMax, cpuShare, rowsMax, ...order }: CompactionOrder): Promise<Compacted> {
  const throttle = new Throttle(clock, cpuShare);
  // WASM memory never shrinks: each job has an instance of its own, and the one before goes first.
  collectGarbage();
  return compactFiles(new WasmParser(module), store, {
    ...order,
    limits: { rowsMax, bytesMax },
    divide: (times) => piecesOf(order, times),
  }, () => throttle.rest());
}
