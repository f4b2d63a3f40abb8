// Prints assembly/parse/grammar/number/powers.ts: the 128 leading bits of each power of five that a double can need.
// The table is that of D. Lemire, "Number Parsing at a Gigabyte per Second", Software: Practice and Experience 51 (2021),
// section 5: 5^q for q >= 0, the reciprocal of 5^-q for q < 0, both cut to 128 bits; while 5^-q fits 64 bits the
// reciprocal is rounded up instead, so that products with it are exact where a decimal can lie half-way.
// Run: node scripts/powers.mjs > assembly/parse/grammar/number/powers.ts
const SMALLEST = -342;
const LARGEST = 308;
const ROUNDED_UP_FROM = -27;
const BITS = 128;

const bitLength = (n) => n.toString(2).length;

function leadingBits(q) {
  const power = 5n ** BigInt(Math.abs(q));
  if (q >= 0) {
    const over = bitLength(power) - BITS;
    return over > 0 ? power >> BigInt(over) : power << BigInt(-over);
  }
  const reciprocal = (1n << BigInt(bitLength(power) - 1 + BITS)) / power;
  return q >= ROUNDED_UP_FROM ? reciprocal + 1n : reciprocal;
}

const rows = [];
for (let q = SMALLEST; q <= LARGEST; q++) {
  const bits = leadingBits(q);
  if (bitLength(bits) !== BITS) throw new Error(`5^${q} has ${bitLength(bits)} bits`);
  const hex = (n) => `0x${n.toString(16).toUpperCase().padStart(16, '0')}`;
  rows.push(`  ${hex(bits >> 64n)}, ${hex(bits & 0xffffffffffffffffn)},`);
}
console.log(`// Made by scripts/powers.mjs: for each q from POWER_SMALLEST to POWER_LARGEST the 128 leading bits of 5^q, upper half
// first; they are cut off, but rounded up where the script says so.

export const POWER_SMALLEST: i64 = ${SMALLEST};
export const POWER_LARGEST: i64 = ${LARGEST};

/** Address of the table: u64 pairs. */
export const powers: usize = memory.data<u64>([
${rows.join('\n')}
]);`);
