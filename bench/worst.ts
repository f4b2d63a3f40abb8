/** The worst cases: what a cell costs there beside the dense case, and what memory is taken. */
import * as abi from '../assembly/layout/codes.js';
import { cpuSecondsOf, median, secondsSince } from './measure.js';
import { countingStore } from './flush-probe.js';
import { LINES_MAX, Session } from './session.js';
import { fixed, short, type Part, type Row, type Table } from './table.js';
import { openQuotes, twoByteFields, worstCases, type WorstCase } from './workloads/worst.js';
import { bytesOf } from './workloads/workload.js';

const ROUNDS = 7;

export const part: Part = {
  about: `Warm: lines of the case into the memtables, where they stay until all are in, then flushed, then taken out, again and again in one instance, new lines each time; CPU time, median of ${ROUNDS} rounds. A cell is a tag or field as written; the dense case is the first row (a long string is one cell: MB/s say more of it). Memory is linear memory after the first round in a fresh instance, which has 4 MB from the start.`,
  run: async () => [await cellTable(), bodyTable()],
};

async function cellTable(): Promise<Table> {
  const cases = worstCases();
  let dense: Costs | undefined;
  const rows: Row[] = [];
  for (const worst of cases) {
    const costs = await costsOf(worst);
    dense ??= costs;
    rows.push(cellRow(worst, costs, dense));
  }
  const columns = ['MB', 'cells', 'parse ns a cell', '× dense', 'parse MB/s', 'flush ns a cell', '× dense', 'flush MB/s', 'MB after parse', 'MB after flush'];
  return { title: 'worst case', columns, rows };
}

interface Costs {
  /** Nanoseconds a cell. */
  readonly parse: number;
  readonly flush: number;
  readonly parsedMemory: number;
  readonly flushedMemory: number;
  readonly bytes: number;
}

async function costsOf(worst: WorstCase): Promise<Costs> {
  const known = new Session();
  await roundOf(known, worst);
  const session = known.successor();
  const { parsedMemory, flushedMemory, bytes } = await roundOf(session, worst);
  const rounds: Costs[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await roundOf(session, worst));
  return { parse: median(rounds.map(({ parse }) => parse)), flush: median(rounds.map(({ flush }) => flush)), parsedMemory, flushedMemory, bytes };
}

async function roundOf(session: Session, worst: WorstCase): Promise<Costs> {
  const workload = worst.next();
  const parse = cpuSecondsOf(() => void session.write(workload)) / worst.cells * 1e9;
  const parsedMemory = session.parser.memory.buffer.byteLength;
  const before = process.cpuUsage();
  await session.flush(countingStore());
  const flush = secondsSince(before) / worst.cells * 1e9;
  const flushedMemory = session.parser.memory.buffer.byteLength;
  session.clear();
  return { parse, flush, parsedMemory, flushedMemory, bytes: bytesOf(workload) };
}

function cellRow(worst: WorstCase, { parse, flush, parsedMemory, flushedMemory, bytes }: Costs, dense: Costs): Row {
  return {
    name: worst.name,
    cells: [
      fixed(bytes / 1e6, 1), fixed(worst.cells), short(parse), short(parse / dense.parse), fixed(bytes / (parse * worst.cells) * 1e3), short(flush),
      short(flush / dense.flush), fixed(bytes / (flush * worst.cells) * 1e3), fixed(parsedMemory / 1e6), fixed(flushedMemory / 1e6),
    ],
    speed: 1e3 / (parse + flush),
  };
}

/** Single bodies that must come to an end in bounded time and memory. */
function bodyTable(): Table {
  const small = twoByteFields();
  const rows = [
    bodyRow('two-byte fields, 2 M lines at most', small, LINES_MAX),
    bodyRow('two-byte fields, limit raised', small, 20_000_000),
    bodyRow('quotes that never close', openQuotes(), LINES_MAX),
  ];
  return { title: 'worst body', columns: ['MB', 'comes to', 'lines read', 'refused', 'CPU s', 'MB/s of body', 'MB of memory'], rows };
}

const STATUSES: Readonly<Record<number, string>> = { [abi.PARSE_ACCEPTED]: 'stored', [abi.PARSE_TOO_MANY_LINES]: 'too many lines: refused whole' };

function bodyRow(name: string, body: Buffer, linesMax: number): Row {
  const known = new Session();
  known.writeBody(Buffer.from('m f=1,g="x"\n'));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const session = known.successor();
    session.parser.inputView(body.length).set(body);
    let parsed: ReturnType<Session['parseInput']> | undefined;
    const seconds = cpuSecondsOf(() => void (parsed = session.parseInput(body.length, { linesMax })));
    return { seconds, parsed: parsed!, memory: session.parser.memory.buffer.byteLength };
  });
  const seconds = median(rounds.map((round) => round.seconds));
  const { parsed, memory } = rounds[0]!;
  const speed = body.length / seconds / 1e6;
  return {
    name,
    cells: [fixed(body.length / 1e6, 1), STATUSES[parsed.status] ?? `status ${parsed.status}`, fixed(parsed.lines), fixed(parsed.rejected), fixed(seconds, 3), fixed(speed), fixed(memory / 1e6)],
    speed,
  };
}
