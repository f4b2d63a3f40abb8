/** One row a body: what the turns of a worker take when a million such bodies come, are flushed, and leave. */
import { MessageChannel } from 'node:worker_threads';
import * as abi from '../assembly/layout/codes.js';
import { systemClock } from '../src/clock.js';
import { readPackaged } from '../src/disk.js';
import { ENCODING_IDENTITY } from '../src/model/encoding.js';
import type { BodyTask, FromWorker, ToWorker } from '../src/worker/protocol.js';
import { Gauge, makeGauges } from '../src/worker/gauges.js';
import { WorkerSlot } from '../src/worker/slot.js';
import { compile } from '../src/worker/wasm/wasm.js';
import { countingStore } from './flush-probe.js';
import { longestTurnMs } from './thread-time.js';
import { fixed, type Part, type Row } from './table.js';

const BODIES = 1_000_000;
const FIELDS = 10;
const LIST_BODIES = 256;
const BODY_BYTES = 4096;
const RING = 32_768;
/** Before anything is measured: the parser is compiled while the first bodies are parsed. */
const WARM_BODIES = 16 * LIST_BODIES;
const COLUMNS = [
  { id: 1, kind: abi.KIND_TAG, key: 'host', name: 'host' },
  ...Array.from({ length: FIELDS }, (_, i) => ({ id: i + 2, kind: abi.KIND_F64, key: `f${i}`, name: `f${i}` })),
];
const LIMITS = { bodyBytesMax: BODY_BYTES, bodyLinesMax: 1e6, tablesMax: 10, columnsMax: 100, columnNameBytesMax: 10_000, namesBytesMax: 0xffffffff, seriesBytesMax: 64 << 20 };

export const part: Part = {
  about: `${BODIES} bodies of one row and ${COLUMNS.length} columns into one worker, then a flush of them, then they leave the memtable; lists of ${LIST_BODIES} bodies, as main sends them, the first ${WARM_BODIES} bodies not measured. The most CPU time of the worker's thread between two turns of its event loop in each, and the bytes a body takes: by the gauge that --max-memory is held to, and of the JavaScript heap and array buffers.`,
  async run() {
    const rows: Row[] = [];
    for (const [name, flushed] of [['all leave', 1], ['half of them leave', 0.5]] as const) rows.push(await run(name, flushed));
    return [{ title: 'one-row bodies', columns: ['a list, ms', 'flush, ms', 'leaving, ms', 'counted bytes a body', 'heap bytes a body'], rows }];
  },
};

async function run(name: string, share: number): Promise<Row> {
  const { port1, port2 } = new MessageChannel();
  const gauges = makeGauges(1);
  const gauge = new Gauge(gauges, 0);
  gauge.begin();
  const bodies = new SharedArrayBuffer(LIST_BODIES * BODY_BYTES);
  const seqs = new BigInt64Array(new SharedArrayBuffer(RING * 8));
  const store = countingStore();
  const slot = new WorkerSlot({
    adoption: {
      slot: 0, port: port2, bodyMemory: bodies, blockBytes: BODY_BYTES, seqs: seqs.buffer, gauges, gauge: 0,
      memoryBytesMax: 2 ** 30, rowBytesMax: 2 ** 30, linearBytesMax: 2 ** 31, limits: LIMITS, dataDir: 'unused', start: 'unused', inflate: 'zlib',
    },
    module: compile(readPackaged(new URL('../assembly/sluice.wasm', import.meta.url))),
    stores: { tables: store, quarantine: store }, clock: systemClock, unpack: () => { throw new Error('no body is packed'); },
  });
  const tell = (message: ToWorker): void => port1.postMessage(message);
  tell({ say: 'define', tables: [{ id: 1, databaseId: 1, measurement: 'm', created: 0, flushedTo: 0, columns: COLUMNS }] });
  const heapBefore = heapBytes();
  const heldBefore = gauge.heldBytes;
  await parseBodies(slot, bodies, seqs, 0, WARM_BODIES);
  const listed = await longestTurnMs(() => parseBodies(slot, bodies, seqs, WARM_BODIES, BODIES));
  const heap = (heapBytes() - heapBefore) / BODIES;
  const held = (gauge.heldBytes - heldBefore) / BODIES;
  const seq = BODIES * share;
  const flushed = await longestTurnMs(async () => {
    tell({ say: 'flush', order: { tableId: 1, seq, into: 'tables', as: 'parquet', path: 'file', columns: COLUMNS } });
    const said = await new Promise<FromWorker>((resolve) => port1.once('message', resolve));
    if (said.say !== 'file' || said.file === null) throw new Error(`the flush came to ${JSON.stringify(said)}`);
  });
  const full = gauge.heldBytes;
  const leaving = await longestTurnMs(async () => {
    tell({ say: 'flushed', tableId: 1, seq });
    while (gauge.heldBytes >= full * (1.25 - share)) await new Promise((resolve) => setImmediate(resolve));
  });
  port1.close();
  return { name, cells: [...[listed, flushed, leaving].map((ms) => fixed(ms, 1)), fixed(held), fixed(heap)], speed: 1 / Math.max(flushed, leaving) };
}

async function parseBodies(slot: WorkerSlot, bodies: SharedArrayBuffer, seqs: BigInt64Array, from: number, end: number): Promise<void> {
  const bytes = new Uint8Array(bodies);
  for (let first = from; first < end; first += LIST_BODIES) {
    const list: BodyTask[] = [];
    for (let at = first; at < Math.min(first + LIST_BODIES, end); at += 1) {
      const line = Buffer.from(`m,host=h${at % 1000} ${Array.from({ length: FIELDS }, (_, i) => `f${i}=${at + i}.5`).join()} ${at}`);
      bytes.set(line, list.length * BODY_BYTES);
      list.push({
        blocks: [list.length], bytes: line.length, encoding: ENCODING_IDENTITY, databaseId: 1, precision: abi.PRECISION_NS, defaultTime: 0n, acceptPartial: true, rules: 0,
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
    for (const outcome of slot.parse(list).outcomes) {
      if (outcome.state !== 'accepted') throw new Error(`a body came to ${JSON.stringify(outcome)}`);
      seqs[outcome.ordinal % RING] = BigInt(outcome.ordinal);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
