/** Unpacking alone: each way, by size of body and gzip level, and what memory it leaves behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { HOSTILE_STREAMS, ORDINARY_STREAM } from '../test/worker/hostile-streams.js';
import { inflates } from './inflates.js';
import { secondsOf } from './measure.js';
import { Session } from './session.js';
import { fixed, type Part, type Table } from './table.js';
import { bodyOf, nextTelegrafLine } from './workloads/generated.js';

const SIZES = { '0.4 KB': 400, '4 KB': 4000, '40 KB': 40_000, '400 KB': 400_000, '2 MB': 2_000_000 };
const LEVELS = [1, 6];
/** Bodies of a size are taken in turn: no branch of theirs is learned by heart. */
const BYTES_PER_RUN = 8_000_000;
const BODIES_MAX = 200;
const HOSTILE_BYTES = 1_000_000;
const LEAK_BODIES = 20_000;
const LEAK_BYTES = 4000;

export const part: Part = {
  about: `Lines of the Telegraf mix, unpacked into the input of the parser; MB/s of line protocol by CPU time. zlib-sync gets 16 KiB at a time, zlib-sync-whole as much as cannot unpack to more than 64 MiB. Memory: growth of the process (RSS) over ${fixed(LEAK_BODIES)} bodies of 4 KB, after as many to warm up, garbage collected.`,
  run: () => [speedTable(), hostileTable(), memoryTable()],
};

function speedTable(): Table {
  const { parser } = new Session();
  const all = inflates();
  const names = Object.keys(all);
  const rows = Object.entries(SIZES).flatMap(([size, bytes]) => LEVELS.map((level) => {
    const packed = packedBodies(bytes, level);
    const seconds = secondsOf(Object.fromEntries(names.map((name) => [name, () => packed.forEach((body) => all[name]!(parser, body))])), 0.15);
    const speeds = names.map((name) => (packed.length * bytes) / seconds[name]! / 1e6);
    return { name: `${size}, level ${level}`, cells: speeds.map((speed) => fixed(speed)), speed: speeds[0]! };
  }));
  return { title: 'inflate, MB/s', columns: names, rows };
}

/** Streams of many blocks or members that say little, of 1 MB; MB/s of packed bytes. */
function hostileTable(): Table {
  const { parser } = new Session();
  const { wasm, zlib } = inflates();
  const rows = [ORDINARY_STREAM, ...HOSTILE_STREAMS].map(({ name, make }) => {
    const packed = make(HOSTILE_BYTES);
    const seconds = secondsOf({ wasm: () => wasm!(parser, packed), zlib: () => zlib!(parser, packed) }, 0.15);
    const speeds = [packed.length / seconds.wasm / 1e6, packed.length / seconds.zlib / 1e6] as const;
    return { name, cells: [...speeds.map((speed) => fixed(speed, 1)), fixed(speeds[0] / speeds[1], 2)], speed: speeds[0] };
  });
  return { title: 'inflate, hostile streams, MB/s of packed bytes', columns: ['wasm', 'zlib', 'wasm by zlib'], rows };
}

function packedBodies(bytes: number, level: number): Buffer[] {
  const line = nextTelegrafLine();
  const count = Math.min(BODIES_MAX, Math.ceil(BYTES_PER_RUN / bytes));
  return Array.from({ length: count }, () => gzipSync(bodyOf(line, Math.ceil(bytes / 60)).subarray(0, bytes), { level }));
}

function memoryTable(): Table {
  const { parser } = new Session();
  const packed = packedBodies(LEAK_BYTES, 6);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const rows = Object.entries(inflates()).map(([name, inflate]) => {
    const pass = (): number => {
      for (let i = 0; i < LEAK_BODIES; i += 1) inflate(parser, packed[i % packed.length]!);
      collect();
      return process.memoryUsage.rss();
    };
    const before = pass();
    const grown = (pass() - before) / LEAK_BODIES;
    return { name, cells: [fixed(grown / 1e3, 2)], speed: 1 / Math.max(grown, 1) };
  });
  return { title: 'memory left', columns: ['KB a body'], rows };
}
