/** One adopted worker: applies what main says, has bodies parsed into memtables, and flushes in slices between tasks. */
import { atMost } from '../in-turn.js';
import { receiveMessageOnPort } from 'node:worker_threads';
import { BodyParser } from './body-parser.js';
import { Gauge } from './gauges.js';
import { WorkerMemory } from './memory.js';
import { GrowingTables } from './growing-tables.js';
import { LeavingRows } from './leaving-rows.js';
import { PendingRows } from './pending-rows.js';
import { writeJsonFile } from './flush/json-file.js';
import { writeParquetFile } from './flush/parquet-file.js';
import { Room } from './room.js';
import type { Unpack } from './unpack/unpack.js';
import type { WasmParser } from './wasm/wasm.js';
import type { Clock } from '../clock.js';
import type { TableStore } from '../tables/table-store.js';
import type { Adoption, BodyTask, FromWorker, ParseResult, FlushOrder, ToWorker } from './protocol.js';

interface SlotParts {
  readonly adoption: Adoption;
  readonly module: WebAssembly.Module;
  readonly unpack: Unpack;
  readonly stores: Readonly<Record<FlushOrder['into'], TableStore>>;
  readonly clock: Clock;
}

export class WorkerSlot {
  readonly number: number;
  readonly #adoption: Adoption;
  readonly #memory: WorkerMemory;
  readonly #stores: SlotParts['stores'];
  readonly #bodies: BodyParser;
  readonly #pending: PendingRows;
  readonly #leaving: LeavingRows;
  readonly #growing: GrowingTables;
  readonly #gauge: Gauge;
  readonly #room: Room;
  /** Flushes run one after another. */
  readonly #inTurn = atMost(1);
  #isFlushing = false;
  #ended = false;

