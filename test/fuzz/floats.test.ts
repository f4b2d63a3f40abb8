/** Floats of every size and shape, dense where rounding is hard: the parser must agree with Number() on every bit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Request, rowText } from './case.js';
import { floatHex } from '../oracle/point.js';
import { Random, seedOfRun } from './random.js';
import { WasmSubject } from './wasm-subject.js';

const FLOATS = 60_000;
const FLOATS_A_BODY = 2000;

/** A finite float above zero, of any exponent. */
function randomFloat(random: Random): number {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(random.below(0x7ff0_0000), 0);
  bytes.writeUInt32BE(random.chance(0.2) ? 0 : random.u32(), 4);
  return bytes.readDoubleBE();
}

/** The number exactly between a float and the next one, written out, as digits and a power of ten. */
function halfway(float: number): { digits: bigint; exponent: number } {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(float);
  const bits = bytes.readBigUInt64BE();
  const biased = Number(bits >> 52n), fraction = bits & ((1n << 52n) - 1n);
  const twiceAndOne = 2n * (biased === 0 ? fraction : fraction | (1n << 52n)) + 1n;
  const power = Math.max(biased, 1) - 1076;
  if (power >= 0) return { digits: twiceAndOne << BigInt(power), exponent: 0 };
  return { digits: twiceAndOne * 5n ** BigInt(-power), exponent: power };
}

function floatText(random: Random): string {
  const float = randomFloat(random);
  const how = random.below(5);
  if (how === 0) return float.toPrecision(1 + random.below(21));
  if (how === 1) return `${random.below(2 ** 32)}${random.below(2 ** 32)}`.slice(0, 1 + random.below(19)) + `e${random.below(660) - 345}`;
  const { digits, exponent } = halfway(float);
  if (how === 2) return `${digits + BigInt(random.below(3) - 1)}e${exponent}`;
  // The first digits of the middle, or one more in the last place: just under or over it.
  const all = String(digits), kept = all.slice(0, 15 + random.below(8));
  return `${BigInt(kept) + BigInt(random.below(2))}e${exponent + all.length - kept.length}`;
}

test('floats are the nearest there are, ties to even', (t) => {
  const seed = seedOfRun();
  const random = new Random(seed);
  const parser = new WasmSubject();
  for (let done = 0; done < FLOATS; done += FLOATS_A_BODY) {
    const texts = Array.from({ length: FLOATS_A_BODY }, () => floatText(random));
    const body = Buffer.from(texts.map((text, index) => `m f=${text} ${index}`).join('\n'));
    const request: Request = { database: done + 1, precision: 'ns', acceptPartial: true, body };
    const rows = parser.write(request).rows.get('m') ?? [];
    for (const [index, text] of texts.entries()) {
      assert.equal(rows[index], rowText(BigInt(index), [['f', 'f64', floatHex(Number(text))]]), `SEED=${seed}: ${text}`);
    }
  }
  t.diagnostic(`seed ${seed}: ${FLOATS} floats`);
});
