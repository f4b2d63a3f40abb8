/** Bodies that are hard on a parser or an encoder, about a million cells (tags and fields as written) each. */
import { Random } from '../../test/fuzz/random.js';
import { bodiesOf } from './generated.js';
import type { Workload } from './workload.js';

const SEED = 77;
const FIELDS = 2000;
const TABLES = 5000;
const CELLS = 1_000_000;
const SECONDS = 1_700_000_000;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export interface WorstCase {
  readonly name: string;
  /** Of each workload. */
  readonly cells: number;
  /** The next lines of that kind: what never comes twice comes in none of those before. */
  next(): Workload;
}

/** The first is the dense case, with which the others are compared. */
export function worstCases(): WorstCase[] {
  return [
    wide('2,000 fields, each in every row', FIELDS),
    wide('2,000 fields, another 200 in each row', 200),
    wide('2,000 fields, another 20 in each row', 20),
    worst('5,000 tables in turn, one tag, four fields', 5, (_, row) => `table_${row % TABLES},host=h${row % 7} a=${row}i,b=${row % 10}i,c=${row % 3}.5,d=${row % 2 === 0} ${timeOf(Math.floor(row / TABLES))}`),
    worst('strings of 100 KB', 1, (random, row) => `log text="${text(random, 100_000)}" ${timeOf(row)}`, 300),
    worst('logs: messages of 100 to 300 bytes', 5, (random, row) => `syslog,host=h${row % 50},severity=s${row % 8} message="${text(random, 100 + random.below(200))}",pid=${random.below(32_768)}i,program="p${random.below(30)}" ${timeOf(row)}`),
    worst('tags that never come twice', 5, (random, row) => `http,request=${random.u32().toString(16)}-${row},user=u${random.below(100_000)} a=${row}i,b=${row % 10}i,c=${row % 3}.5 ${timeOf(row)}`),
  ];
}

/** A table of 2,000 integer fields; each row has `fieldsPerRow` of them, from another one on. */
function wide(name: string, fieldsPerRow: number): WorstCase {
  return worst(name, fieldsPerRow, (random, row) => {
    const first = fieldsPerRow === FIELDS ? 0 : random.below(FIELDS);
    const fields = Array.from({ length: fieldsPerRow }, (_, i) => `field_${(first + i * 7) % FIELDS}=${random.below(1000)}i`);
    return `wide ${(fieldsPerRow === FIELDS ? dense(random) : fields).join(',')} ${timeOf(row)}`;
  });
}

function dense(random: Random): string[] {
  return Array.from({ length: FIELDS }, (_, i) => `field_${i}=${random.below(1000)}i`);
}

function worst(name: string, cellsPerLine: number, lineOf: (random: Random, row: number) => string, lines = CELLS / cellsPerLine): WorstCase {
  const random = new Random(SEED);
  let row = 0;
  const linesPerBody = Math.max(1, Math.floor(1_000_000 / lineOf(new Random(SEED), 0).length));
  const next = (): Workload => ({ name, bodies: bodiesOf(() => `${lineOf(random, row++)}\n`, { lines, linesPerBody }), precision: 'ns' });
  return { name, cells: lines * cellsPerLine, next };
}

function timeOf(second: number): string {
  return `${SECONDS + second}000000000`;
}

const WORDS = ['connection', 'closed', 'by', 'peer', 'timeout', 'after', 'user', 'accepted', 'from', 'port', 'error', 'retry'];

/** About `bytes` bytes of words and numbers. */
function text(random: Random, bytes: number): string {
  let line = '';
  while (line.length < bytes) line += `${random.pick(WORDS)} ${random.below(100_000)} `;
  return line.slice(0, bytes);
}

/** 64 MiB of lines of the shortest kind: 11 million rows, which gzip makes 98 KB of. */
export function twoByteFields(): Buffer {
  return repeated('m f=1\n', BODY_BYTES_MAX);
}

/** Every line opens a quote that nothing closes. */
export function openQuotes(): Buffer {
  return repeated('m f="abc\n', 8 * 1024 * 1024).fill('x', 8 * 1024 * 1024 - 1);
}

function repeated(line: string, bytes: number): Buffer {
  return Buffer.alloc(Math.floor(bytes / line.length) * line.length, line);
}
