/** Random cases: bodies, damaged or not, whole or cut into several requests, for one database. */
import type { Precision } from '../oracle/numbers.js';
import type { DatabaseRules } from '../oracle/schema.js';
import type { Request } from './case.js';
import { randomBody } from './generator.js';
import { mutated } from './mutate.js';
import type { Random } from './random.js';
import { readSamples } from './samples.js';

export const PRECISIONS: readonly Precision[] = ['auto', 'ns', 'us', 'ms', 's', 'm', 'h'];

/** Of plain rules in half the cases; a database may change them at any time. */
export function randomRules(random: Random): DatabaseRules {
  if (random.chance(0.5)) return { tags: 'grow', types: 'strict' };
  return { tags: random.pick(['grow', 'grow', 'fixed']), types: random.pick(['strict', 'widen', 'split']) };
}

/**
 * One to four bodies of generated or real lines, each of which may be cut at line ends. A third of them is damaged, a
 * tenth asks for all or nothing; one in five comes after a change of the database's rules.
 */
export function randomCase(random: Random, database: number): Request[] {
  const precision = random.pick(PRECISIONS);
  let rules = randomRules(random);
  return Array.from({ length: 1 + random.below(4) }).flatMap(() => {
    const whole = random.chance(0.2) ? sampleBody(random) : randomBody(random, precision);
    const body = random.chance(0.33) ? mutated(random, whole, randomBody(random, precision)) : whole;
    const acceptPartial = !random.chance(0.1);
    if (random.chance(0.2)) rules = randomRules(random);
    const pieces = random.chance(0.3) ? cutAtLineEnds(random, body) : [body];
    return pieces.map((piece) => ({ database, precision, acceptPartial, rules, body: piece }));
  });
}

const samples = readSamples();

/** Some consecutive lines of real data, sometimes twice: the same lines again are what a parser may have learnt. */
function sampleBody(random: Random): Buffer {
  const { lines } = random.pick(samples);
  const from = random.below(lines.length);
  const text = `${lines.slice(from, from + 1 + random.below(12)).join('\n')}\n`;
  return Buffer.from(random.chance(0.3) ? text + text : text);
}

/** Cuts behind some newlines, whether or not they end a line for the grammar. */
function cutAtLineEnds(random: Random, body: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = body.indexOf(0x0a); at >= 0; at = body.indexOf(0x0a, at + 1)) {
    if (!random.chance(0.3)) continue;
    pieces.push(body.subarray(from, at + 1));
    from = at + 1;
  }
  return [...pieces, body.subarray(from)];
}
