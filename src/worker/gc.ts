/**
 * Collects garbage now. What an instance of the module held is freed with its JavaScript objects, which are few and small:
 * a worker that has little to do would keep hundreds of megabytes of a left one for hours.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A context made after the flag is set has the function. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
