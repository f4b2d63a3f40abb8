/** The parts of the benchmarks by name, each loaded when it is asked for. */
import type { Part } from './table.js';

const PARTS: Readonly<Record<string, () => Promise<{ readonly part: Part }>>> = {
  'parse': () => import('./parse.js'),
  'parse-shuffled': () => import('./parse-shuffled.js'),
  'parse-exact': () => import('./parse-exact.js'),
  'parse-cold': () => import('./parse-cold.js'),
  'parse-new-series': () => import('./parse-new-series.js'),
  'encode': () => import('./encode.js'),
  'flush': () => import('./flush.js'),
  'compact': () => import('./compact.js'),
  'one-row-bodies': () => import('./one-row-bodies.js'),
  'inflate': () => import('./inflate.js'),
  'in-process': () => import('./in-process.js'),
  'worst': () => import('./worst.js'),
  'hostile': () => import('./hostile.js'),
  'agents': () => import('./agents.js'),
  'one-row': () => import('./one-row.js'),
  'queries': () => import('./queries.js'),
  'long-log': () => import('./long-log.js'),
  'end-to-end': () => import('./end-to-end.js'),
};

export const partNames: readonly string[] = Object.keys(PARTS);

export async function loadPart(name: string): Promise<Part> {
  return (await PARTS[name]!()).part;
}
