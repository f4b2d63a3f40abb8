/** One adopted worker: applies what main says, parses bodies into memtables, and flushes in slices between tasks. */
import { atMost } from '../in-turn.js';
import { receiveMessageOnPort } from 'node:worker_threads';
import { BlockReader } from './blocks.js';
import { Gauge } from './gauges.js';
import { InflateError } from './unpack/inflate.js';
import { WorkerMemory } from './memory.js';
import { GrowingTables } from './growing-tables.js';
import { LeavingRows } from './leaving-rows.js';
import { PendingRows } from './pending-rows.js';
import { writeJsonFile } from './flush/json-file.js';
import { writeParquetFile } from './flush/parquet-file.js';
import { Room } from './room.js';
import type { PackedBody, Unpack } from './unpack/unpack.js';
import type { Parsed, WasmParser } from './wasm/wasm.js';
import * as abi from '../../assembly/layout/codes.js';
import type { Clock } from '../clock.js';
import { FIRST_TIME_NS } from '../retention.js';
import type { TableStore } from '../tables/table-store.js';
import { ENCODING_GZIP } from '../model/encoding.js';
import type { RejectedLines } from '../model/line-error.js';
import type { Adoption, BadBody, BodyOutcome, BodyTask, FromWorker, ParseResult, FlushOrder, ToWorker } from './protocol.js';

interface SlotParts {
  readonly adoption: Adoption;
  readonly module: WebAssembly.Module;
  readonly unpack: Unpack;
  readonly stores: Readonly<Record<FlushOrder['into'], TableStore>>;
  readonly clock: Clock;
}

/** Text of the rejected lines that one list of bodies hands to main; what is over is counted alone. */
const REJECTED_BYTES_MAX = 16 * 1024 * 1024;
/** Runs of rejected lines that outcomes of a list may have before the rest of it has to come again; one body has half as much at most. */
const RUNS_BYTES_MAX = 16 * 1024 * 1024;

