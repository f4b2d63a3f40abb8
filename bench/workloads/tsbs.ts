/**
 * Lines in the shape of TSBS "cpu-only" (timescale/tsbs), about 400 bytes each: ten tags and ten fields, of which six
 * are small integers and four floats of 16 or 17 digits; hosts in turn, ten seconds apart. Seeded: the same every time.
 */
import type { Random } from '../../test/fuzz/random.js';

const INTEGERS = ['user', 'system', 'idle', 'nice', 'iowait', 'irq'];
const FLOATS = ['softirq', 'steal', 'guest', 'guest_nice'];
const REGIONS = ['us-east-1', 'us-west-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-southeast-1', 'ap-northeast-1', 'sa-east-1'];
const OSES = ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'];
const TEAMS = ['SF', 'NYC', 'LON', 'CHI'];
const ENVIRONMENTS = ['production', 'staging', 'test'];
const START_SECONDS = 1_451_606_400;
const STEP_SECONDS = 10;

/** Each call gives the next line. */
export function tsbsLines(random: Random, hosts: number): () => string {
  const keys = Array.from({ length: hosts }, (_, host) => seriesKey(random, host));
  const usage = Array.from({ length: hosts }, () => INTEGERS.map(() => random.below(101)));
  let at = 0;
  return () => {
    const host = at % hosts;
    const seconds = START_SECONDS + Math.floor(at / hosts) * STEP_SECONDS;
    at += 1;
    const counts = usage[host]!;
    let fields = '';
    for (let i = 0; i < INTEGERS.length; i += 1) {
      counts[i] = Math.min(100, Math.max(0, counts[i]! + random.below(3) - 1));
      fields += `usage_${INTEGERS[i]}=${counts[i]}i,`;
    }
    for (const name of FLOATS) fields += `usage_${name}=${percentage(random)},`;
    return `${keys[host]} ${fields.slice(0, -1)} ${seconds}000000000\n`;
  };
}

/** 0 to 100, with 53 random bits: nearly always 16 or 17 digits. */
export function percentage(random: Random): number {
  return ((random.u32() * 0x20_0000 + (random.u32() >>> 11)) / 2 ** 53) * 100;
}

function seriesKey(random: Random, host: number): string {
  const region = random.pick(REGIONS);
  return `cpu,hostname=host_${host},region=${region},datacenter=${region}${random.pick(['a', 'b', 'c'])},rack=${random.below(100)},`
    + `os=${random.pick(OSES)},arch=${random.pick(['x64', 'x86'])},team=${random.pick(TEAMS)},service=${random.below(20)},`
    + `service_version=${random.below(2)},service_environment=${random.pick(ENVIRONMENTS)}`;
}
