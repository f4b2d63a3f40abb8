/** Floats as line protocol writes them, of every size and shape, dense where rounding is hard. */
import type { Random } from './random.js';

/** Published inputs that some reader of numbers once got wrong, or that a way of reading needs most digits for. */
export const HARD_FLOATS: readonly string[] = [
  // V. Paxson, "A Program for Testing IEEE Decimal-Binary Conversion" (1991): just under and just over half a unit.
  '5e+125', '69e+267', '999e-026', '7861e-034', '75569e-254', '928609e-261', '9210917e+080', '84863171e+114', '653777767e+273',
  '5232604057e-298', '27235667517e-109', '653532977297e-123', '3142213164987e-294', '46202199371337e-072', '231010996856685e-073',
  '9324754620109615e+212', '78459735791271921e+049', '272104041512242479e+200', '6802601037806061975e+198', '20505426358836677347e-221',
  '836168422905420598437e-234', '4891559871276714924261e+222',
  '9e-265', '85e-037', '623e+100', '3571e+263', '81661e+153', '920657e-023', '4603285e-024', '87575437e-309', '245540327e+122',
  '6138508175e+120', '83356057653e+193', '619534293513e+124', '2335141086879e+218', '36167929443327e-159', '609610927149051e-255',
  '3743626360493413e-165', '94080055902682397e-242', '899810892172646163e+283', '7120190517612959703e+120', '25188282901709339043e-252',
  '308984926168550152811e-052', '6372891218502368041059e+064',
  // R. Regan, exploringbinary.com: what hung PHP and Java, and what strtod, David Gay's among them, and others rounded wrongly.
  '2.2250738585072011e-308', '2.2250738585072012e-308', '0.500000000000000166533453693773481063544750213623046875',
  '3.518437208883201171875e13', '62.5364939768271845828', '8.10109172351e-10', '1.50000000000000011102230246251565',
  '9007199254740991.4999999999999999999999999999999995', '6929495644600919.5', '3.7455744005952583e15', '9214843084008499', '30078505129381147446200',
  '1777820000000000000001', '0.3932922657273', '2152035656.3472185', '6.631236846766476e-316', '3.237883913302901289588352197124e-319',
  // D. Lemire, "Number Parsing at a Gigabyte per Second" (2021), and what came up for its library.
  '9007199254740993', '9007199254740992.5', '9355950000000000000.00000000000000000000000000000000001844674407370955161600000184467440737095516161844674407370955161407370955161618446744073709551616000184467440737095516166000001844674407370955161618446744073709551614073709551616184467440737095516160001844674407370955161601844674407370955674451616184467440737095516140737095516161844674407370955161600018446744073709551616018446744073709551611616000184467440737095001844674407370955161600184467440737095516160018446744073709551168164467440737095516160001844073709551616018446744073709551616184467440737095516160001844674407536910751601611616000184467440737095001844674407370955161600184467440737095516160018446744073709551616184467440737095516160001844955161618446744073709551616000184467440753691075160018446744073709',
  '2.22507385850720212418870147920222032907240528279439037814303133837435107319244194686754406432563881851382188218502438069999947733013005649884107791928741341929297200970481951993067993290969042784064731682041565926728632933630474670123316852983422152744517260835859654566319282835244787787799894310779783833699159288594555213714181128458251145584319223079897504395086859412457230891738946169368372321191373658977977723286698840356390251044443035457396733706583981055420456693824658413747607155981176573877626747665912387199931904006317334709003012790188175203447190250028061277777916798391090578584006464715943810511489154282775041174682194133952466682503431306181587829379004205392375072083366693241580002758391118854188641513168478436313080237596295773983001708984375e-308',
  '1e23', '8.5e22', '4.9406564584124654e-324', '2.4703282292062327e-324', '2.4703282292062328e-324', '1.7976931348623157e308', '1.7976931348623158e308',
  '1.7976931348623159e308', '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880',
  '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042879.999',
];

/** A finite float above zero, of any exponent. */
function randomFloat(random: Random): number {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(random.below(0x7ff0_0000), 0);
  bytes.writeUInt32BE(random.chance(0.2) ? 0 : random.u32(), 4);
  return bytes.readDoubleBE();
}

/** A float between 2^-40 and 2^64: its middle can be written without an exponent, and often in few digits. */
function nearFloat(random: Random): number {
  const mantissa = random.chance(0.5) ? 2 ** 52 + random.u32() * 2 ** 20 + random.below(2 ** 20) : 2 ** 52 + random.below(2 ** 16);
  return mantissa * 2 ** (random.below(104) - 92);
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

function randomDigits(random: Random, count: number): string {
  let text = '';
  while (text.length < count) text += random.u32();
  return text.slice(0, count);
}

/** Digits with a dot somewhere among them, as most floats stand in lines. */
function withDot(random: Random, digits: string): string {
  const dot = random.below(digits.length + 1);
  return `${digits.slice(0, dot) || '0'}.${digits.slice(dot)}`;
}

/** The same without an exponent, as long as it needs. */
function plain(digits: string, exponent: number): string {
  if (exponent >= 0) return digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

/** The middle, or a little off it: one more or less in its last place, or cut to some digits, the last of them up or not. */
function nearMiddle(random: Random, float: number): { digits: string; exponent: number } {
  const { digits, exponent } = halfway(float);
  const all = String(digits + BigInt(random.below(3) - 1));
  if (random.chance(0.3)) return { digits: all, exponent };
  const kept = all.slice(0, 15 + random.below(8));
  return { digits: String(BigInt(kept) + BigInt(random.below(2))), exponent: exponent + all.length - kept.length };
}

/** One of them, positive or negative. */
export function floatText(random: Random): string {
  return (random.chance(0.2) ? '-' : '') + unsignedText(random);
}

function unsignedText(random: Random): string {
  switch (random.below(9)) {
    case 0: return randomFloat(random).toPrecision(1 + random.below(21));
    case 1: return `${randomDigits(random, 1 + random.below(19))}e${random.below(660) - 345}`;
    case 2: {
      const { digits, exponent } = nearMiddle(random, randomFloat(random));
      return `${digits}${random.pick(['e', 'E'])}${exponent}`;
    }
    case 3: case 4: {
      const { digits, exponent } = nearMiddle(random, nearFloat(random));
      return plain(digits, exponent);
    }
    case 5: return withDot(random, randomDigits(random, 1 + random.below(24)));
    case 6: return withDot(random, randomDigits(random, 15 + random.below(5)));
    case 7: return String(nearFloat(random));
    default: return `${random.below(1000)}.${randomDigits(random, 1 + random.below(6))}`;
  }
}
