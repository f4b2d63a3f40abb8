/** Sends a body through the control socket until the server has room for it. */
import { systemClock as clock } from '../../clock.js';
import type { WriteArgs, WriteResult } from '../../control/commands.js';
import { ERRORS, type ErrorCode } from '../../errors.js';
import type { Runner } from '../io.js';

/** A server that takes nothing for so long has a trouble that waiting does not end. */
const REFUSED_MS_MAX = 5 * 60_000;

/**
 * @param to where, and how it is read
 * @param onWait is told why nothing is taken now
 * @returns the outcome, of which none is a 503
 * @throws Error with a sentence when the server is stopping, or takes nothing for too long
 */
export async function sendBody(run: Runner, to: WriteArgs, bytes: Uint8Array, onWait: (sentence: string) => void): Promise<WriteResult> {
  const until = clock.monotonicMs() + REFUSED_MS_MAX;
  for (;;) {
    const outcome = await run('write', to, bytes);
    if (outcome.kind !== 'failed' || ERRORS[outcome.code].status !== 503) return outcome;
    const sentence = sentenceOf(outcome.code, outcome.detail);
    if (outcome.code === 'stopping') throw new Error(sentence);
    if (clock.monotonicMs() > until) throw new Error(`for ${REFUSED_MS_MAX / 60_000} minutes nothing was taken: ${sentence}`);
    onWait(sentence);
  }
}

export function sentenceOf(code: ErrorCode, detail: string): string {
  return `${ERRORS[code].sentence}: ${detail}`;
}
