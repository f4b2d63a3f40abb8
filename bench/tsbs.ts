/**
 * Bodies in the shape of TSBS "cpu-only" (timescale/tsbs): ten tags, ten integer fields, hosts in turn, ten seconds
 * apart. Seeded: the same bodies every time.
 */
import { Random } from '../test/fuzz/random.js';

const FIELDS = ['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'];
const REGIONS = ['us-east-1', 'us-west-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-1', 'ap-northeast-1', 'sa-east-1'];
const OSES = ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'];
const TEAMS = ['SF', 'NYC', 'LON', 'CHI'];
const ENVIRONMENTS = ['production', 'staging', 'test'];
const START_NS = 1_451_606_400_000_000_000n;
const STEP_NS = 10_000_000_000n;

export interface TsbsOptions {
  readonly bodies: number;
  readonly linesPerBody: number;
  readonly hosts: number;
  readonly seed: number;
}

/** Line protocol bodies, each ending in a newline. */
export function tsbsBodies({ bodies, linesPerBody, hosts, seed }: TsbsOptions): Buffer[] {
  const random = new Random(seed);
  const keys = Array.from({ length: hosts }, (_, host) => seriesKey(random, host));
  const usage = Array.from({ length: hosts }, () => FIELDS.map(() => random.below(101)));
  return Array.from({ length: bodies }, (_, body) => {
    const lines: string[] = [];
    for (let line = 0; line < linesPerBody; line += 1) {
      const at = body * linesPerBody + line;
      const host = at % hosts;
      const time = START_NS + BigInt(Math.floor(at / hosts)) * STEP_NS;
      const values = usage[host]!.map((value) => Math.min(100, Math.max(0, value + random.below(3) - 1)));
      usage[host] = values;
      lines.push(`${keys[host]} ${FIELDS.map((field, i) => `usage_${field}=${values[i]}i`).join(',')} ${time}\n`);
    }
    return Buffer.from(lines.join(''));
  });
}

function seriesKey(random: Random, host: number): string {
  const region = random.pick(REGIONS);
  return `cpu,hostname=host_${host},region=${region},datacenter=${region}${random.pick(['a', 'b', 'c'])},rack=${random.below(100)},`
    + `os=${random.pick(OSES)},arch=${random.pick(['x64', 'x86'])},team=${random.pick(TEAMS)},service=${random.below(20)},`
    + `service_version=${random.below(2)},service_environment=${random.pick(ENVIRONMENTS)}`;
}
