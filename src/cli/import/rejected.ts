/** `sluice import --rejected`: writes rejected lines again, with the times they had. */
import * as abi from '../../../assembly/layout/codes.js';
import { systemDisk as disk } from '../../disk.js';
import { ERRORS } from '../../errors.js';
import { timeInUnit } from '../../model/precision.js';
import { dataPaths } from '../../names.js';
import { markTaken, RejectReader, type FoundReject } from '../../rejects/reader.js';
import { sourceOf } from '../../rejects/reject-record.js';
import { listedPoints } from '../../worker/wasm/dump.js';
import { WasmParser } from '../../worker/wasm/wasm.js';
import { withFolder, type Runner } from '../io.js';
import { parserModule, PRECISIONS } from '../parser.js';
import { rejectedTest, sayProblem, type RejectedFilter } from '../rejected.js';

/** A body ends at either. */
const BODY_LINES_MAX = 5000;
const BODY_BYTES_MAX = 1024 * 1024;

/** What became of the lines. */
interface RejectedImport {
  readonly stored: number;
  /** Refused again, and kept anew. */
  readonly rejected: number;
  /** No line protocol: nothing can mend them here, they stay. */
  readonly unreadable: number;
}

/** Lines for one body. */
interface Batch {
  readonly found: FoundReject[];
  readonly lines: Buffer[];
  bytes: number;
}

/**
 * Writes the rejected lines that were there when it began. Those the server takes leave the files; one that it refuses
 * again is kept anew, as any that is rejected.
 * @throws UsageError for a code that does not exist; Error with a sentence when the server takes nothing
 */
export async function importRejected(dataDir: string | undefined, filter: RejectedFilter): Promise<RejectedImport> {
  const isWanted = rejectedTest(filter);
  const scanner = new WasmParser(parserModule());
  const sum = { stored: 0, rejected: 0, unreadable: 0 };
  await withFolder(dataDir, async (run, config) => {
    let batch = emptyBatch();
    const send = async (): Promise<void> => {
      const { stored, rejected } = await write(run, batch);
      sum.stored += stored;
      sum.rejected += rejected;
      batch = emptyBatch();
    };
    for await (const found of new RejectReader(disk, dataPaths(config.dataDir).rejects, sayProblem).untilNow()) {
      if (!isWanted(found)) continue;
      const line = timedLine(scanner, found);
      if (line === null) {
        sum.unreadable += 1;
        continue;
      }
      if (!fits(batch, found, line)) await send();
      batch.found.push(found);
      batch.lines.push(line);
      batch.bytes += line.length;
    }
    await send();
  });
  return sum;
}

function emptyBatch(): Batch {
  return { found: [], lines: [], bytes: 0 };
}

/** One body has one database and one precision. */
function fits({ found: [first], lines, bytes }: Batch, { database, record }: FoundReject, line: Buffer): boolean {
  if (first === undefined) return true;
  const isAlike = first.database === database && first.record.precision === record.precision;
  return isAlike && lines.length < BODY_LINES_MAX && bytes + line.length <= BODY_BYTES_MAX;
}

async function write(run: Runner, { found, lines }: Batch): Promise<{ stored: number; rejected: number }> {
  const [first] = found;
  if (first === undefined) return { stored: 0, rejected: 0 };
  // No line stands first: a byte order mark there would be skipped.
  const body = Buffer.concat(lines.flatMap((line) => [Buffer.from('\n'), line]));
  const outcome = await run('write', { database: first.database, precision: PRECISIONS.get(first.record.precision)! }, body);
  if (outcome.kind === 'failed') throw new Error(`${ERRORS[outcome.code].sentence}: ${outcome.detail}`);
  await markTaken(disk, found);
  const rejected = outcome.kind === 'partial' ? outcome.rejected : 0;
  return { stored: found.length - rejected, rejected };
}

/**
 * The line with the timestamp that it had or was given; null when it is none alone: it could take others of its body
 * with it, as by a quote that it leaves open.
 */
function timedLine(scanner: WasmParser, { record }: FoundReject): Buffer | null {
  const source = sourceOf(record);
  const precision = PRECISIONS.get(record.precision)!;
  scanner.inputView(source.length).set(source);
  const { accepted } = scanner.parse({
    databaseId: 0, bytes: source.length, precision, defaultTime: 0n, flags: abi.PARSE_REPLAY | abi.PARSE_DUMP, linesMax: 0,
  });
  const [point] = listedPoints(scanner);
  if (accepted !== 1 || point === undefined) return null;
  if (point.timestamp !== null) return source;
  return Buffer.concat([source, Buffer.from(` ${timeInUnit(BigInt(record.default_time), precision)}`)]);
}
