/** Random values as line protocol writes them, dense at the edges of what can be stored. */
import { I64_MAX, I64_MIN, NANOSECONDS, type Precision, U64_MAX } from '../oracle/numbers.js';
import type { Random } from './random.js';

const FLOATS = [
  '0', '-0', '0.0', '-0.', '.0', '1', '1.', '.5', '-.5', '1.5', '1.e5', '.5e-5', '1e22', '1e23', '9007199254740993', '9007199254740992.5',
  '1e400', '-1e400', '1e-400', '4.9e-324', '2.4703282292062327e-324', '2.4703282292062328e-324', '2.2250738585072011e-308',
  '1.7976931348623157e308', '1.7976931348623159e308', '0.1', '0.30000000000000004', '123456789012345678901234567890', '00012.50',
  '8.442911973260991817129021e15', '1e+5', '1E5', '0.000000000000000000000000000000000000001', '1e0000000000000000000005',
  '9223372036854775807', '18446744073709551615', '18446744073709551616', '5e-324', '179769313486231580793e289',
];

/** The grammar's number of this kind: edges, the numbers beside powers of two and ten, and plain ones. */
export function numberText(random: Random, kind: 'float' | 'integer' | 'unsigned'): string {
  if (kind === 'float') return random.chance(0.3) ? random.pick(FLOATS) : plainFloat(random);
  const edge = beside(random, 2n ** BigInt(random.below(kind === 'integer' ? 64 : 65)));
  const value = random.chance(0.5) ? BigInt(random.below(1000)) : random.chance(0.2) ? beside(random, 10n ** BigInt(random.below(20))) : edge;
  const inside = random.chance(0.9) ? (kind === 'integer' ? clamp(value, I64_MIN, I64_MAX) : clamp(value, 0n, U64_MAX)) : value;
  const zeros = random.chance(0.03) ? '0'.repeat(1 + random.below(30)) : '';
  const magnitude = inside < 0n ? -inside : inside;
  const minus = kind === 'integer' && (inside < 0n || random.chance(0.2)) ? '-' : '';
  return `${minus}${zeros}${magnitude}${kind === 'integer' ? 'i' : 'u'}`;
}

function plainFloat(random: Random): string {
  const sign = random.chance(0.2) ? '-' : '';
  const digits = (count: number): string => Array.from({ length: count }, () => random.below(10)).join('');
  const exponent = random.chance(0.2) ? `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.below(random.pick([30, 330]))}` : '';
  const whole = digits(1 + random.below(random.pick([3, 8, 20])));
  const fraction = random.chance(0.7) ? `.${digits(random.below(random.pick([4, 10, 22])))}` : '';
  return `${sign}${whole}${fraction}${exponent}`;
}

function beside(random: Random, value: bigint): bigint {
  return value + BigInt(random.below(3) - 1);
}

function clamp(value: bigint, min: bigint, max: bigint): bigint {
  return value < min ? min : value > max ? max : value;
}

const STRING_UNITS = ['x', '\\"', 'é'];
const PIECES = ['a', 'b', ' ', ',', '=', '\\"', '\\\\', '\n', '\r\n', '\t', 'é', '日', '𝄞', '\\n', '\\ ', '#', '\r', '\0', 'm f=1 5', 'x="', "'"];

/** The inside of a string field, escapes made, newlines and all; long only rarely. Some pieces close it too early. */
export function stringText(random: Random): string {
  if (random.chance(0.0003)) return random.pick(STRING_UNITS).repeat(random.pick([65_537, 524_288, 524_289, 1_048_576, 1_048_577]));
  const pieces = random.chance(0.95) ? PIECES.slice(0, -2) : PIECES;
  let text = '';
  for (let left = random.below(random.chance(0.9) ? 6 : 60); left > 0; left--) text += random.pick(pieces);
  return text;
}

const AUTO_EDGES = [5_000_000_000n, 5_000_000_000_000n, 5_000_000_000_000_000n, I64_MAX];

/** Times at which a precision changes its meaning, each with its neighbours: zero, what just fits, and auto's borders. */
export function timestampEdges(precision: Precision): bigint[] {
  const scale = precision === 'auto' ? 1n : NANOSECONDS[precision];
  const edges = [0n, I64_MAX / scale, I64_MIN / scale, I64_MAX, I64_MIN];
  if (precision === 'auto') edges.push(...AUTO_EDGES.flatMap((edge) => [edge, -edge]));
  return [...new Set(edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]))];
}

/** A time in this precision: near now with many repeats, or at an edge. */
export function timestampText(random: Random, precision: Precision): string {
  if (random.chance(0.15)) return String(random.pick(timestampEdges(precision)));
  const scale = NANOSECONDS[precision === 'auto' ? random.pick(['ns', 'us', 'ms', 's'] as const) : precision];
  const timestamp = (1_700_000_000_000_000_000n + BigInt(random.below(5)) * 1_000_000_007n) / scale;
  if (random.chance(0.05)) return `-${timestamp}`;
  return random.chance(0.03) ? `000${timestamp}` : String(timestamp);
}
