/** A server whose encoder traps. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Loaded into every thread: sorting the first table traps. */
const TRAP = `
const { Instance, RuntimeError } = WebAssembly;
WebAssembly.Instance = function (...args) {
  const { exports } = new Instance(...args);
  const flushSort = (table) => {
    if (new DataView(exports.memory.buffer).getUint32(table, true) === 1) throw new RuntimeError('unreachable');
    return exports.flushSort(table);
  };
  return { exports: { ...exports, flushSort } };
};`;

/** What a server of a data folder is to be started with. */
export function trapEnvironment(dataDir: string): Record<string, string> {
  const preload = join(dirname(dataDir), 'trap.cjs');
  writeFileSync(preload, TRAP);
  return { NODE_OPTIONS: `--require ${preload}` };
}
