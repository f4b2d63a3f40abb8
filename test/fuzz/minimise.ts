/** Makes a failing case small. */
import type { Case } from './case.js';

/** Cases tried; then the result so far is taken. */
const TRIES_MAX = 5000;

/** Drops steps, then lines, then bytes, as long as `stillFails` says that what is left still does. */
export function minimised(steps: Case, stillFails: (steps: Case) => boolean): Case {
  let tries = 0;
  const isLate = (): boolean => tries >= TRIES_MAX;
  const fails = (rest: Case): boolean => {
    tries += 1;
    return stillFails(rest);
  };
  let smallest: Case = withoutParts(steps, fails, isLate);
  for (const unit of [linesOf, bytesOf]) {
    for (let index = 0; index < smallest.length; index++) {
      const base = smallest, step = base[index]!;
      if ('change' in step) continue;
      const withBody = (parts: readonly Buffer[]): Case => base.with(index, { ...step, body: Buffer.concat(parts) });
      const parts = unit(step.body);
      smallest = withBody(withoutParts(parts, (rest) => fails(withBody(rest)), isLate));
    }
    smallest = withoutParts(smallest, fails, isLate);
  }
  return smallest;
}

/** The list without every run that is not needed: runs of half the list first, of one element last. */
function withoutParts<T>(list: readonly T[], stillFails: (rest: readonly T[]) => boolean, isLate: () => boolean): readonly T[] {
  let kept = list;
  for (let run = Math.ceil(kept.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let at = 0; at < kept.length && !isLate();) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + run)];
      if (stillFails(rest)) kept = rest;
      else at += run;
    }
  }
  return kept;
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const newline = body.indexOf(0x0a, at);
    const end = newline < 0 ? body.length : newline + 1;
    lines.push(body.subarray(at, end));
    at = end;
  }
  return lines;
}

function bytesOf(body: Buffer): Buffer[] {
  return Array.from(body, (byte) => Buffer.from([byte]));
}
