/** Line protocol to measure with: bodies as a server gets them, and ways to rearrange their lines. */
import type { Random } from '../../test/fuzz/random.js';

const NEWLINE = 0x0a;

export interface Workload {
  readonly name: string;
  /** Whole lines each. */
  readonly bodies: readonly Buffer[];
  /** Of the timestamps. */
  readonly precision: 'ns' | 's';
}

export function bytesOf({ bodies }: Workload): number {
  return bodies.reduce((sum, body) => sum + body.length, 0);
}

/** Bodies of at most `bytesMax` bytes (a longer line is one of its own), cut at newlines. */
export function cutBodies(text: Buffer, bytesMax: number): Buffer[] {
  const bodies: Buffer[] = [];
  for (let from = 0; from < text.length;) {
    const last = from + bytesMax >= text.length ? text.length - 1 : text.lastIndexOf(NEWLINE, from + bytesMax - 1);
    const end = last < from ? text.indexOf(NEWLINE, from) + 1 || text.length : last + 1;
    bodies.push(text.subarray(from, end));
    from = end;
  }
  return bodies;
}

/** The same lines in another order, in bodies of at most `bytesMax` bytes. No line may hold a newline. */
export function shuffled({ name, bodies, precision }: Workload, random: Random, bytesMax: number): Workload {
  const lines = linesOf(bodies);
  for (let i = lines.length - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [lines[i], lines[other]] = [lines[other]!, lines[i]!];
  }
  return { name, bodies: cutBodies(Buffer.from(lines.join('')), bytesMax), precision };
}

function linesOf(bodies: readonly Buffer[]): string[] {
  return Buffer.concat(bodies).toString().split('\n').filter((line) => line !== '').map((line) => `${line}\n`);
}
