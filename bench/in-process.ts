/** From gzip bodies to the bytes of flushed files on one core: what the hot path costs beside bare gunzip. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { inflates, type InflateInto } from './inflates.js';
import { median, secondsSince, cpuSecondsOf } from './measure.js';
import { countingStore } from './flush-probe.js';
import { Session } from './session.js';
import { fixed, short, type Part, type Row, type Table } from './table.js';
import { bodyOf, nextTelegrafLine, nextTsbsLine } from './workloads/generated.js';

const BODIES = 200;
const LINES_PER_BODY = 5000;
const GZIP_LEVEL = 6;
const ROWS_TO_FLUSH = 1_000_000;
const ROUNDS = 3;
/** zlib-sync is left to the part `inflate`. */
const WAYS = ['wasm', 'zlib'];

interface Packed {
  readonly name: string;
  readonly bodies: readonly Uint8Array[];
  /** Unpacked. */
  readonly bytes: readonly number[];
}

/** CPU seconds. */
interface Costs {
  readonly inflate: number;
  readonly parse: number;
  readonly encode: number;
  readonly whole: number;
  readonly bare: number;
}

export const part: Part = {
  about: `${BODIES} gzip bodies (level ${GZIP_LEVEL}) of ${fixed(LINES_PER_BODY)} lines, unpacked into the parser's input, parsed and, at ${fixed(ROWS_TO_FLUSH)} rows, flushed into files in memory; no server, no log. CPU seconds of the process, each figure the median of ${ROUNDS} runs after one to warm up; rest is what lies between. Bare gunzip is node:zlib with exact chunkSize over the same bodies, in turn with them.`,
  async run(): Promise<Table[]> {
    const rows: Row[] = [];
    for (const packed of [pack('generated TSBS cpu-only', nextTsbsLine()), pack('generated Telegraf mix', nextTelegrafLine())]) {
      for (const way of WAYS) rows.push(await costRow(packed, way, inflates()[way]!));
    }
    const columns = ['MB', 'inflate s', 'parse s', 'encode s', 'rest s', 'whole s', 'bare gunzip s', '× bare gunzip', 'MB/s'];
    return [{ title: 'in process', columns, rows }];
  },
};

function pack(name: string, nextLine: () => string): Packed {
  const bodies: Buffer[] = [];
  const bytes: number[] = [];
  for (let i = 0; i < BODIES; i += 1) {
    const body = bodyOf(nextLine, LINES_PER_BODY);
    bodies.push(gzipSync(body, { level: GZIP_LEVEL }));
    bytes.push(body.length);
  }
  return { name, bodies, bytes };
}

async function costRow(packed: Packed, name: string, inflate: InflateInto): Promise<Row> {
  const session = new Session();
  await runOnce(packed, session, inflate);
  const rounds: Costs[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await runOnce(packed, session, inflate));
  const [parts, whole, bare] = [(['inflate', 'parse', 'encode'] as const).map((of) => median(rounds.map((costs) => costs[of]))), median(rounds.map((costs) => costs.whole)), median(rounds.map((costs) => costs.bare))];
  const bytes = packed.bytes.reduce((sum, size) => sum + size, 0);
  const rest = median(rounds.map((costs) => costs.whole - costs.inflate - costs.parse - costs.encode));
  return {
    name: `${packed.name}, ${name}`,
    cells: [fixed(bytes / 1e6), ...[...parts, rest, whole, bare].map((seconds) => fixed(seconds, 3)), short(whole / bare), fixed(bytes / whole / 1e6)],
    speed: bytes / whole / 1e6,
  };
}

async function runOnce({ bodies, bytes }: Packed, session: Session, inflate: InflateInto): Promise<Costs> {
  const costs = { inflate: 0, parse: 0, encode: 0 };
  const store = countingStore();
  const before = process.cpuUsage();
  let rows = 0;
  for (const [i, body] of bodies.entries()) {
    let size = 0;
    costs.inflate += cpuSecondsOf(() => void (size = inflate(session.parser, body)));
    costs.parse += cpuSecondsOf(() => void (rows += session.parseInput(size).accepted));
    if (rows < ROWS_TO_FLUSH && i < bodies.length - 1) continue;
    const beforeFlush = process.cpuUsage();
    await session.flush(store);
    costs.encode += secondsSince(beforeFlush);
    session.clear();
    rows = 0;
  }
  const whole = secondsSince(before);
  const bare = cpuSecondsOf(() => bodies.forEach((body, i) => gunzipSync(body, { chunkSize: bytes[i]! })));
  return { ...costs, whole, bare };
}
