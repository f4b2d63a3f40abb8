/** Decimal texts of doubles that are hard to read, and some that are not. */
import type { Random } from './random.js';

const bits = new DataView(new ArrayBuffer(8));

function fromBits(value: bigint): number {
  bits.setBigUint64(0, value);
  return bits.getFloat64(0);
}

/** Any finite double. */
function anyDouble(random: Random): number {
  for (;;) {
    const value = fromBits(random.bits());
    if (Number.isFinite(value)) return Math.abs(value);
  }
}

/** The exact middle of a finite double and the next, as a whole number and a power of ten. */
function middle(value: number): string {
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const twos = Math.max(exponent, 1) - 1076;
  const odd = mantissa * 2n + 1n;
  return twos >= 0 ? `${odd << BigInt(twos)}` : `${odd * 5n ** BigInt(-twos)}e${twos}`;
}

/** Moves the last digit before the exponent up or down, or hangs a digit on it. */
function nudge(text: string, random: Random): string {
  const [digits = '', exponent] = text.split('e');
  const power = exponent === undefined ? '' : `e${exponent}`;
  switch (random.below(4)) {
    case 0: return text;
    case 1: return `${BigInt(digits) + 1n}${power}`;
    case 2: return `${BigInt(digits) - 1n}${power}`;
    default: return `${digits}.${'0'.repeat(random.below(40))}1${power}`;
  }
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.below(10)).join('');
}

/** The same value as `0.000…` or `…000` without an exponent. */
function withoutExponent(value: number): string {
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const figures = mantissa.replace('.', '');
  const dot = Number(power) + 1;
  if (dot <= 0) return `0.${'0'.repeat(-dot)}${figures}`;
  return dot >= figures.length ? figures.padEnd(dot, '0') : `${figures.slice(0, dot)}.${figures.slice(dot)}`;
}

/** A float as line protocol writes it. */
export function floatText(random: Random): string {
  const sign = random.below(4) === 0 ? '-' : '';
  return sign + unsignedText(random);
}

function unsignedText(random: Random): string {
  switch (random.below(16)) {
    case 0: return nudge(middle(anyDouble(random)), random);
    case 1: return nudge(middle(fromBits(random.bits() & 0xfffffffffffffn)), random);
    case 2: return String(anyDouble(random));
    case 3: return anyDouble(random).toExponential(16 + random.below(9));
    case 4: return nudge(middle(random.below(2 ** 31) * 2 ** random.below(40)), random);
    case 5: return withoutExponent(anyDouble(random));
    case 6: return withoutExponent(fromBits(random.bits() & 0xfffffffffffffn));
    case 7: return `${digits(random, 1 + random.below(20))}.${digits(random, 1 + random.below(20))}`;
    case 8: return `${digits(random, 1 + random.below(30))}e${random.below(700) - 350}`;
    case 9: return `${digits(random, 1 + random.below(25))}.${digits(random, random.below(25))}E+${random.below(320)}`;
    case 10: return `${random.below(1000)}.${digits(random, 1 + random.below(6))}`;
    default: return `.${digits(random, 1 + random.below(400))}e-${random.below(20)}`;
  }
}
