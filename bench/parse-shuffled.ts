/** Parse speed, warm, with the lines in no order: nothing can be guessed from the line before. */
import { Random } from '../test/fuzz/random.js';
import { parseTable } from './parse-table.js';
import type { Part } from './table.js';
import { telegraf, tsbs } from './workloads/generated.js';
import { sample } from './workloads/samples.js';
import { shuffled } from './workloads/workload.js';

const BODY_BYTES_MAX = 512 * 1024;
const BYTES_TAKEN = 8 * 1024 * 1024;
const LINES = 40_000;
const SAMPLES = ['metrics.lp', 'tsbs_cpu-only.lp', 'tsbs_devops.lp', 'tsbs_iot.lp', 'docs_bay-area-weather.lp', 'tag_values.lp.gz'];
const SEED = 5;

export const part: Part = {
  about: 'As in order, all lines of a set shuffled over its bodies.',
  run: () => [parseTable('parse, shuffled', [
    tsbs({ lines: LINES, linesPerBody: LINES }), telegraf({ lines: LINES, linesPerBody: LINES }),
    ...SAMPLES.map((name) => sample(name, Infinity, 0, BYTES_TAKEN)),
  ].map((workload) => shuffled(workload, new Random(SEED), BODY_BYTES_MAX)))],
};
