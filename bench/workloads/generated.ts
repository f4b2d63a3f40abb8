/** The two generated workloads, in bodies as a server gets them. */
import { Random } from '../../test/fuzz/random.js';
import { telegrafLines } from './telegraf.js';
import { tsbsLines } from './tsbs.js';
import type { Workload } from './workload.js';

const SEED = 123;
const TSBS_HOSTS = 4000;
const TELEGRAF_HOSTS = 400;

export interface Size {
  readonly lines: number;
  readonly linesPerBody: number;
}

export function tsbs({ lines, linesPerBody }: Size): Workload {
  return { name: 'generated TSBS cpu-only', bodies: bodiesOf(nextTsbsLine(), { lines, linesPerBody }), precision: 'ns' };
}

export function telegraf({ lines, linesPerBody }: Size): Workload {
  return { name: 'generated Telegraf mix', bodies: bodiesOf(nextTelegrafLine(), { lines, linesPerBody }), precision: 'ns' };
}

/** The same lines one by one. */
export function nextTsbsLine(): () => string {
  return tsbsLines(new Random(SEED), TSBS_HOSTS);
}

export function nextTelegrafLine(): () => string {
  return telegrafLines(new Random(SEED), TELEGRAF_HOSTS);
}

/** `lines` lines in bodies of `linesPerBody`. */
export function bodiesOf(nextLine: () => string, { lines, linesPerBody }: Size): Buffer[] {
  return Array.from({ length: Math.ceil(lines / linesPerBody) }, (_, body) => bodyOf(nextLine, Math.min(linesPerBody, lines - body * linesPerBody)));
}

export function bodyOf(nextLine: () => string, lines: number): Buffer {
  return Buffer.from(Array.from({ length: lines }, nextLine).join(''));
}
