/** `sluice import --quarantine`: writes rows again that could not go into their table. */
import { KIND_TAG, PRECISION_NS } from '../../../assembly/layout/codes.js';
import type { QuarantinedListing } from '../../control/commands.js';
import { LINE_ERRORS } from '../../errors.js';
import { openDuck, type Cell } from '../../query/duckdb.js';
import { readable } from '../../query/run-query.js';
import { CATALOG, rowsStatement } from '../../query/views.js';
import { withFolder, type Runner } from '../io.js';
import { counted, verb } from '../words.js';
import { pointText, type PointCell } from './point-text.js';
import { sendBody, sentenceOf } from './send.js';

const BODY_BYTES = 4 * 1024 * 1024;

/** What became of the rows. */
interface QuarantineImport {
  /** Lines written; of a point that stood in two rows, both. */
  stored: number;
  rejected: number;
  /** Tables of which all rows are stored, and those of which some stay in quarantine. */
  done: number;
  left: number;
}

/**
 * Writes the rows in quarantine of a database, or of all, in the order in which they were written first. A lot whose lines
 * were all taken is removed; another stays whole.
 * @throws Error with a sentence when the server takes nothing, or a file cannot be read
 */
export async function importQuarantined(dataDir: string | undefined, database: string | null): Promise<QuarantineImport> {
  return withFolder(dataDir, async (run) => {
    const sum: QuarantineImport = { stored: 0, rejected: 0, done: 0, left: 0 };
    const { bodyBytesMax } = await run('status', {});
    for (const lot of await run('quarantine-list', { database })) {
      const before = sum.rejected;
      for await (const body of bodiesOf(lot, Math.min(BODY_BYTES, bodyBytesMax - 1))) await send(run, lot, body, sum);
      if (sum.rejected === before) {
        await run('quarantine-remove', { path: lot.path });
        sum.done += 1;
      } else {
        sum.left += 1;
      }
    }
    return sum;
  });
}

async function send(run: Runner, lot: QuarantinedListing, body: readonly string[], sum: QuarantineImport): Promise<void> {
  const { database, measurement } = lot;
  const say = (sentence: string): void => void process.stderr.write(`sluice: ${measurement} of database ${database}: ${sentence}\n`);
  // No line stands first: a byte order mark there would be skipped.
  const outcome = await sendBody(run, { database, precision: PRECISION_NS, infinities: true }, Buffer.from(`\n${body.join('')}`), say);
  switch (outcome.kind) {
    case 'stored':
      sum.stored += body.length;
      return;
    case 'partial': {
      const [first] = outcome.errors;
      say(`${outcome.rejected} of ${counted(body.length, 'line')} ${verb(outcome.rejected, 'is', 'are')} rejected: ${LINE_ERRORS[first?.code ?? 0]?.sentence}`);
      sum.stored += outcome.accepted;
      sum.rejected += outcome.rejected;
      return;
    }
    case 'failed':
      throw new Error(sentenceOf(outcome.code, outcome.detail));
  }
}

/** The lines of a lot, each with its newline, about `bytesMax` bytes at a time. */
async function* bodiesOf(lot: QuarantinedListing, bytesMax: number): AsyncGenerator<string[]> {
  let body: string[] = [];
  let bytes = 0;
  for await (const line of linesOf(lot)) {
    const lineBytes = Buffer.byteLength(line);
    if (body.length > 0 && bytes + lineBytes > bytesMax) {
      yield body;
      body = [];
      bytes = 0;
    }
    body.push(line);
    bytes += lineBytes;
  }
  if (body.length > 0) yield body;
}

async function* linesOf(lot: QuarantinedListing): AsyncGenerator<string> {
  const { columns, measurement } = lot;
  const duck = await openDuck(CATALOG);
  try {
    const { rows } = await duck.stream(rowsStatement(await readable(lot)));
    for await (const chunk of rows) {
      for (const [micros, nanos, ...values] of chunk) {
        const cells = columns.flatMap(({ key, kind }, at) => cellOf(key, kind, values[at]!));
        if (cells.some(({ kind }) => kind !== KIND_TAG)) yield `${pointText(measurement, cells, integerOf(micros!) * 1000n + integerOf(nanos!))}\n`;
      }
    }
  } finally {
    duck.close();
  }
}

function cellOf(key: string, kind: number, value: Cell): PointCell[] {
  if (value === null) return [];
  if (typeof value === 'object') return 'digits' in value ? [{ key, kind, value: value.digits }] : [];
  return [{ key, kind, value }];
}

function integerOf(cell: Cell): bigint {
  return BigInt(typeof cell === 'object' && cell !== null && 'digits' in cell ? cell.digits : Number(cell));
}
