/** Parse speed of the first body that an instance gets. */
import { baselines, PARSE_COLUMNS, parseRow } from './parse-table.js';
import { cpuSecondsOf, median, secondsOf } from './measure.js';
import { coldModule, Session } from './session.js';
import type { Part, Row } from './table.js';
import { telegraf, tsbs } from './workloads/generated.js';
import { sample } from './workloads/samples.js';
import type { Workload } from './workloads/workload.js';

const ROUNDS = 9;
const BODY_BYTES_MAX = 1024 * 1024;
const SAMPLES = ['tsbs_devops.lp', 'metrics.lp', 'tag_values.lp.gz'];

export const part: Part = {
  about: `One body into an instance that has no rows, no dictionaries and no series; it knows the tables. CPU time of copying the body in and parsing it, memory growth included, instantiation not; median of ${ROUNDS} fresh instances. Warm code: other instances have run it before. New code: the module is compiled anew, so that it runs unoptimised and V8 optimises it meanwhile, whose CPU time counts too.`,
  run() {
    const workloads = [
      tsbs({ lines: 2500, linesPerBody: 2500 }), telegraf({ lines: 4000, linesPerBody: 4000 }),
      ...SAMPLES.map((name) => sample(name, BODY_BYTES_MAX, 0, BODY_BYTES_MAX)),
    ];
    return [{ title: 'parse, cold', columns: PARSE_COLUMNS, rows: workloads.flatMap(coldRows) }];
  },
};

function coldRows(workload: Workload): Row[] {
  const known = new Session();
  const counts = known.write(workload);
  const values = known.values();
  const { oracle, gunzip } = secondsOf(baselines(workload));
  const row = (name: string, module?: () => WebAssembly.Module): Row => {
    const seconds = median(Array.from({ length: ROUNDS }, () => {
      const session = known.successor(module?.());
      return cpuSecondsOf(() => void session.write(workload));
    }));
    return parseRow({ ...workload, name: `${workload.name}, ${name}` }, { ...counts, values, seconds, oracle, gunzip });
  };
  return [row('warm code'), row('new code', coldModule)];
}
