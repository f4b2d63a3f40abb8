/** The encoders one by one, and whole column chunks as a flush makes them. */
import { Random } from '../test/fuzz/random.js';
import { encoderModule, place, type EncoderModule } from '../test/worker/encoder-module.js';
import { median, secondsOf } from './measure.js';
import { chunkKey, countingStore, timedModule } from './flush-probe.js';
import { Session } from './session.js';
import { fixed, type Part, type Row, type Table } from './table.js';
import { bodiesOf } from './workloads/generated.js';
import { percentage } from './workloads/tsbs.js';

/** One row group. */
const ROWS = 122_880;
const ROUNDS = 5;
const SEED = 9;
const CODES = 4000;
const CODE_BITS = 12;

export const part: Part = {
  about: `Encoders: one call over ${fixed(ROWS)} values (Snappy: the PLAIN doubles and the codes of that many), warm, CPU time; MB/s of what goes in. Chunks: one column of ${fixed(ROWS)} rows in a flush, its levels, statistics and Snappy included, CPU time, median of ${ROUNDS}; 8 bytes a number, 1 a boolean, 4 a tag, the bytes of a string. Sort: order of the rows, 4 bytes a row.`,
  run: async () => [encoderTable(), await chunkTable()],
};

function encoderTable(): Table {
  const module = encoderModule();
  const { exports } = module;
  const random = new Random(SEED);
  const counter = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i * 1000 + random.below(1000)));
  const noise = Float64Array.from({ length: ROWS }, () => percentage(random));
  const arrival = Uint32Array.from({ length: ROWS }, (_, i) => i % CODES);
  const sorted = arrival.toSorted();
  const numbers = put(module, counter), doubles = put(module, noise), unsortedCodes = put(module, arrival), sortedCodes = put(module, sorted);
  const delta = exports.allocate(exports.deltaBytesMax(ROWS)) >>> 0;
  const hybrid = exports.allocate(exports.hybridBytesMax(ROWS, CODE_BITS)) >>> 0;
  const snappy = exports.allocate(exports.snappyBytesMax(noise.byteLength)) >>> 0;
  const actions = {
    'delta, i64 counter': [counter.byteLength, () => void exports.writeDelta(numbers, ROWS, delta)],
    'hybrid, codes in turn': [arrival.byteLength, () => void exports.writeHybrid(unsortedCodes, ROWS, CODE_BITS, hybrid)],
    'hybrid, codes sorted': [sorted.byteLength, () => void exports.writeHybrid(sortedCodes, ROWS, CODE_BITS, hybrid)],
    'Snappy, doubles': [noise.byteLength, () => void exports.snappyCompress(doubles, noise.byteLength, snappy)],
    'Snappy, codes in turn': [arrival.byteLength, () => void exports.snappyCompress(unsortedCodes, arrival.byteLength, snappy)],
  } as const;
  const rows = Object.entries(actions).map(([name, [bytes, action]]) => row(name, bytes, secondsOf({ action }).action));
  return { title: 'encoder', columns: ['MB/s'], rows };
}

function put(module: EncoderModule, values: BigInt64Array | Float64Array | Uint32Array): number {
  return place(module, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

function row(name: string, bytes: number, seconds: number): Row {
  const speed = bytes / seconds / 1e6;
  return { name, cells: [fixed(speed)], speed };
}

/** Columns of the chunk table: what a field holds, and its bytes a value. */
const FIELDS: Readonly<Record<string, readonly [bytes: number, value: (random: Random, row: number) => string]>> = {
  i64_counter: [8, (random, at) => `${at * 1000 + random.below(1000)}i`],
  i64_small: [8, (random) => `${random.below(101)}i`],
  u64: [8, (random) => `${random.below(2 ** 31)}u`],
  f64_noise: [8, (random) => String(percentage(random))],
  f64_few: [8, (random) => String(random.below(64) / 4)],
  bool: [1, (random) => String(random.chance(0.5))],
  string_log: [40, (random) => `"request ${(random.u32() + 2 ** 32).toString().slice(1)} was answered ${200 + random.below(9)}"`],
  string_few: [8, (random) => `"status-${random.below(8)}"`],
};

async function chunkTable(): Promise<Table> {
  const session = new Session();
  const random = new Random(SEED);
  let at = 0;
  const next = (): string => {
    const fields = Object.entries(FIELDS).map(([name, [, value]]) => `${name}=${value(random, at)}`).join(',');
    return `m,host=host_${at % CODES},region=r${at % 7} ${fields} ${1_700_000_000 + Math.floor(at++ / CODES)}000000000\n`;
  };
  session.write({ name: 'chunks', bodies: bodiesOf(next, { lines: ROWS, linesPerBody: 5000 }), precision: 'ns' });
  const rounds: Map<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { module, secondsBy } = timedModule(session.parser);
    await session.flush(countingStore(), module);
    rounds.push(secondsBy);
  }
  const secondsOfKey = (key: string): number => median(rounds.map((secondsBy) => secondsBy.get(key) ?? 0));
  const columns = session.columns.map(({ id, key }) => row(key, ROWS * (FIELDS[key]?.[0] ?? 4), secondsOfKey(chunkKey(id))));
  return { title: 'chunk', columns: ['MB/s'], rows: [...columns, row('sort', ROWS * 4, secondsOfKey('flushStart') + secondsOfKey('flushSort'))] };
}
