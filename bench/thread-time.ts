/** CPU time of this thread alone, as Linux counts it: neither other threads nor other processes are in it. */
import { openSync, readSync } from 'node:fs';

const text = Buffer.alloc(128);
let file: number | undefined;

/** Milliseconds on a core so far. The file alone is counted up at ticks (4 ms); the look at the process has the thread counted to now. */
export function threadMs(): number {
  process.cpuUsage();
  file ??= openSync('/proc/thread-self/schedstat', 'r');
  return Number(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)).split(' ')[0]) / 1e6;
}

/** Runs `action` and gives the most of this thread's milliseconds between two turns of the event loop. */
export async function longestTurnMs(action: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let ended = false;
  const watch = async (): Promise<void> => {
    while (!ended) {
      const before = threadMs();
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, threadMs() - before);
    }
  };
  const watched = watch();
  await action();
  ended = true;
  await watched;
  return longest;
}
