/** Random bodies of line protocol, mostly good, built from the grammar over small alphabets so that names meet often. */
import type { Precision } from '../oracle/numbers.js';
import type { Random } from './random.js';
import { numberText, stringText, timestampText } from './values.js';

/** Names with every character that a token of some kind has to escape or may not hold. */
const MEASUREMENTS = ['m', 'm', 'cpu', 'a b', 'a,b', 'w=x', '"q"', 'é', '𝄞', 'back\\slash', '#hash', 'tr\rue'];
const TAG_KEYS = ['t', 'u', 't', 'host', 'k 1', 'k,1', 'k=1', '"', 'ü', 'T', 'g__boolean', 'f__tag', 't__field'];
/** Each key stands for a kind of value most of the time, so that lines agree on types. */
const HOME_KINDS: Readonly<Record<string, FieldKind>> = {
  f: 'float', g: 'integer', usage_idle: 'float', 'i 1': 'integer', 'i,1': 'unsigned', 'i=1': 'boolean', '""': 'string', s: 'string',
  é: 'string', 'in\\side': 'unsigned', sluice_ns: 'integer', F: 'boolean', f__integer: 'integer', g__float: 'float', g__string: 'boolean',
  t__field: 'float', t__field__integer: 'integer', f__tag: 'string', time__field: 'float',
};
const FIELD_KEYS = ['f', 'g', 's', ...Object.keys(HOME_KINDS)];
const TAG_VALUES = ['a', 'b', 'a', 'server 01', 'x=y', 'x,y', '"', 'ß', '1', 'true', '\\x', '日本'];

type FieldKind = 'float' | 'integer' | 'unsigned' | 'boolean' | 'string';
const KINDS: readonly FieldKind[] = ['float', 'integer', 'unsigned', 'boolean', 'string'];

const MEASUREMENT_ESCAPES = ', ', KEY_ESCAPES = ',= ';

/** Lines that are wrong (or right by a quirk), one construct each: every error code of the grammar and its near misses. */
const CONSTRUCTS = [
  ',t=1 f=1', ' \tm f=1', '\0 f=1', 'm', 'm ', 'm 1', 'm,t=a', 'm,t=a ', 'm\tf=1', 'm f', 'm f=', 'm f=x', 'm =1', 'm f =1',
  'm, f=1', 'm,=a f=1', 'm,,t=a f=1', 'm,t f=1', 'm,t', 'm,t= f=1', 'm,t=,u=b f=1', 'm,t=a, f=1', 'm,t=a\tf=1',
  'm\\\\ f=1', 'm,t\\\\=a f=1', 'm,t=a\\\\ f=1', 'm,t=a\\\\,u=b f=1', 'm f\\\\=1', 'm f=1,g\\\\=2', 'm\\', 'm f=1\\',
  'm f=1x', 'm f=1 2 3', 'm f=1 x', 'm f=1 5x', 'm f=1 -', 'm f=1 +5', 'm f=1,', 'm f=1,g=2,', 'm f=1, 5', 'm f=1,g=2, 5',
  'm f=1,,g=2', 'm f=1,=2', 'm f=1,g', 'm f=1,g=', 'm f=1,g=x', 'm f=1, g=2', 'm f=tr', 'm f=tRUE', 'm f=falsee', 'm f=1\t5',
  'm f="a', 'm f="a\\"', 'm f="a"b', 'm f="a""b"', 'm f=1,g="a', 'm a,b="x', 'm f="a\nb" 5', 'm f="a\\\nb"', 'm f="\\\\" 5',
  'm f="\\n\\t\\x"', ' m f="a\nb"', ' m,t=a=" f=1', 'm f=1 "', 'm f=1 =",', '" f="', 'm f=1,"=2', 'm\\\n f=1', 'm,t=\\\nx f=1',
  'm f=9223372036854775808i', 'm f=-9223372036854775809i', 'm f=18446744073709551616u', 'm f=-1u', 'm f=1,g=9223372036854775808i',
  'm f=1,g=18446744073709551616u', 'm f=1 9223372036854775808', 'm f=1 -9223372036854775809', 'm f=1 9223372036854775808x',
  'm f=9223372036854775808ix', 'm f=NaN', 'm f=inf', 'm f=+1', 'm f=0x1', 'm f=1e', 'm f=1.e', 'm f=.', 'm f=-', 'm f=-.', 'm f=.e5',
  'm f=1e+', 'm f=1.5.5', 'm f=1i5', 'm f=1I', 'm f=--1', 'm f=1_0',
  'm,t=a,t=b f=1', 'm f=1,f=2', 'm f=1,f=2i', 'm,f=a f=1', 'm,time=a f=1', 'm time=1', 'm f=1,time=2', 'm,ti\\me=a f=1', 'm,t=a,t=b f=x',
  'm,t=a,t=b f=1,f=2', 'm,time=a time=1', 'm,f=a f=1,f=2', 'm f=1,f=2,time=3', 'm,t=a,t=b f=1 x', 'm f=1,f=2 9223372036854775808',
  'm Time=1', '# m f="', '\t # a="b \\', 'm f=1#c', 'm f=1 #c', '#', 'm f=1\r', 'm f=1 5\r', 'm f=1 \r', '\r', ' \r', '\r\r', 'm\r f=1',
  'm f=1 5   ', 'm   f=1   5', 'm f="a"   ', 'm f=1 \t', '\ufeffm f=1', 'm f=1,g="a"x', 'm f=1,g=1x', 'm f=tx', 'm f="a" 5 5',
];

