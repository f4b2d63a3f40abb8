/** What a flush needs of its surroundings, and what is seen of it: time of each call into WASM, and of the longest slice. */
import type { StoreWriter, TableStore } from '../src/tables/table-store.js';
import type { FlushModule } from '../src/worker/flush/parquet-file.js';
import { secondsSince } from './measure.js';

/** A store that counts what is written and keeps nothing. */
export function countingStore(): TableStore & { bytes: number } {
  const writer: StoreWriter = {
    write: async (bytes) => void (store.bytes += bytes.length),
    publish: async () => undefined,
    abandon: async () => undefined,
  };
  const store = {
    bytes: 0,
    put: async () => writer,
    putIfAbsent: async () => true,
    get: async () => null,
    size: async () => null,
    list: async () => [],
    delete: async () => undefined,
  };
  return store;
}

/** The module with a clock around each of its functions; a name's CPU seconds add up, those of flushChunk by column as well. */
export function timedModule({ memory, exports }: FlushModule): { readonly module: FlushModule; readonly secondsBy: Map<string, number> } {
  const secondsBy = new Map<string, number>();
  const timed = (name: string, call: (...values: unknown[]) => unknown) => (...values: unknown[]): unknown => {
    const before = process.cpuUsage();
    const result = call(...values);
    const key = name === 'flushChunk' ? chunkKey(values[1] as number) : name;
    secondsBy.set(key, (secondsBy.get(key) ?? 0) + secondsSince(before));
    return result;
  };
  const wrapped = Object.entries(exports).map(([name, value]: [string, unknown]) => [name, typeof value === 'function' ? timed(name, value as () => unknown) : value]);
  return { module: { memory, exports: Object.fromEntries(wrapped) as unknown as FlushModule['exports'] }, secondsBy };
}

export function chunkKey(columnId: number): string {
  return `column ${columnId}`;
}

/**
 * Runs `action` and gives the most seconds between two turns of the event loop: what a waiting write is held up. Of a slice
 * counts the CPU time of all threads or the time that passed, whichever is less: the one has the garbage collector's
 * threads in it, the other the machine's other work.
 */
export async function longestSlice(action: () => Promise<unknown>): Promise<number> {
  let ended = false;
  const watch = async (): Promise<number> => {
    let longest = 0;
    while (!ended) {
      const before = process.cpuUsage();
      const start = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, Math.min(secondsSince(before), (performance.now() - start) / 1000));
    }
    return longest;
  };
  const watched = watch();
  await action();
  ended = true;
  return watched;
}
