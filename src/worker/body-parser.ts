/** Parses the bodies of a worker into its memtables, each within the room that there is for its rows. */
import * as abi from '../../assembly/layout/codes.js';
import type { Clock } from '../clock.js';
import { ENCODING_GZIP } from '../model/encoding.js';
import type { RejectedLines } from '../model/line-error.js';
import { FIRST_TIME_NS } from '../retention.js';
import { BlockReader } from './blocks.js';
import type { Adoption, BadBody, BodyOutcome, BodyTask } from './protocol.js';
import type { Room } from './room.js';
import { InflateError } from './unpack/inflate.js';
import type { PackedBody, Unpack } from './unpack/unpack.js';
import type { Parsed, WasmParser } from './wasm/wasm.js';

/** Text of the rejected lines that one list of bodies hands to main; what is over is counted alone. */
const REJECTED_BYTES_MAX = 16 * 1024 * 1024;
/** Runs of rejected lines that outcomes of a list may have before the rest of it has to come again; one body has half as much at most. */
const RUNS_BYTES_MAX = 16 * 1024 * 1024;

interface BodyParserParts {
  readonly adoption: Adoption;
  /** The instance that has the memtables now. */
  readonly parser: () => WasmParser;
  readonly unpack: Unpack;
  readonly room: Room;
  readonly clock: Clock;
  /** Has the bytes that are held be true. */
  readonly countBytes: () => void;
  /** Notes the rows of an accepted body. @returns its ordinal; 0: nothing of it waits for a seq */
  readonly takeUp: (task: BodyTask, spans: Parsed['spans']) => number;
}

export class BodyParser {
  readonly #parts: BodyParserParts;
  readonly #blocks: BlockReader;
  /** Of the list under way. */
  #rejectedBytesLeft = 0;
  #runsBytes = 0;

  constructor(parts: BodyParserParts) {
    this.#parts = parts;
    this.#blocks = new BlockReader(parts.adoption.bodyMemory, parts.adoption.blockBytes);
  }

  get #parser(): WasmParser {
    return this.#parts.parser();
  }

  /** Another list of bodies comes. */
  beginList(): void {
    this.#rejectedBytesLeft = REJECTED_BYTES_MAX;
    this.#runsBytes = 0;
  }

  /** Parses the next body of the list. What it takes up of the room is the caller's to release. */
  parse(task: BodyTask): BodyOutcome {
    const { limits } = this.#parts.adoption;
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
          ordinal: this.#parts.takeUp(task, parsed.spans), inflatedBytes: bytes, checksum: parsed.checksum,
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
      linesMax: task.replay ? 0xffffffff : this.#parts.adoption.limits.bodyLinesMax,
      roomBytes,
      ...(task.replay ? { rejectedRuns: task.replay.rejectedRuns, replaySeq: task.replay.seq } : {}),
    });
  }

  /** Parses a live body within the room that there is for its rows. */
  #parseInRoom(task: BodyTask, bytes: number): Parsed | BadBody {
    const { countBytes, room } = this.#parts;
    let tried = 0;
    for (const wanted of room.triesFor(bytes)) {
      if (wanted <= tried) continue;
      countBytes();
      const roomBytes = room.reserve(wanted, tried === 0 ? wanted : tried + 1);
      if (roomBytes <= tried) break;
      const parsed = this.#parseLoaded(task, bytes, roomBytes);
      if (parsed.status !== abi.PARSE_NO_ROOM) return parsed;
      tried = roomBytes;
    }
    if (room.isMost(tried)) return bad('body-too-large', `its rows take more than the memory for all rows, ${room.bytesMax} bytes`);
    return bad('overloaded', `there is no room for the rows of a body of ${bytes} bytes in ${room.bytesMax} bytes now; rows are moving into files`);
  }

  #rejectedLines({ precision, defaultTime }: BodyTask): RejectedLines {
    const lines = this.#parser.rejectedLines({ timeMs: this.#parts.clock.nowMs(), precision, defaultTime }, this.#rejectedBytesLeft);
    this.#rejectedBytesLeft -= lines.text.length;
    return lines;
  }

  /** Brings a body, unpacked, into the input of the parser; returns its bytes. */
  #loadBody(task: BodyTask): number {
    const { bodyBytesMax } = this.#parts.adoption.limits;
    const capBytes = task.replay?.inflatedBytes ?? bodyBytesMax;
    if (task.encoding === ENCODING_GZIP) return this.#parts.unpack(this.#parser, this.#packedBody(task), capBytes);
    if (task.bytes > capBytes) throw new InflateError('body-too-large', `it has more than ${capBytes} bytes`);
    this.#blocks.copy(task.blocks, task.bytes, this.#parser.inputView(task.bytes));
    return task.bytes;
  }

  #packedBody({ blocks, bytes }: BodyTask): PackedBody {
    return { bytes, copyTo: (target) => this.#blocks.copy(blocks, bytes, target), gather: () => this.#blocks.gather(blocks, bytes) };
  }
}

function bad(problem: BadBody['problem'], detail: string): BadBody {
  return { state: 'bad', problem, detail };
}
