/** The worst cases: what a cell costs there beside the dense case, and what memory is taken. */
import * as abi from '../assembly/abi.js';
import { cpuSecondsOf, median, secondsSince } from './measure.js';
import { countingStore } from './seal-probe.js';
import { LINES_MAX, Session } from './session.js';
import { fixed, short, type Part, type Row, type Table } from './table.js';
import { openQuotes, twoByteFields, worstCases, type WorstCase } from './workloads/worst.js';
import { bytesOf } from './workloads/workload.js';

const ROUNDS = 3;

export const part: Part = {
  about: `Each case into a fresh instance (warm code) that knows its tables, then sealed; CPU time, median of ${ROUNDS} instances. A cell is a tag or field as written; the dense case is the first row (a long string is one cell: MB/s say more of it). Memory is the instance's linear memory, of which 4 MB are there from the start.`,
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
  const columns = ['MB', 'cells', 'parse ns a cell', '× dense', 'parse MB/s', 'seal ns a cell', '× dense', 'seal MB/s', 'MB after parse', 'MB after seal'];
  return { title: 'worst case', columns, rows };
}

interface Costs {
  /** Nanoseconds a cell. */
  readonly parse: number;
  readonly seal: number;
  readonly parsedMemory: number;
  readonly sealedMemory: number;
}

async function costsOf(worst: WorstCase): Promise<Costs> {
  const known = new Session();
  known.write(worst);
  const rounds: Costs[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const session = known.successor();
    const parse = cpuSecondsOf(() => void session.write(worst)) / worst.cells * 1e9;
    const parsedMemory = session.parser.memory.buffer.byteLength;
    const before = process.cpuUsage();
    await session.seal(countingStore());
    rounds.push({ parse, seal: secondsSince(before) / worst.cells * 1e9, parsedMemory, sealedMemory: session.parser.memory.buffer.byteLength });
  }
  const of = (name: keyof Costs): number => median(rounds.map((costs) => costs[name]));
  return { parse: of('parse'), seal: of('seal'), parsedMemory: of('parsedMemory'), sealedMemory: of('sealedMemory') };
}

function cellRow(worst: WorstCase, { parse, seal, parsedMemory, sealedMemory }: Costs, dense: Costs): Row {
  const bytes = bytesOf(worst);
  return {
    name: worst.name,
    cells: [
      fixed(bytes / 1e6, 1), fixed(worst.cells), short(parse), short(parse / dense.parse), fixed(bytes / (parse * worst.cells) * 1e3), short(seal),
      short(seal / dense.seal), fixed(bytes / (seal * worst.cells) * 1e3), fixed(parsedMemory / 1e6), fixed(sealedMemory / 1e6),
    ],
    speed: 1e3 / (parse + seal),
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
