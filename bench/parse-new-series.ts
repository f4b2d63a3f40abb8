/** Parse speed where no series ever returns: a million of them, each with one line. */
import { baselines, PARSE_COLUMNS, parseRow } from './parse-table.js';
import { cpuSecondsOf, median, secondsOf } from './measure.js';
import { Session } from './session.js';
import { fixed, type Part, type Row } from './table.js';
import { oneOffSeries } from './workloads/hard.js';
import { sample } from './workloads/samples.js';
import type { Workload } from './workloads/workload.js';

const ROUNDS = 3;
const BODY_BYTES_MAX = 512 * 1024;
const LINES = 1_000_000;

export const part: Part = {
  about: `All bodies into one fresh instance (warm code), which grows from nothing; CPU time, median of ${ROUNDS} instances. tag_values.lp.gz is the whole set.`,
  run() {
    const workloads = [oneOffSeries({ lines: LINES, linesPerBody: 5000 }), sample('tag_values.lp.gz', BODY_BYTES_MAX, 0)];
    return [{ title: 'parse, 1 M one-off series', columns: [...PARSE_COLUMNS, 'MB of memory'], rows: workloads.map(row) }];
  },
};

function row(workload: Workload): Row {
  const { oracle, gunzip } = secondsOf(baselines(workload));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const session = new Session();
    let counts = { lines: 0, rejected: 0 };
    const seconds = cpuSecondsOf(() => void (counts = session.write(workload)));
    return { ...counts, seconds, values: session.values(), memory: session.parser.memory.buffer.byteLength };
  });
  const { cells, ...rest } = parseRow(workload, { ...rounds[0]!, seconds: median(rounds.map(({ seconds }) => seconds)), oracle, gunzip });
  return { ...rest, cells: [...cells, fixed(rounds[0]!.memory / 1e6)] };
}