  constructor({ adoption, module, unpack, stores, clock }: SlotParts) {
    this.number = adoption.slot;
    this.#adoption = adoption;
    const { limits, memoryBytesMax: bytesMax } = adoption;
    this.#memory = new WorkerMemory({
      module, limits, bytesMax, tell: (sentence) => this.#tell({ say: 'memory', sentence }),
      freeSpare: () => this.#leaving.wantSpare(), onSlice: () => this.#noteSlice(), onReady: () => this.#tidy(),
    });
    this.#stores = stores;
    this.#leaving = new LeavingRows({
      parser: () => this.#parser, pending: () => this.#pending, onSlice: () => this.#noteSlice(), onLeft: (isFlushed) => this.#noteLeft(isFlushed),
    });
    this.#growing = new GrowingTables({ parser: () => this.#parser, hasRoom: (bytes) => this.#hasRoom(bytes), onSlice: () => this.#noteSlice() });
    this.#pending = new PendingRows(adoption.seqs, (tableId) => this.#leaving.want(tableId, 0));
    this.#gauge = new Gauge(adoption.gauges, adoption.gauge);
    this.#room = new Room(adoption.gauges, this.#gauge, adoption);
    this.#bodies = new BodyParser({
      adoption, unpack, clock, parser: () => this.#parser, room: this.#room, countBytes: () => this.#countBytes(), takeUp: (task, spans) => this.#takeUp(task, spans),
    });
    adoption.port.on('message', (message: ToWorker) => this.#obey(message));
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get #parser(): WasmParser {
    return this.#memory.parser;
  }

  /** One outcome a body, in order. Applies what main said before it dispatched the list. */
  parse(list: readonly BodyTask[]): ParseResult {
    this.#catchUp();
    this.#memory.collectLeft();
    this.#bodies.beginList();
    const outcomes = list.map((task, place) => {
      this.#gauge.noteBody(place);
      const outcome = this.#bodies.parse(task);
      this.#countBytes();
      this.#room.release();
      return outcome;
    });
    this.#gauge.noteBody(null);
    this.#growing.start();
    return { slot: this.number, outcomes };
  }

  /** Lets go of the port: main learns that the memtables are gone. */
  end(): void {
    this.#ended = true;
    this.#growing.stop();
    this.#memory.stop();
    this.#adoption.port.close();
  }

  /** Whether so many bytes are free for what is not a body's; they are to be taken at once. */
  #hasRoom(bytes: number): boolean {
    const roomBytes = this.#room.reserve(bytes, bytes);
    this.#room.release();
    this.#countBytes();
    return roomBytes >= bytes;
  }

  /** Ordinal 0: nothing of the body waits for a seq. */
  #takeUp(task: BodyTask, spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[]): number {
    for (const { tableId, rowFirst, rowEnd } of spans) this.#growing.note(tableId, rowFirst, rowEnd);
    if (task.replay === undefined) return spans.length === 0 ? 0 : this.#pending.addLive(spans);
    this.#pending.addReplayed(spans, task.replay.seq);
    return 0;
  }

  /** Applies every message that waits on the port, so that this worker is at least as new as main was at dispatch. */
  #catchUp(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#adoption.port);
      if (received === undefined) break;
      this.#obey(received.message as ToWorker);
    }
    this.#pending.takeSeqs();
  }

  /** A flush in progress has its turn again after it. */
  #obey(message: ToWorker): void {
    const { flushing } = this.#gauge;
    this.#gauge.noteFlushing(null);
    this.#apply(message);
    this.#gauge.noteFlushing(flushing);
    this.#countBytes();
  }

  #apply(message: ToWorker): void {
    switch (message.say) {
      case 'define':
        for (const table of message.tables) {
          this.#parser.define(table);
          this.#memory.noteChanged(table.id);
          this.#gauge.beat();
        }
        break;
      case 'drop':
        for (const tableId of message.tableIds) {
          this.#leaving.forget(tableId);
          this.#parser.drop(tableId);
          this.#memory.noteChanged(tableId);
          this.#pending.forget(tableId);
        }
        break;
      case 'set-aside':
        for (const tableId of message.tableIds) {
          this.#parser.setAside(tableId, message.isSetAside);
          this.#memory.noteChanged(tableId);
        }
        break;
      case 'flush':
        void this.#inTurn(() => this.#flush(message.order));
        break;
      case 'flushed':
        this.#parser.setFlushedTo(message.tableId, message.seq);
        this.#memory.noteChanged(message.tableId);
        this.#leaving.want(message.tableId, message.seq);
        break;
      case 'roll-back':
        this.#pending.rollBack(message.keptTo);
        this.#tell({ say: 'rolled-back', nextOrdinal: this.#pending.nextOrdinal });
        break;
      case 'tidy':
        this.#memory.noteCramped();
        this.#tidy();
        break;
      case 'ask':
        // Where no body and no flush comes, rows that were given up would stay.
        this.#pending.takeSeqs();
        break;
    }
  }

  /** Main decides by these bytes whether bodies may come: they must be true also when none comes. */
  #countBytes(): void {
    this.#gauge.heldBytes = this.#parser.heldBytes() + this.#pending.bytes - this.#leaving.copyBytes;
    this.#gauge.linearBytes = this.#memory.linearBytes;
  }

  #noteSlice(): void {
    this.#gauge.beat();
    this.#countBytes();
  }

  #noteLeft(isFlushed: boolean): void {
    if (isFlushed) this.#memory.noteFlushed();
    this.#tidy();
    this.#countBytes();
  }

  /** Not while a flush or rows that leave know addresses in the memtables. */
  #tidy(): void {
    if (!this.#isFlushing && !this.#leaving.isBusy) this.#memory.tidy();
  }

  async #flush(order: FlushOrder): Promise<void> {
    const { after, tableId, seq } = order;
    await this.#leaving.hold(tableId);
    if (this.#ended) return;
    const store = this.#stores[order.into];
    const write = order.as === 'json' ? writeJsonFile : writeParquetFile;
    this.#pending.takeSeqs();
    this.#isFlushing = true;
    this.#gauge.noteFlushing(tableId);
    try {
      const file = await write(this.#parser, store, order, () => this.#pending.upTo(tableId, seq, after), () => this.#noteSlice());
      this.#gauge.noteFlushing(null);
      if (!this.#ended) this.#tell({ say: 'file', tableId, file });
      else if (file !== null) await store.delete(file.path); // main takes this flush for failed
    } catch (error) {
      this.#gauge.noteFlushing(null);
      const isFatal = isTrap(error);
      this.#tell({ say: 'flush-failed', tableId, reason: (error as Error).message, isFatal });
      if (isFatal) this.end();
    } finally {
      this.#isFlushing = false;
      this.#leaving.release(tableId);
    }
    if (this.#ended) return;
    this.#tidy();
    this.#countBytes();
  }

  #tell(message: FromWorker): void {
    this.#adoption.port.postMessage(message);
  }
}

/** Whether the instance is of no use any more. */
function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || (error instanceof Error && error.cause instanceof WebAssembly.RuntimeError);
}
