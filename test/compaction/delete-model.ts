/** Points of two measurements that are written and deleted: what must be read of them. */
import { FIRST_NS, LAST_NS } from '../../src/model/tombstone.js';
import type { Random } from '../fuzz/random.js';

const FIRST_DAY_NS = 1_600_000_000n * 1_000_000_000n;
const DAY_NS = 86_400_000_000_000n;
const DAYS = 3;
const TIMES = 12;
const MEASUREMENTS = ['m', 'other'];
const VALUES = ['a', 'b', "it's"];

interface Point {
  readonly host: string;
  /** '' for none. */
  readonly rack: string;
  readonly time: bigint;
  readonly fields: Map<string, string>;
}

interface RandomDelete {
  readonly measurement?: string;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly tags: readonly (readonly [string, string])[];
}

export class DeleteModel {
  static readonly COLUMNS = 'host, rack, epoch_us(time)::HUGEINT * 1000 + sluice_ns AS t, f, i';
  readonly #points = new Map<string, Map<string, Point>>(MEASUREMENTS.map((name) => [name, new Map()]));

  measurements(): readonly string[] {
    return MEASUREMENTS;
  }

  /** A line of each measurement with all tags and fields. */
  allTags(): string[] {
    return MEASUREMENTS.map((measurement) => this.#write(measurement, 'a', 'r', FIRST_DAY_NS, [['f', '1.5'], ['i', '1i']]));
  }

  randomLines(random: Random): string[] {
    return Array.from({ length: 1 + random.below(20) }, () => {
      const fields = ([['f', `${random.below(100) + 0.5}`], ['i', `${random.below(100)}i`]] as [string, string][]).filter(() => random.chance(0.6));
      return this.#write(random.pick(MEASUREMENTS), random.pick(VALUES), random.chance(0.5) ? 'r' : '', this.#time(random), fields.length > 0 ? fields : [['f', '0.5']]);
    });
  }

  /** A delete, which the model has done. */
  randomDelete(random: Random): RandomDelete {
    const all = random.chance(0.2);
    const [a, b] = [this.#time(random), this.#time(random)];
    const order: RandomDelete = {
      ...(random.chance(0.6) ? { measurement: random.pick(MEASUREMENTS) } : {}),
      firstNs: all ? FIRST_NS : a < b ? a : b, lastNs: all ? LAST_NS : a < b ? b : a,
      tags: [...(random.chance(0.4) ? [['host', random.pick(VALUES)] as const] : []), ...(random.chance(0.3) ? [['rack', random.pick(['r', '', 'none'])] as const] : [])],
    };
    for (const measurement of order.measurement === undefined ? MEASUREMENTS : [order.measurement]) {
      const points = this.#points.get(measurement)!;
      for (const [key, point] of points) {
        const isWithin = point.time >= order.firstNs && point.time <= order.lastNs;
        if (isWithin && order.tags.every(([tag, value]) => point[tag as 'host' | 'rack'] === value)) points.delete(key);
      }
    }
    return order;
  }

  /** As a query of COLUMNS gives them. */
  rows(measurement: string): string[] {
    const of = ({ fields }: Point, name: string): string => fields.get(name)?.replace('i', '') ?? '';
    return [...this.#points.get(measurement)!.values()].map((point) => [point.host, point.rack, point.time, of(point, 'f'), of(point, 'i')].join()).sort();
  }

  /** Some to the microsecond alike: nanoseconds decide. */
  #time(random: Random): bigint {
    return FIRST_DAY_NS + BigInt(random.below(DAYS)) * DAY_NS + BigInt(random.below(TIMES)) * 333n;
  }

  #write(measurement: string, host: string, rack: string, time: bigint, fields: readonly (readonly [string, string])[]): string {
    const points = this.#points.get(measurement)!;
    const key = `${host} ${rack} ${time}`;
    const point = points.get(key) ?? { host, rack, time, fields: new Map<string, string>() };
    for (const [name, value] of fields) point.fields.set(name, value);
    points.set(key, point);
    return `${measurement},host=${host}${rack === '' ? '' : `,rack=${rack}`} ${fields.map(([name, value]) => `${name}=${value}`).join(',')} ${time}`;
  }
}