/** A body of lines, some of them wrong, ended in every way that lines can end. The precision decides where times have edges. */
export function randomBody(random: Random, precision: Precision): Buffer {
  const lines = random.chance(0.02) ? 200 + random.below(400) : 1 + random.below(12);
  const parts: string[] = [];
  for (let i = 0; i < lines; i++) parts.push(randomLine(random, precision), randomLineEnd(random));
  if (random.chance(0.3)) parts.pop();
  return Buffer.from(parts.join(''));
}

/** One line without its end: a point, a construct, a comment or nothing. */
export function randomLine(random: Random, precision: Precision): string {
  if (random.chance(0.1)) return random.pick(CONSTRUCTS);
  if (random.chance(0.04)) return `# ${stringText(random)}`;
  if (random.chance(0.03)) return random.pick(['', ' ', '\t', ' \t ']);
  return goodLine(random, precision);
}

/** A line that the grammar accepts unless a key repeats; its names are long only rarely. */
export function goodLine(random: Random, precision: Precision): string {
  const line = [random.chance(0.03) ? random.pick([' ', '\t', '  ']) : ''];
  line.push(escaped(random, nameFrom(random, MEASUREMENTS), MEASUREMENT_ESCAPES, MEASUREMENT_ESCAPES));
  for (const key of someKeys(random, TAG_KEYS, random.below(4))) {
    line.push(',', escaped(random, key, ' =', KEY_ESCAPES), '=', escaped(random, nameFrom(random, TAG_VALUES), ', ', KEY_ESCAPES));
  }
  line.push(spaces(random));
  const fields = someKeys(random, FIELD_KEYS, 1 + random.below(random.chance(0.05) ? 11 : 4))
    .map((key) => `${escaped(random, key, ' =', KEY_ESCAPES)}=${fieldText(random, key)}`);
  line.push(fields.join(','));
  if (random.chance(0.8)) line.push(spaces(random), timestampText(random, precision));
  if (random.chance(0.05)) line.push(spaces(random));
  return line.join('');
}

function randomLineEnd(random: Random): string {
  if (random.chance(0.8)) return '\n';
  return random.pick(['\r\n', '\n\n', '\n \n', '\r\n\r\n', '\n# comment\n', '\n\t#"=\\\n']);
}

function spaces(random: Random): string {
  return random.chance(0.95) ? ' ' : ' '.repeat(2 + random.below(3));
}

function nameFrom(random: Random, names: readonly string[]): string {
  if (random.chance(0.0004)) return random.pick(['x', 'é', ',']).repeat(random.pick([32_767, 32_768, 65_535, 65_536, 65_537]));
  return random.pick(names);
}

/** Some keys, mostly of this list and distinct: a repeated one makes the line wrong, one of the other list may. */
function someKeys(random: Random, list: readonly string[], count: number): string[] {
  const keys: string[] = [];
  while (keys.length < count) {
    const key = nameFrom(random, random.chance(0.98) ? list : [...TAG_KEYS, ...FIELD_KEYS, 'time']);
    if (!keys.includes(key) || random.chance(0.02)) keys.push(key);
  }
  return keys;
}

/** The name with its backslashes doubled or not, what must be escaped escaped, and what may be sometimes too. */
function escaped(random: Random, name: string, must: string, may: string): string {
  let text = '';
  for (const char of name) {
    const escape = must.includes(char) || ((may.includes(char) || char === '\\') && random.chance(0.4));
    text += escape ? `\\${char}` : char;
  }
  return text;
}

function fieldText(random: Random, key: string): string {
  const kind = random.chance(0.03) ? random.pick(KINDS) : HOME_KINDS[key] ?? random.pick(KINDS);
  if (kind === 'string') return `"${stringText(random)}"`;
  if (kind === 'boolean') return random.pick(['true', 'True', 'TRUE', 't', 'T', 'false', 'False', 'FALSE', 'f', 'F']);
  return numberText(random, kind);
}
