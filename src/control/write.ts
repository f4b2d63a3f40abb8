/** The command `write`: a body that goes the way of every write, from whoever holds the control socket. */
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { ERRORS } from '../errors.js';
import type { BodyMemory } from '../ingest/body-memory.js';
import type { Body, WriteOutcome, Writer } from '../ingest/request.js';
import type { Log } from '../log/log.js';
import { checkDatabaseName } from '../names.js';
import { ENCODING_IDENTITY } from '../model/encoding.js';
import type { WriteArgs, WriteResult } from './commands.js';

/** A write that finds no room now is tried again for so long before that is the answer. */
const PATIENCE_MS = 2000;
const LOOK_AGAIN_MS = 20;

export interface WriteParts {
  readonly writer: Writer;
  readonly bodyMemory: BodyMemory;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: Pick<Config, 'logBytesMax' | 'bodyBytesMax' | 'bodyLinesMax' | 'databaseNames'>;
}

/**
 * Writes a body of line protocol. Unlike a client's, it also waits while the log is over its limit: whoever has much to
 * write is not to push it further.
 */
export async function writeBody(parts: WriteParts, args: WriteArgs, bytes: Uint8Array): Promise<WriteResult> {
  const { clock } = parts;
  const until = clock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const outcome = await tryWrite(parts, args, bytes);
    if (outcome.kind === 'partial') return sayable(outcome);
    if (outcome.kind !== 'failed' || ERRORS[outcome.code].status !== 503) return outcome;
    if (outcome.code === 'stopping' || clock.monotonicMs() >= until) return outcome;
    await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
  }
}

function sayable({ kind, accepted, rejected, errors, rejectedLines, rejectedRuns }: Extract<WriteOutcome, { kind: 'partial' }>): WriteResult {
  return { kind, accepted, rejected, errors, runs: [...rejectedRuns], records: Buffer.from(rejectedLines?.text ?? []).toString() };
}

async function tryWrite({ bodyMemory, limits, log, writer }: WriteParts, { database, infinities, precision }: WriteArgs, bytes: Uint8Array): Promise<WriteOutcome> {
  const problem = checkDatabaseName(database, limits.databaseNames);
  if (problem !== null) return { kind: 'failed', code: 'bad-database-name', detail: `${JSON.stringify(database)} ${problem}` };
  if (bytes.length > limits.bodyBytesMax) {
    return { kind: 'failed', code: 'body-too-large', detail: `it has ${bytes.length} bytes, the limit is ${limits.bodyBytesMax}` };
  }
  // The newest segment stays even when all its rows are in files.
  const logBytes = log.segments().slice(0, -1).reduce((sum, segment) => sum + segment.bytes, 0);
  if (logBytes > limits.logBytesMax) {
    return { kind: 'failed', code: 'overloaded', detail: `the log has ${logBytes} bytes, its limit is ${limits.logBytesMax}; rows are moving into files` };
  }
  const body: Body = { blocks: [], bytes: 0 };
  if (!bodyMemory.append(body, bytes)) return { kind: 'failed', code: 'overloaded', detail: 'the memory for bodies is full' };
  const request = { dialect: 'v3', database, precision, encoding: ENCODING_IDENTITY, acceptPartial: true, noSync: false, infinities: infinities ?? false } as const;
  return writer.write(request, body, 0);
}
