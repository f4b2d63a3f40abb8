/** Bodies that one look at the code suggests: each makes something be done for a line that grows with what came before it. */
import * as abi from '../../assembly/layout/codes.js';
import { type BodyOptions, DATABASE, type ParserSession } from './parser-session.js';

export interface HostileCase {
  readonly name: string;
  readonly options?: BodyOptions;
  /** Times as much as an ordinary body may cost: where tables and columns are made for each line every byte that is cleared counts. */
  readonly timesMax?: number;
  /** Bodies that come before, each written once. */
  readonly before?: readonly string[];
  prepare?(session: ParserSession): void;
  /** A body of about so many bytes. */
  make(bytes: number): string;
}

const WIDE = 4000;
const fields = (count: number, prefix: string): string => Array.from({ length: count }, (_, i) => `${prefix}${i}=1`).join(',');
const repeated = (line: string, bytes: number): string => line.repeat(Math.ceil(bytes / line.length));
const numbered = (lineOf: (i: number) => string, bytes: number): string => {
  const lines: string[] = [];
  for (let size = 0, i = 0; size < bytes; i += 1) size += lines[lines.push(lineOf(i)) - 1]!.length;
  return lines.join('');
};
/** Tables whose names are so long that nothing may look at one for the line of another. */
const LONG_NAMES = Array.from({ length: 40 }, (_, i) => `${i}${'n'.repeat(60_000)} f=1\n`).join('');

// The hash of the series cache (assembly/memtable/cache/series-cache.ts): of its first lane each word can make up for the one before.
const WORD = (1n << 64n) - 1n;
const K1 = 0x9FB21C651E98DF25n;
const K2 = 0xD6E8FEB86659FD93n;
const rotated = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & WORD;
const wordOf = (text: string, at: number): bigint => Buffer.from(text, 'latin1').readBigUInt64LE(at);

/** Series of one hash: a long head that is the same, and behind it three words, of which the third makes up for the first. */
function alikeSeries(count: number, headBytes: number): string[] {
  const head = 'm,t='.padEnd(headBytes, 'h');
  const bytes = headBytes + 32;
  let before = (BigInt(bytes) * K2 + BigInt(DATABASE)) & WORD;
  for (let at = 0; at < headBytes; at += 16) before = rotated(((before ^ wordOf(head, at)) * K1) & WORD, 29n);
  const after = (first: string): bigint => rotated(((before ^ wordOf(first, 0)) * K1) & WORD, 29n);
  const target = after('aaaaaaaa') ^ wordOf('bbbbbbbb', 0);
  const series: string[] = [];
  const third = Buffer.alloc(8);
  for (let i = 0; series.length < count; i += 1) {
    const first = i.toString(36).padEnd(8, 'x');
    const word = after(first) ^ target;
    if ((word & 0x8080808080808080n) !== 0n) continue;
    third.writeBigUInt64LE(word);
    const text = third.toString('latin1');
    if (!/[\0-\x20,=\\"\x7f]/.test(text)) series.push(`${head}${first}inbetwee${text}endings `);
  }
  return series;
}

export const HOSTILE_CASES: readonly HostileCase[] = hostileCases();

function hostileCases(): HostileCase[] {
  const long = `m,t=${'v'.repeat(60_000)} f=1\n`;
  const alike = alikeSeries(100, 4096).map((series) => `${series}f=1\n`);
  return [
    {
      name: 'short lines where a series of 60,000 bytes was expected',
      before: [`m,t=a f=1\n${long}`.repeat(20)],
      make: (bytes) => `m,t=a f=1\n${repeated(' \n', bytes)}`,
    },
    {
      name: 'series of one hash',
      options: { flags: abi.PARSE_DUMP },
      before: [alike.join('')],
      make: (bytes) => numbered((i) => alike[(i * 37) % alike.length]!, bytes),
    },
    {
      name: 'rejected lines with a new field, of a table whose lines had thousands',
      timesMax: 5,
      before: [`m ${fields(WIDE, 'f')}\n`],
      make: (bytes) => repeated('m new=1,time=1\n', bytes),
    },
    {
      name: 'new fields of two tables in turn, whose lines had thousands',
      timesMax: 10,
      before: [`a ${fields(WIDE / 4, 'f')}\nb ${fields(WIDE / 4, 'f')}\n`],
      make: (bytes) => numbered((i) => `${i % 2 === 0 ? 'a' : 'b'} f0=1,g${Math.floor(i / 2)}=1\n`, bytes),
    },
    {
      name: 'a thousand new fields of a table with a long name',
      make: (bytes) => `${'n'.repeat(Math.min(60_000, bytes / 2))} ${fields(bytes / 16, 'f')}\n`,
    },
    {
      name: 'tables that come to nothing, among some with long names',
      timesMax: 5,
      before: [LONG_NAMES],
      make: (bytes) => numbered((i) => `t${i} time=1\n`, bytes),
    },
    {
      name: 'hidden newlines before a string that stays open, past the bound',
      make: (bytes) => `${repeated('m\\\n', bytes)} f="`,
    },
    {
      name: 'floats of twenty digits beside the middle between two doubles',
      timesMax: 18,
      before: ['m f=1\n'],
      make: (bytes) => repeated('m f=8.9884656743115805365667e307,g=2.2250738585072016301231e-308\n', bytes),
    },
    {
      name: 'rejected lines that name many new columns',
      timesMax: 8,
      before: ['m f=1\n'],
      make: (bytes) => repeated(`m ${fields(200, 'n')},time=1\n`, bytes),
    },
    {
      name: 'lines of new tables where there may be no more',
      timesMax: 20,
      prepare: (session) => session.parser.setLimits({ tablesMax: 1, columnsMax: 4096, columnNameBytesMax: 1 << 20, namesBytesMax: 1 << 26, seriesBytesMax: 64 << 20 }),
      make: (bytes) => `m f=1\n${numbered((i) => `t${i} f=1\n`, bytes)}`,
    },
    {
      name: 'a key for each line in turn, of a table with thousands of fields',
      before: [`m ${fields(WIDE, 'f')}\n`],
      make: (bytes) => numbered((i) => `m f${(i * 7919) % WIDE}=1\n`, bytes),
    },
  ];
}
