/** Points that are written again and again, with other fields, over some days: what must be read of them. */
import assert from 'node:assert/strict';
import { sluice } from '../e2e/server.js';
import type { Random } from '../fuzz/random.js';

export const DAY_NS = 86_400_000_000_000n;
/** In the past, so that its day is put together at once. */
export const FIRST_DAY_NS = 1_600_000_000n * 1_000_000_000n;
const SERIES = 3;
const TIMES = 200;

interface Point {
  readonly tag: string;
  readonly time: bigint;
  readonly fields: Map<string, string>;
}

/** Per field of a point the value written last. */
export class Model {
  readonly points = new Map<string, Point>();

  /** Lines of points of some days, as if they were written now. @param firstDay from 0 */
  randomLines(random: Random, count: number, days: number, firstDay = 0): string[] {
    return Array.from({ length: count }, () => {
      const time = FIRST_DAY_NS + BigInt(firstDay + random.below(days)) * DAY_NS + BigInt(random.below(TIMES)) * 1_000_001n;
      const all: [string, string][] = [['f', `${random.below(1000) + 0.5}`], ['i', `${random.below(1000)}i`], ['s', `"text ${random.below(50)}"`]];
      const some = all.filter(() => random.chance(0.6));
      return this.#write(`h${random.below(SERIES)}`, time, some.length > 0 ? some : all.slice(0, 1));
    });
  }

  #write(tag: string, time: bigint, fields: readonly (readonly [string, string])[]): string {
    const key = `${tag} ${time}`;
    const point = this.points.get(key) ?? { tag, time, fields: new Map<string, string>() };
    for (const [name, value] of fields) point.fields.set(name, value);
    this.points.set(key, point);
    return `m,host=${tag} ${fields.map(([name, value]) => `${name}=${value}`).join(',')} ${time}`;
  }

  /** What is before a time is gone. */
  forgetBefore(time: bigint): void {
    for (const [key, point] of this.points) if (point.time < time) this.points.delete(key);
  }

  csv(): string {
    const of = ({ fields }: Point, name: string): string => fields.get(name)?.replace(/[i"]/g, '') ?? '';
    return ['host,t,f,i,s', ...[...this.points.values()].map((point) => [point.tag, point.time, of(point, 'f'), of(point, 'i'), of(point, 's')].join(',')).sort()].join('\n');
  }
}

/** All points of table `db.m`, like `Model.csv`. */
export function readBack(dataDir: string): string {
  const { code, stderr, stdout } = sluice(['query', '--data-dir', dataDir, '--format', 'csv', ALL_POINTS]);
  assert.deepEqual([code, stderr], [0, '']);
  return inOrder(stdout);
}

/** All points of table `m`. */
export const ALL_POINTS = 'SELECT host, epoch_us(time)::HUGEINT * 1000 + sluice_ns AS t, f, i, s FROM m';

/** An answer to it, like `Model.csv`. */
export function inOrder(csv: string): string {
  const [head, ...rows] = csv.trimEnd().replaceAll('\r', '').split('\n');
  return [head, ...rows.sort()].join('\n');
}
