/** Points that an agent reads: numbered, each with a time of its own, with every type and with text that needs escapes. */
import { parseBody } from '../../oracle/line-protocol.js';
import type { Point } from '../../oracle/point.js';

const FIRST_NS = 1_700_000_000_000_000_000n;

/** Lines of the points from..to-1 of an agent. */
export function numberedLines(agent: string, from: number, to: number): string {
  const lines = Array.from({ length: to - from }, (_, at) => {
    const seq = from + at;
    const measurement = seq % 3 === 0 ? 'disk\\ io' : 'cpu';
    const fields = `seq=${seq}i,value=${seq / 4},total=${seq}u,ok=${seq % 2 === 0},msg="no. ${seq}: \\"a\\\\b\\", c=d"`;
    return `${measurement},agent=${agent},host=web\\,${seq % 20} ${fields} ${FIRST_NS + BigInt(seq) * 1_000_001n}\n`;
  });
  return lines.join('');
}

/** The points of lines, as they must be stored. */
export function pointsOf(lines: string): readonly Point[] {
  const { points, errors } = parseBody(Buffer.from(lines), { precision: 'ns', defaultTimeNs: 0n });
  if (errors.length > 0) throw new Error(`line ${errors[0]!.line} is ${errors[0]!.code}`);
  return points;
}
