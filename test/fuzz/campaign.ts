/** The random comparison of oracle, SIMD build and scalar build: as many sessions as lines allow. */
import type { Case, Step, Subject } from './case.js';
import { toStored } from './case.js';
import { randomCase } from './cases.js';
import { difference } from './compare.js';
import { minimised } from './minimise.js';
import { OracleSubject } from './oracle-subject.js';
import { Random } from './random.js';
import { warmCase } from './warm.js';
import { bothBuilds, WasmSubject } from './wasm-subject.js';

/** A session of cases that have a database each is of so many, so that what a parser remembers of one meets the next. */
const COLD_CASES = 60;
/** Share of sessions of one case, whose bodies repeat themselves. */
const WARM = 0.85;

/** Share of sessions of parsers that hardly look for series. */
const JADED = 0.05;

/** Enough for all series of a session, or so little that they are forgotten again and again. */
const SERIES_BYTES_MAX = [64 << 20, 64 << 20, 1 << 18, 0];

const PROGRESS_LINES = 250_000;

export interface Campaign {
  /** Of the first session; the next has the next number. */
  readonly seed: number;
  /** It ends when these lines are compared. */
  readonly linesMax: number;
  /** Called about every PROGRESS_LINES. */
  readonly onProgress?: (counts: Counts) => void;
}

export interface Counts {
  sessions: number;
  /** Lines that were neither blank nor comments, and those of them that were stored. */
  lines: number;
  accepted: number;
}

/** Runs it. @throws with the smallest case that still fails and how to get it again, at the first difference */
export function runCampaign({ seed, linesMax, onProgress }: Campaign): Counts {
  const counts: Counts = { sessions: 0, lines: 0, accepted: 0 };
  for (let told = PROGRESS_LINES; counts.lines < linesMax; counts.sessions++) {
    const oracle = new OracleSubject();
    const sessionSeed = (seed + counts.sessions) >>> 0;
    const { subjects, steps } = randomSession(new Random(sessionSeed));
    const found = difference(steps, oracle, subjects());
    if (found !== null) throw new Error(report(sessionSeed, steps, subjects, found));
    counts.lines += oracle.lines;
    counts.accepted += oracle.accepted;
    if (counts.lines < told) continue;
    told += PROGRESS_LINES;
    onProgress?.(counts);
  }
  return counts;
}

interface Session {
  readonly steps: Case;
  /** Makes them anew. */
  readonly subjects: () => Subject[];
}

/** Both builds as a server drives them, and sometimes one of them besides with all that it can be asked. */
function randomSession(random: Random): Session {
  const thorough = random.chance(0.25) ? random.pick(['simd', 'scalar'] as const) : null;
  const limits = random.chance(JADED) ? { isJaded: true } : { seriesBytesMax: random.pick(SERIES_BYTES_MAX) };
  const subjects = (): Subject[] => [
    ...bothBuilds(limits), ...(thorough === null ? [] : [new WasmSubject({ ...limits, build: thorough, thorough: true })]),
  ];
  const steps: readonly Step[] = random.chance(WARM)
    ? warmCase(random) : Array.from({ length: COLD_CASES }, (_, index) => randomCase(random, index + 1)).flat();
  return { steps, subjects };
}

/** The report of a failure: the smallest case that still fails, ready to be kept. */
function report(seed: number, steps: Case, subjects: () => Subject[], found: string): string {
  const again = (candidate: Case): string | null => difference(candidate, new OracleSubject(), subjects());
  const smallest = minimised(steps, (candidate) => again(candidate) !== null);
  return `SEED=${seed}: ${again(smallest) ?? `seen once and not again: ${found}`}\n`
    + `Keep this as a file of test/fuzz/cases/:\n${JSON.stringify(toStored('say here what was wrong', smallest), null, 1)}`;
}