export class WorkerSlot {
  readonly number: number;
  readonly #adoption: Adoption;
  readonly #memory: WorkerMemory;
  readonly #unpack: Unpack;
  readonly #stores: SlotParts['stores'];
  readonly #clock: Clock;
  readonly #blocks: BlockReader;
  readonly #pending: PendingRows;
  readonly #leaving: LeavingRows;
  readonly #growing: GrowingTables;
  readonly #gauge: Gauge;
  readonly #room: Room;
  /** Of the list under way. */
  #rejectedBytesLeft = 0;
  #runsBytes = 0;
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
    this.#unpack = unpack;
    this.#stores = stores;
    this.#clock = clock;
    this.#blocks = new BlockReader(adoption.bodyMemory, adoption.blockBytes);
    this.#leaving = new LeavingRows({
      parser: () => this.#parser, pending: () => this.#pending, onSlice: () => this.#noteSlice(), onLeft: (isFlushed) => this.#noteLeft(isFlushed),
    });
    this.#growing = new GrowingTables({ parser: () => this.#parser, hasRoom: (bytes) => this.#hasRoom(bytes), onSlice: () => this.#noteSlice() });
    this.#pending = new PendingRows(adoption.seqs, (tableId) => this.#leaving.want(tableId, 0));
    this.#gauge = new Gauge(adoption.gauges, adoption.gauge);
    this.#room = new Room(adoption.gauges, this.#gauge, adoption);
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
    this.#rejectedBytesLeft = REJECTED_BYTES_MAX;
    this.#runsBytes = 0;
    const outcomes = list.map((task, place) => {
      this.#gauge.noteBody(place);
      const outcome = this.#parseBody(task);
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

  #parseBody(task: BodyTask): BodyOutcome {
    const { limits } = this.#adoption;
    if (this.#runsBytes > RUNS_BYTES_MAX && task.replay === undefined) return bad('overloaded', 'too many lines of the bodies before it were refused');
    let bytes: number;
    try {
      bytes = this.#loadBody(task);
    } catch (error) {
      if (error instanceof InflateError) return bad(error.problem, error.message);
      throw error;
    }
    const parsed = task.replay === undefined ? this.#parseInRoom(task, bytes) : this.#parseLoaded(task, bytes);
    if ('problem' in parsed) return parsed;
    const { lines, accepted, rejected, errors, rejectedRuns } = parsed;
    this.#runsBytes += rejectedRuns.byteLength;
    switch (parsed.status) {
      case abi.PARSE_NEEDS:
        return { state: 'needs', needs: parsed.needs };
      case abi.PARSE_REFUSED:
        return { state: 'refused', lines, accepted: 0, rejected, errors, rejectedRuns, rejectedLines: this.#rejectedLines(task) };
      case abi.PARSE_TOO_MANY_LINES:
        return bad('too-many-lines', `it has more than ${limits.bodyLinesMax} lines`);
      default:
        return {
          state: 'accepted', lines, accepted, rejected, errors, rejectedRuns,
          rejectedLines: rejected === 0 || task.replay !== undefined ? null : this.#rejectedLines(task),
          ordinal: this.#takeUp(task, parsed.spans), inflatedBytes: bytes, checksum: parsed.checksum,
          rows: parsed.spans.map(({ tableId, rowFirst, rowEnd }) => [tableId, rowEnd - rowFirst] as const),
        };
    }
  }

  /** A replayed body was in memory before, and finds its room whatever there is. */
  #parseLoaded(task: BodyTask, bytes: number, roomBytes = Infinity): Parsed {
    return this.#parser.parse({
      databaseId: task.databaseId,
      bytes,
      precision: task.precision,
      defaultTime: task.defaultTime,
      keptSince: task.keptSince ?? FIRST_TIME_NS,
      flags: (task.acceptPartial ? 0 : abi.PARSE_ALL_OR_NOTHING) | (task.replay ? abi.PARSE_REPLAY : 0) | task.rules,
      linesMax: task.replay ? 0xffffffff : this.#adoption.limits.bodyLinesMax,
      roomBytes,
      ...(task.replay ? { rejectedRuns: task.replay.rejectedRuns, replaySeq: task.replay.seq } : {}),
    });
  }

  /** Parses a live body within the room that there is for its rows. */
  #parseInRoom(task: BodyTask, bytes: number): Parsed | BadBody {
    const room = this.#room;
    let tried = 0;
    for (const wanted of room.triesFor(bytes)) {
      if (wanted <= tried) continue;
      this.#countBytes();
      const roomBytes = room.reserve(wanted, tried === 0 ? wanted : tried + 1);
      if (roomBytes <= tried) break;
      const parsed = this.#parseLoaded(task, bytes, roomBytes);
      if (parsed.status !== abi.PARSE_NO_ROOM) return parsed;
      tried = roomBytes;
    }
    if (room.isMost(tried)) return bad('body-too-large', `its rows take more than the memory for all rows, ${room.bytesMax} bytes`);
    return bad('overloaded', `there is no room for the rows of a body of ${bytes} bytes in ${room.bytesMax} bytes now; rows are moving into files`);
  }

  /** Whether so many bytes are free for what is not a body's; they are to be taken at once. */
  #hasRoom(bytes: number): boolean {
    const roomBytes = this.#room.reserve(bytes, bytes);
    this.#room.release();
    this.#countBytes();
    return roomBytes >= bytes;
  }

  #rejectedLines({ precision, defaultTime }: BodyTask): RejectedLines {
    const lines = this.#parser.rejectedLines({ timeMs: this.#clock.nowMs(), precision, defaultTime }, this.#rejectedBytesLeft);
    this.#rejectedBytesLeft -= lines.text.length;
    return lines;
  }

  /** Ordinal 0: nothing of the body waits for a seq. */
  #takeUp(task: BodyTask, spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[]): number {
    for (const { tableId, rowFirst, rowEnd } of spans) this.#growing.note(tableId, rowFirst, rowEnd);
    if (task.replay === undefined) return spans.length === 0 ? 0 : this.#pending.addLive(spans);
    this.#pending.addReplayed(spans, task.replay.seq);
    return 0;
  }

  /** Brings a body, unpacked, into the input of the parser; returns its bytes. */
  #loadBody(task: BodyTask): number {
    const { bodyBytesMax } = this.#adoption.limits;
    const capBytes = task.replay?.inflatedBytes ?? bodyBytesMax;
    if (task.encoding === ENCODING_GZIP) return this.#unpack(this.#parser, this.#packedBody(task), capBytes);
    if (task.bytes > capBytes) throw new InflateError('body-too-large', `it has more than ${capBytes} bytes`);
    this.#blocks.copy(task.blocks, task.bytes, this.#parser.inputView(task.bytes));
    return task.bytes;
  }

  #packedBody({ blocks, bytes }: BodyTask): PackedBody {
    return { bytes, copyTo: (target) => this.#blocks.copy(blocks, bytes, target), gather: () => this.#blocks.gather(blocks, bytes) };
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

function bad(problem: BadBody['problem'], detail: string): BadBody {
  return { state: 'bad', problem, detail };
}
