/** Parse speed, warm, where every line needs the exact path: escapes or errors in each. */
import { parseTable } from './parse-table.js';
import type { Part } from './table.js';
import { errors, escapes } from './workloads/hard.js';

const LINES = 20_000;

export const part: Part = {
  about: 'As in order. Escaped: measurement, tag values, a field key and two strings of every line. Refused: a bad number, an empty tag value, a timestamp out of range, a repeated field, another type, a number with two points, trailing text, no fields, in turn.',
  run: () => [parseTable('parse, exact path', [escapes({ lines: LINES, linesPerBody: 2000 }), errors({ lines: LINES, linesPerBody: 1250 })])],
};
