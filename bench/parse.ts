/** Parse speed, warm: every data set in order. */
import { parseTable } from './parse-table.js';
import type { Part, Table } from './table.js';
import { telegraf, tsbs } from './workloads/generated.js';
import { sample, sampleNames } from './workloads/samples.js';

const BODY_BYTES_MAX = 512 * 1024;
const BODY_BYTES_MIN = 256 * 1024;
const SAMPLE_BYTES_TAKEN = 8 * 1024 * 1024;
const LINES = 40_000;

export const part: Part = {
  about: `Whole bodies of at most ${BODY_BYTES_MAX / 1024} KiB into the memtables, then all rows out of them, again and again (warm); CPU time, median of three rounds by the package benchmark, ours, the oracle and gunzip in turn. Smaller sets are repeated up to ${BODY_BYTES_MIN / 1024} KiB.`,
  run(): Table[] {
    const samples = sampleNames().map((name) => sample(name, BODY_BYTES_MAX, BODY_BYTES_MIN, SAMPLE_BYTES_TAKEN));
    return [parseTable('parse, in order', [
      tsbs({ lines: LINES, linesPerBody: 1250 }), telegraf({ lines: LINES, linesPerBody: 2000 }), ...samples,
    ])];
  },
};
