/** Bodies made to be slow: they must not take much more work than others of their size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash } from './checksum.js';
import { CountedParser } from './counted.js';
import { ParsedTables } from './parsed-tables.js';
import { ParserSession } from './parser-session.js';

/** Of the loads and stores: many times as many where a body can be made to be slow. */
const MORE_MAX = 3;
/** Values of one hash. */
const COLLIDING = 6000;

/** Loads and stores that the last of the bodies takes in a new session. */
function workOf(bodies: readonly string[], acceptedMin: number): number {
  const parser = new CountedParser();
  const session = new ParserSession({}, parser);
  bodies.slice(0, -1).forEach((body) => session.write(body));
  const before = parser.accesses();
  const { accepted } = session.write(bodies.at(-1)!);
  assert.ok(accepted >= acceptedMin);
  return parser.accesses() - before;
}

function assertAlike(hostile: number, usual: number): void {
  assert.ok(hostile < usual * MORE_MAX, `${hostile} loads and stores, of others ${usual}`);
}

// The hash of the checksum (assembly/base/hash.ts) and its inverse: of two words of eight bytes the second makes up for the first.
const WORD = (1n << 64n) - 1n;
const A = 0x9E6C63D0876A9A47n;
const B = 0x2545F4914F6CDD1Dn;
const C = 0xD6E8FEB86659FD93n;
const INVERSE = inverseOf(A);
const wordOf = (text: string): bigint => Buffer.from(text, 'latin1').readBigUInt64LE(0);

/** Of an odd number modulo 2^64, by Newton's iteration. */
function inverseOf(factor: bigint): bigint {
  return [1, 2, 3, 4, 5].reduce((inverse) => (inverse * (2n - factor * inverse)) & WORD, factor);
}

function mixed(hash: bigint, word: bigint): bigint {
  const product = ((hash ^ word) * A) & WORD;
  return product ^ (product >> 29n);
}

function unmixed(hash: bigint): bigint {
  return ((hash ^ (hash >> 29n) ^ (hash >> 58n)) * INVERSE) & WORD;
}

function collidingValues(count: number): string[] {
  const start = (16n * C + B) & WORD;
  const before = unmixed(mixed(mixed(start, wordOf('abcdefgh')), wordOf('ijklmnop')));
  const values: string[] = [];
  const second = Buffer.alloc(8);
  for (let i = 0; values.length < count; i++) {
    const first = i.toString(36).padStart(8, 'x');
    const word = mixed(start, wordOf(first)) ^ before;
    if ((word & 0x8080808080808080n) !== 0n) continue;
    second.writeBigUInt64LE(word);
    if (!/[\t\n ,\\"]/.test(second.toString('latin1'))) values.push(first + second.toString('latin1'));
  }
  return values;
}

/** Values of 16 bytes: all different, and all of one hash besides. */
const USUAL = Array.from({ length: COLLIDING }, (_, i) => `usual${String(i).padStart(11, 'x')}`);
const OF_ONE_HASH = collidingValues(COLLIDING);

test('the values do have one hash', () => {
  assert.deepEqual([new Set(OF_ONE_HASH).size, new Set(OF_ONE_HASH.map(hash)).size], [COLLIDING, 1]);
  assert.equal(new Set(USUAL.map(hash)).size, COLLIDING);
});

test('tag values of one hash', () => {
  const bodies = (values: readonly string[]): string[] => ['m,t=a f=1\n', values.map((value) => `m,t=${value} f=1\n`).join('')];
  assertAlike(workOf(bodies(OF_ONE_HASH), COLLIDING), workOf(bodies(USUAL), COLLIDING));
});

/** Loads and stores that a flush of those strings takes, among others that repeat. */
async function flushWorkOf(values: readonly string[]): Promise<number> {
  const lines = Array.from({ length: 4 * COLLIDING }, (_, i) => `m s="${i % 2 === 0 ? 'often' : values[(i * 7919) % COLLIDING]}" ${i}`);
  const parser = new CountedParser();
  const tables = new ParsedTables(parser);
  const spans = tables.add(Buffer.from(lines.join('\n'), 'latin1')).map((span) => ({ ...span, seq: 1 }));
  const before = parser.accesses();
  await tables.flush(tables.tables.get('m')!, spans);
  return parser.accesses() - before;
}

test('strings of one hash', async () => {
  assertAlike(await flushWorkOf(OF_ONE_HASH), await flushWorkOf(USUAL));
});

test('lines that break off early, of a table whose lines had thousands of fields', () => {
  const bodies = (fields: number): string[] => {
    const wide = `m ${Array.from({ length: fields }, (_, i) => `f${i}=1`).join(',')}\n`;
    // So many rows that their room does not grow meanwhile: the fast path would have to leave a line, and learn from it.
    return [wide, 'm f0=1\n'.repeat(70_000), wide, 'm f0=1\nm f0=x\n'.repeat(20_000)];
  };
  assertAlike(workOf(bodies(4000), 20_000), workOf(bodies(2), 20_000));
});
