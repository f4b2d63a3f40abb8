/**
 * What a parser learns from, and what surprises it: one database after another gets the same series and fields body for
 * body, and a line now and then is another than all before it made likely. Texts are bytes, a character each.
 */
import type { Precision } from '../oracle/numbers.js';
import type { Case, Change, Step } from './case.js';
import { PRECISIONS, randomRules } from './cases.js';
import { Fleet } from './fleet.js';
import type { Random } from './random.js';
import { surprised } from './fallback.js';

/** Lines between two surprises, about. */
const PEACE = [3, 10, 30, 100, 1000];
const BODY_LINES = [1, 3, 20, 60, 200, 200, 600];
const CROWD_LINES = [10, 1000, 4000];

/** Ten to forty steps (a few of a crowd) with up to three databases of the same machines. */
export function warmCase(random: Random): Case {
  const fleet = new Fleet(random);
  const precision = random.pick(PRECISIONS);
  const databases = 1 + random.below(3);
  const plain = random.chance(0.5);
  const changes = random.pick([0, 0.05, 0.3]);
  const peace = random.pick(PEACE);
  const steps: Step[] = [];
  let body: Buffer = Buffer.alloc(0);
  for (let left = fleet.isCrowd ? 8 : 10 + random.below(30); left > 0; left--) {
    const database = 1 + random.below(databases);
    if (random.chance(changes)) steps.push(...randomChanges(random, database));
    if (random.chance(0.05)) fleet.grow();
    if (!random.chance(0.1)) body = warmBody(random, fleet, precision, peace);
    steps.push({
      database, precision, acceptPartial: !random.chance(0.15), body,
      ...(plain ? {} : { rules: randomRules(random) }),
      ...(random.chance(0.03) ? { linesMax: random.below(30) } : {}),
    });
  }
  return steps;
}

/** One change; where rows leave, what they leave behind may go as well. */
function randomChanges(random: Random, database: number): Change[] {
  const change = random.pick(['remove', 'remove', 'flush', 'drop', 'free', 'move'] as const);
  const changes: Change[] = [{ database, change, seed: random.u32() }];
  if ((change === 'remove' || change === 'flush') && random.chance(0.4)) changes.push({ database, change: 'free', seed: 0 });
  return changes;
}

/** Lines of the fleet, each of which may be a surprise; sometimes shuffled, sometimes cut at any byte. */
function warmBody(random: Random, fleet: Fleet, precision: Precision, peace: number): Buffer {
  const lines: string[] = [];
  for (let left = random.pick(fleet.isCrowd ? CROWD_LINES : BODY_LINES); left > 0; left--) {
    const line = fleet.line(precision);
    lines.push(random.below(peace) === 0 ? surprised(random, line, precision) : line.text());
  }
  if (random.chance(0.15)) shuffle(random, lines);
  const text = lines.join(random.chance(0.05) ? '\r\n' : '\n');
  const end = random.chance(0.2) ? random.below(text.length + 1) : text.length;
  return Buffer.from(text.slice(0, end) + (random.chance(0.8) ? '\n' : ''), 'latin1');
}

function shuffle(random: Random, lines: string[]): void {
  for (let i = lines.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
}
