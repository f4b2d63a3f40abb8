/** Lines that no shortcut may take: escapes everywhere, errors everywhere, series that never return. */
import { Random } from '../../test/fuzz/random.js';
import { bodiesOf, type Size } from './generated.js';
import { percentage, tsbsLines } from './tsbs.js';
import type { Workload } from './workload.js';

const SEED = 321;
const START_SECONDS = 1_700_000_000;
const HOSTS = 1000;

/** Every line has escapes in its measurement, in tag values, in a field key and in a string. */
export function escapes(size: Size): Workload {
  const random = new Random(SEED);
  let at = 0;
  const next = (): string => {
    const host = at % HOSTS;
    const seconds = START_SECONDS + Math.floor(at++ / HOSTS) * 10;
    return `disk\\ use,host=web\\ ${host},path=/var/lib\\,old,volume=C:\\\\data\\=${host % 7},zone=eu\\ central `
      + `used\\ percent=${percentage(random)},free\\,bytes=${random.below(2 ** 31)}i,`
      + `message="quota \\"soft\\" of C:\\\\data is ${random.below(100)} %",state="it's \\"ok\\"" ${seconds}000000000\n`;
  };
  return { name: 'every line escaped', bodies: bodiesOf(next, size), precision: 'ns' };
}

/** What makes a line a refused one; `line` has no newline. */
const FAULTS: readonly ((line: string) => string)[] = [
  (line) => line.replace('usage_idle=', 'usage_idle=x'),
  (line) => line.replace(',region=', ',region=,zone='),
  (line) => `${line}9999`,
  (line) => line.replace('usage_nice=', 'usage_user='),
  (line) => line.replace(/i(?=,usage_irq)/, ''),
  (line) => line.replace('usage_softirq=', 'usage_softirq=1.2.'),
  (line) => `${line} more`,
  (line) => line.replace(/ usage.* /, ' '),
];

/** TSBS lines; every other one is refused, for eight reasons in turn (no open string: it would swallow the lines behind it). */
export function errors(size: Size): Workload {
  const line = tsbsLines(new Random(SEED), HOSTS);
  let at = 0;
  const next = (): string => {
    at += 1;
    return at % 2 === 1 ? line() : `${FAULTS[(at / 2) % FAULTS.length]!(line().trimEnd())}\n`;
  };
  return { name: 'every other line refused', bodies: bodiesOf(next, size), precision: 'ns' };
}

/** Each line is a series of its own: host names are counted up. */
export function oneOffSeries(size: Size): Workload {
  const random = new Random(SEED);
  let at = 0;
  const next = (): string => {
    const host = at++;
    return `cpu,host=host-${host},region=eu-${host % 3},service=s${host % 20} usage_user=${random.below(100)}i,usage_system=${percentage(random)} ${START_SECONDS + Math.floor(host / 1000)}000000000\n`;
  };
  return { name: 'host names counted up', bodies: bodiesOf(next, size), precision: 'ns' };
}
