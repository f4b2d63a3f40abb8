/** Every way to unpack gives what gunzip gives: any members, any cut, any cap. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { INFLATE_TRUNCATED } from '../../assembly/layout/inflate.js';
import { unpackBy } from '../../src/worker/unpack/unpack.js';
import { unpacker } from './inflate-fuzz.js';
import { ParserSession } from './parser-session.js';
import { Random } from './random.js';

const ROUNDS = 60;
const CUTS = 8;

const MiB = 1024 * 1024;

function hasZlibSync(): boolean {
  try {
    createRequire(import.meta.url).resolve('zlib-sync');
    return true;
  } catch {
    return false;
  }
}

/** Empty, tiny, of zeros, or up to 100 KB that pack badly. */
function memberText(random: Random): Buffer {
  const bytes = random.pick([0, 0, 1, 7, 300, 20_000, 100_000]);
  return random.pick([true, false]) ? Buffer.alloc(bytes) : Buffer.from(Array.from({ length: bytes }, () => random.below(256)));
}

const isInstalled = hasZlibSync();
for (const way of ['wasm', 'zlib', 'zlib-sync', 'zlib-sync-whole'] as const) {
  test(`${way}: every member counts, and a cut or too large body is refused`, { skip: way.startsWith('zlib-sync') && !isInstalled ? 'zlib-sync is not installed' : false }, () => {
    const random = new Random(7);
    const unpack = unpacker(way);
    for (let round = 0; round < ROUNDS; round += 1) {
      const texts = Array.from({ length: 1 + random.below(4) }, () => memberText(random));
      const members = texts.map((text) => gzipSync(text, { level: random.below(10) }));
      const packed = Buffer.concat(members), whole = Buffer.concat(texts);
      assert.deepEqual(unpack(packed, Math.max(whole.length, 1)), whole, `round ${round}: ${texts.map(({ length }) => length).join(' + ')} bytes`);
      if (whole.length > 1) assert.equal(unpack(packed, whole.length - 1), 'body-too-large', `round ${round}`);
      const last = members.at(-1)!.length;
      for (let i = 0; i < CUTS; i += 1) {
        const missing = 1 + random.below(last - 2);
        assert.equal(unpack(packed.subarray(0, packed.length - missing), whole.length + 1), 'gzip', `round ${round}, ${missing} bytes cut off`);
      }
    }
  });
}

test('wasm: a stream that ends behind a flush, its last byte a whole block, is cut', () => {
  const { parser: { exports, memory } } = new ParserSession();
  const flushed = deflateRawSync('cpu usage=1i 1\n', { finishFlush: constants.Z_SYNC_FLUSH });
  for (const bytes of [flushed.length, flushed.length - 1, flushed.length - 4, flushed.length - 5]) {
    const at = exports.packed(bytes) >>> 0;
    new Uint8Array(memory.buffer, at, bytes).set(flushed.subarray(0, bytes));
    assert.equal(exports.inflate(0, bytes, 0, 1000, 100_000), INFLATE_TRUNCATED, `${bytes} bytes`);
  }
});

test('wasm: memory stays small where a body of zeros would be large', () => {
  const { parser } = new ParserSession();
  const bomb = gzipSync(Buffer.alloc(256 * MiB), { level: 9 });
  const body = { bytes: bomb.length, copyTo: (target: Uint8Array) => target.set(bomb), gather: () => bomb };
  for (const cap of [1, 1000, 10 * MiB, 10 * MiB + 1]) {
    assert.throws(() => unpackBy('wasm')(parser, body, cap), { name: 'InflateError', problem: 'body-too-large', message: `it unpacks to more than ${cap} bytes` });
  }
  assert.ok(parser.memory.buffer.byteLength < 64 * MiB, `${parser.memory.buffer.byteLength} bytes`);
});

test('wasm: a trailer that lies about the size costs no memory', () => {
  const { parser } = new ParserSession();
  const packed = gzipSync('m v=1\n');
  packed.writeUInt32LE(0xffff_ffff, packed.length - 4);
  const body = { bytes: packed.length, copyTo: (target: Uint8Array) => target.set(packed), gather: () => packed };
  assert.throws(() => unpackBy('wasm')(parser, body, 64 * MiB), { name: 'InflateError', problem: 'gzip', message: 'incorrect length check' });
  assert.ok(parser.memory.buffer.byteLength <= 32 * MiB, `${parser.memory.buffer.byteLength} bytes`);
});
