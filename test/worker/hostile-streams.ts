/** Gzip bodies that say little in many pieces: blocks without symbols, described, fixed and stored; blocks of a few; members of a few bytes. */
import { crc32, gzipSync, inflateRawSync } from 'node:zlib';
import { BitWriter, codesOf, FIXED_LITERALS, type Lengths } from './deflate-writer.js';

const END_OF_BLOCK = 256;
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const STORED = 0, FIXED = 1, DESCRIBED = 2;

/** The codes of a block: of literals and lengths, of distances, and of the lengths that describe them. */
interface Codes {
  readonly literals: Lengths;
  readonly distances: Lengths;
  readonly plain: Lengths;
}

const lengths = (count: number, of: Readonly<Record<number, number>>): number[] => Array.from({ length: count }, (_, symbol) => of[symbol] ?? 0);
const upTo15 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15];

/** The end of the block alone has a code: described in eight bytes. */
const FEWEST: Codes = { literals: lengths(257, { [END_OF_BLOCK]: 1 }), distances: [0], plain: lengths(19, { 0: 1, 1: 2, 18: 2 }) };
/** Every symbol has one, of eight bits or nine: the most to be put into tables. */
const ALL: Codes = {
  literals: Array.from({ length: 286 }, (_, symbol) => (symbol < 60 ? 9 : 8)), distances: Array.from({ length: 30 }, (_, symbol) => (symbol < 28 ? 5 : 4)),
  plain: lengths(19, { 8: 2, 9: 2, 16: 2, 4: 3, 5: 3 }),
};
/** Codes of up to fifteen bits: tables behind tables. */
const LONGEST: Codes = {
  literals: lengths(286, Object.fromEntries(upTo15.map((length, i) => [241 + i, length]))), distances: lengths(30, Object.fromEntries(upTo15.map((length, i) => [i, length]))),
  plain: [1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 5],
};

function writeCodes(writer: BitWriter, { literals, distances, plain }: Codes): void {
  writer.bits(literals.length - 257, 5);
  writer.bits(distances.length - 1, 5);
  writer.bits(ORDER.length - 4, 4);
  for (const symbol of ORDER) writer.bits(plain[symbol]!, 3);
  const codes = codesOf(plain);
  const all = [...literals, ...distances];
  for (let at = 0; at < all.length;) {
    const length = all[at]!;
    let run = 1;
    while (all[at + run] === length) run += 1;
    const [packed, least, bits, most] = length === 0 ? [18, 11, 7, 138] as const : [16, 4, 2, 7] as const;
    if (run < least || plain[packed] === 0) {
      writer.code(codes[length]!, plain[length]!);
      at += 1;
      continue;
    }
    const taken = Math.min(run, most);
    if (packed === 16) writer.code(codes[length]!, plain[length]!);
    writer.code(codes[packed]!, plain[packed]!);
    writer.bits(taken - least, bits);
    at += taken;
  }
}

type WriteBlock = (writer: BitWriter) => void;

const stored: WriteBlock = (writer) => {
  writer.bits(STORED, 2);
  writer.align();
  writer.bits(0, 16);
  writer.bits(0xffff, 16);
};

/** A block of one literal, `count` times. */
const fixed = (count: number): WriteBlock => (writer) => {
  writer.bits(FIXED, 2);
  const codes = codesOf(FIXED_LITERALS);
  for (let i = 0; i < count; i += 1) writer.code(codes[10]!, FIXED_LITERALS[10]!);
  writer.code(codes[END_OF_BLOCK]!, FIXED_LITERALS[END_OF_BLOCK]!);
};

const described = (codes: Codes, count = 0, symbol = END_OF_BLOCK - 1): WriteBlock => (writer) => {
  writer.bits(DESCRIBED, 2);
  writeCodes(writer, codes);
  const literals = codesOf(codes.literals);
  for (let i = 0; i < count; i += 1) writer.code(literals[symbol]!, codes.literals[symbol]!);
  writer.code(literals[END_OF_BLOCK]!, codes.literals[END_OF_BLOCK]!);
};

/** Bits of one round, to be said again and again: a stream of about `bytes` bytes is put together quickly. */
function streamOf(bytes: number, ...blocks: WriteBlock[]): Buffer {
  const round = new BitWriter();
  // Eight rounds end on a whole byte.
  for (let i = 0; i < 8; i += 1) {
    for (const block of blocks) {
      round.bits(0, 1);
      block(round);
    }
  }
  const end = new BitWriter();
  end.bits(1, 1);
  fixed(0)(end);
  end.align();
  return Buffer.concat([Buffer.alloc(Math.max(1, Math.round(bytes / round.bytes.length)) * round.bytes.length, Buffer.from(round.bytes)), Buffer.from(end.bytes)]);
}

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

function bodyOf(stream: Buffer): Buffer {
  const text = inflateRawSync(stream);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(text), 0);
  trailer.writeUInt32LE(text.length, 4);
  return Buffer.concat([HEADER, stream, trailer]);
}

export interface HostileStream {
  readonly name: string;
  /** A gzip body of about so many bytes. */
  make(bytes: number): Buffer;
}

function blocks(name: string, ...parts: WriteBlock[]): HostileStream {
  return { name, make: (bytes) => bodyOf(streamOf(bytes, ...parts)) };
}

function members(name: string, member: Buffer): HostileStream {
  return { name, make: (bytes) => Buffer.alloc(Math.round(bytes / member.length) * member.length, member) };
}

/** Literals that make a block just so long that it gets large tables. */
const JUST_LONG = 1100;

export const HOSTILE_STREAMS: readonly HostileStream[] = [
  blocks('described blocks of the fewest codes', described(FEWEST)),
  blocks('described blocks of all codes', described(ALL)),
  blocks('described blocks of the longest codes', described(LONGEST)),
  blocks('stored blocks', stored),
  blocks('fixed blocks', fixed(0)),
  blocks('fixed blocks of ten literals', fixed(10)),
  blocks('fixed and described blocks in turn', fixed(0), described(FEWEST)),
  blocks('fixed, described and stored blocks in turn', fixed(0), described(ALL), stored),
  blocks('long and short described blocks in turn', described(ALL, JUST_LONG), described(ALL)),
  blocks('long fixed and short described blocks in turn', fixed(JUST_LONG), described(FEWEST)),
  blocks('described blocks of one long code', described(LONGEST, 1)),
  members('members of nothing', gzipSync('')),
  members('members of one byte', gzipSync('\n')),
  members('members of a described block', bodyOf(streamOf(1, described(FEWEST)))),
];

/** Lines as clients pack them. */
export const ORDINARY_STREAM: HostileStream = {
  name: 'ordinary lines',
  make: (bytes) => gzipSync(Buffer.from(Array.from({ length: Math.ceil(bytes / 14) }, (_, i) => `cpu,host=h${i % 97},region=r${i % 7} usage=${((i * 7919) % 10_007) / 100},free=${(i * 31) % 1_000_003}i ${1_700_000_000 + i}000000000\n`).join(''))),
};
