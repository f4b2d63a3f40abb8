/** How time is taken: CPU seconds, by `benchmark` for what can be repeated. */
import { readFileSync } from 'node:fs';
import Benchmark from 'benchmark';

const ROUNDS = 3;
/** Linux counts CPU time in these; /proc/PID/stat, fields 14 and 15. */
const TICKS_PER_SECOND = 100;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * CPU seconds of one run of each action: warm, the actions in turn, median of three rounds; in a round `benchmark` runs
 * it for `secondsMax`. CPU time, because machines are shared.
 */
export function secondsOf<Name extends string>(actions: Readonly<Record<Name, () => void>>, secondsMax = 0.3): Record<Name, number> {
  const names = Object.keys(actions) as Name[];
  for (const name of names) actions[name]();
  const rounds = Array.from({ length: ROUNDS }, () => names.map((name) => repeated(actions[name], secondsMax)));
  return Object.fromEntries(names.map((name, i) => [name, median(rounds.map((round) => round[i]!))])) as Record<Name, number>;
}

function repeated(action: () => void, secondsMax: number): number {
  let runs = 0;
  const fn = (): void => {
    runs += 1;
    action();
  };
  const benchmark = new Benchmark({ fn, maxTime: secondsMax, minSamples: 3 });
  const seconds = cpuSecondsOf(() => void benchmark.run());
  if (benchmark.error !== undefined) throw benchmark.error;
  return seconds / runs;
}

/** CPU seconds of this process, all its threads, in `action`. */
export function cpuSecondsOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  return secondsSince(before);
}

export function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** CPU seconds of another process, all threads, so far. */
export function cpuSecondsOfProcess(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
