/** The data sets of test/data/lpdata. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root } from '../../test/root.js';
import { cutBodies, type Workload } from './workload.js';

const FOLDER = join(root, 'test/data/lpdata');
const IN_SECONDS: ReadonlySet<string> = new Set(['air_and_water.lp', 'temperature.lp', 'docs_home-sensor-data.lp']);

/** Names of all sets. */
export function sampleNames(): string[] {
  return readdirSync(FOLDER).filter((name) => /\.lp(\.gz)?$/.test(name)).sort();
}

/**
 * One set in bodies of at most `bytesMax` bytes. A set smaller than `bytesMin` is repeated, so that the time of a call
 * does not count; of a larger one, `bytesTaken` at most are taken.
 */
export function sample(name: string, bytesMax: number, bytesMin: number, bytesTaken = Infinity): Workload {
  const file = readFileSync(join(FOLDER, name));
  const text = name.endsWith('.gz') ? gunzipSync(file) : file;
  const whole = text.at(-1) === 0x0a ? text : Buffer.concat([text, Buffer.from('\n')]);
  const repeated = Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(bytesMin / whole.length)) }, () => whole));
  const taken = repeated.length <= bytesTaken ? repeated : repeated.subarray(0, repeated.lastIndexOf(0x0a, bytesTaken - 1) + 1);
  return { name, bodies: cutBodies(taken, bytesMax), precision: IN_SECONDS.has(name) ? 's' : 'ns' };
}
