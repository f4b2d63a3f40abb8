/** Damage to the bytes of a body. */
import type { Random } from './random.js';

/** What the grammar knows, and the bytes beside those. */
const SIGNS = Buffer.from(' ,=\\"\n\r\t#ietu0.-\0/:;<>[]!+\x0b\x1f\x7f');
const SNIPPETS: readonly Buffer[] = [
  Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0x80]), Buffer.from([0xc0, 0x80]), Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]), Buffer.from([0xe2, 0x82]), Buffer.from([0xf0, 0x9d, 0x84]), Buffer.from([0xe0, 0x80, 0x80]),
  Buffer.from([0xf0, 0x80, 0x80, 0x80]), Buffer.from([0xf8, 0x88, 0x80, 0x80, 0x80]), Buffer.from('é'), Buffer.from('\ufeff'),
  Buffer.from('\r\n'), Buffer.from('\\\\'), Buffer.from('\\"'), Buffer.from('\\\n'), Buffer.from('"'), Buffer.from('="'), Buffer.from(',time=1'),
];

/** The body with one to four random changes. `other` is what it may be spliced with. */
export function mutated(random: Random, body: Buffer, other: Buffer): Buffer {
  let result = body;
  for (let left = 1 + random.below(4); left > 0; left--) result = random.pick(MUTATORS)(random, result, other);
  return result;
}

type Mutator = (random: Random, body: Buffer, other: Buffer) => Buffer;

const MUTATORS: readonly Mutator[] = [
  function flipBit(random, body) {
    if (body.length === 0) return body;
    const copy = Buffer.from(body);
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    return copy;
  },
  function replaceByte(random, body) {
    if (body.length === 0) return body;
    const copy = Buffer.from(body);
    copy[random.below(copy.length)] = random.pick([...SIGNS]);
    return copy;
  },
  function stepByte(random, body) {
    if (body.length === 0) return body;
    const copy = Buffer.from(body);
    const at = random.below(copy.length);
    copy[at] = ((copy[at] ?? 0) + random.pick([1, -1, 128])) & 0xff;
    return copy;
  },
  function insertSign(random, body) {
    return withInserted(body, place(random, body), Buffer.from([random.pick([...SIGNS])]));
  },
  function insertSnippet(random, body) {
    return withInserted(body, place(random, body), random.pick(SNIPPETS));
  },
  function deleteSlice(random, body) {
    const at = place(random, body);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + random.below(4))]);
  },
  function duplicateSlice(random, body) {
    const at = place(random, body);
    return withInserted(body, at, body.subarray(at, at + 1 + random.below(40)));
  },
  function truncate(random, body) {
    return body.subarray(0, place(random, body));
  },
  function splice(random, body, other) {
    return Buffer.concat([body.subarray(0, place(random, body)), other.subarray(place(random, other))]);
  },
];

function place(random: Random, body: Buffer): number {
  return random.below(body.length + 1);
}

function withInserted(body: Buffer, at: number, bytes: Buffer): Buffer {
  return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)]);
}
