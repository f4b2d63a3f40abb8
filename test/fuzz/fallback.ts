/** Lines that are not what the lines before made likely. Texts are bytes, a character each. */
import type { Precision } from '../oracle/numbers.js';
import { bytesOf, FIELD_KINDS, Line, type LineField, rareValue, usualValue } from './fleet.js';
import { goodLine, randomLine } from './generator.js';
import { mutated } from './mutate.js';
import type { Random } from './random.js';
import { timestampText } from './values.js';

/** The line's text with one to three things changed about it; it may have become several lines. */
export function surprised(random: Random, line: Line, precision: Precision): string {
  if (random.chance(0.45)) return random.pick(TEXT_SURPRISES)(random, line.text(), line, precision);
  let result = line;
  for (let left = random.chance(0.8) ? 1 : 1 + random.below(3); left > 0; left--) result = random.pick(SURPRISES)(random, result, precision);
  return result.text();
}

type Surprise = (random: Random, line: Line, precision: Precision) => Line;
type TextSurprise = (random: Random, text: string, line: Line, precision: Precision) => string;

const withSeries = (line: Line, series: string): Line => new Line(series, line.fields, line.time);
const withFields = (line: Line, fields: readonly LineField[]): Line => new Line(line.series, fields, line.time);
const withTime = (line: Line, time: string | null): Line => new Line(line.series, line.fields, time);

/** The line with one of its fields changed. */
function withField(random: Random, line: Line, change: (field: LineField) => LineField): Line {
  const at = random.below(line.fields.length);
  const field = line.fields[at];
  return field === undefined ? line : withFields(line, line.fields.with(at, change(field)));
}

function inserted<T>(list: readonly T[], at: number, value: T): T[] {
  return [...list.slice(0, at), value, ...list.slice(at)];
}

const ODD_TIMES = [
  '', '-', '-1', '0', '-0', '1x', '1.5', '12345678', '123456789', '1234567890123456', '999999999999999999', '1000000000000000000',
  '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '18446744073709551615', '18446744073709551616',
  '99999999999999999999', '00000000001700000000000000000', '1700000000000000000 ', '1700000000000000000\r', ' 1700000000000000000', '1 2',
  '1700000000000000000\t', '1700000000000000000,', '+1', '1e3', '1700000000000000000\0', '17000000000000000 0', '170000000000000000:', '1700000:0', '1/', '12345678:',
];
const LONG = [13, 14, 15, 16, 17, 29, 30, 31, 32, 33, 60, 61, 62, 63, 64, 65, 300];

const SURPRISES: readonly Surprise[] = [
  function dropField(random, line) {
    const at = random.below(line.fields.length);
    return withFields(line, line.fields.toSpliced(at, 1 + random.below(3)));
  },
  function swapFields(random, line) {
    const a = random.below(line.fields.length), b = random.chance(0.5) ? a + 1 : random.below(line.fields.length);
    const [first, second] = [line.fields[a], line.fields[b]];
    return first === undefined || second === undefined ? line : withFields(line, line.fields.with(a, second).with(b, first));
  },
  function duplicateField(random, line) {
    const field = random.pick(line.fields);
    if (field === undefined) return line;
    const value = random.chance(0.5) ? field.value : usualValue(random, random.pick(FIELD_KINDS));
    return withFields(line, inserted(line.fields, random.below(line.fields.length + 1), { ...field, value }));
  },
  function otherKind(random, line) {
    return withField(random, line, (field) => {
      const kind = random.pick(FIELD_KINDS);
      return { ...field, kind, value: usualValue(random, kind) };
    });
  },
  function rareField(random, line) {
    return withField(random, line, (field) => ({ ...field, value: rareValue(random, field.kind) }));
  },
  function otherSuffix(random, line) {
    return withField(random, line, (field) => ({ ...field, value: field.value.replace(/[iu]?$/, random.pick(['i', 'u', '', '.', 'e5', 'e-3', '.5', 'I', 'x', '0', '00000000000i', ':i', '/', ':5', '.:']))}));
  },
  function otherSign(random, line) {
    return withField(random, line, (field) => ({ ...field, value: random.pick(['-', '--', '+', '0', '00000000000000000000', '-0', '.', '"', ' ']) + field.value }));
  },
  function newField(random, line) {
    const kind = random.pick(FIELD_KINDS);
    const key = random.pick(['new', 'usage_', 'usage_idl', 'usage_idle_', 'kkkk', 'host', 'host__field', 'time', 'time__field', 'f', 'x', `k${random.below(1000)}`]);
    return withFields(line, inserted(line.fields, random.below(line.fields.length + 1), { key, kind, value: usualValue(random, kind) }));
  },
  function tagAsField(random, line) {
    const key = random.pick(line.series.split(',').slice(1).concat('t=')).split('=')[0] ?? 't';
    const kind = random.pick(FIELD_KINDS);
    return withFields(line, inserted(line.fields, random.below(line.fields.length + 1), { key, kind, value: usualValue(random, kind) }));
  },
  function otherKey(random, line) {
    return withField(random, line, (field) => ({ ...field, key: changedByte(random, field.key) }));
  },
  function escapedKey(random, line) {
    return withField(random, line, ({ key, ...field }) => {
      const at = random.below(key.length);
      return { ...field, key: `${key.slice(0, at)}\\${key.slice(at)}` };
    });
  },
  function longKey(random, line) {
    return withField(random, line, (field) => ({ ...field, key: field.key.padEnd(random.chance(0.02) ? 65_536 + random.below(2) : random.pick(LONG), 'k') }));
  },
  function emptyParts(random, line) {
    return withField(random, line, (field) => (random.chance(0.5) ? { ...field, key: '' } : { ...field, value: '' }));
  },
  function noTime(_random, line) {
    return withTime(line, null);
  },
  function oddTime(random, line) {
    return withTime(line, random.pick(ODD_TIMES));
  },
  function rareTime(random, line, precision) {
    return withTime(line, timestampText(random, precision));
  },
  function longerSeries(random, line) {
    const bytes = random.chance(0.02) ? 65_400 + random.below(300) : random.pick(LONG);
    return withSeries(line, `${line.series}${line.series.includes(',') ? '' : ',host='}`.padEnd(bytes, 'h'));
  },
  function otherSeries(random, line) {
    return withSeries(line, changedByte(random, line.series));
  },
  function cutSeries(random, line) {
    return withSeries(line, line.series.slice(0, random.below(line.series.length + 1)));
  },
  function newTag(random, line) {
    const key = random.pick(['new', 'host', 'time', 't', `${line.fields[0]?.key ?? 'f'}__tag`, line.fields[0]?.key ?? 'f', line.fields.at(-1)?.key ?? 'f']);
    const tags = line.series.split(',');
    return withSeries(line, inserted(tags, 1 + random.below(tags.length), `${key}=${random.pick(['a', 'b', '', 'c\\ d', '\\\\'])}`).join(','));
  },
  function swapTags(random, line) {
    const [measurement = '', ...tags] = line.series.split(',');
    const at = random.below(tags.length + 1);
    return withSeries(line, [measurement, ...tags.slice(at), ...tags.slice(0, at)].join(','));
  },
  function dropTag(random, line) {
    const tags = line.series.split(',');
    return withSeries(line, tags.toSpliced(1 + random.below(tags.length), 1).join(','));
  },
  function escapedSeries(random, line) {
    const at = random.below(line.series.length);
    return withSeries(line, `${line.series.slice(0, at)}\\${line.series.slice(at)}`);
  },
];

/** One byte of it is another, or it is a byte longer or shorter. */
function changedByte(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const byte = random.pick(['x', 'k', '0', '_', 'A', '"', bytesOf('é'), '\0', '#', ':', '/']);
  return text.slice(0, at) + (random.chance(0.8) ? byte : '') + text.slice(at + (random.chance(0.7) ? 1 : 0));
}

const TEXT_SURPRISES: readonly TextSurprise[] = [
  function damaged(random, text, line) {
    return mutated(random, Buffer.from(text, 'latin1'), Buffer.from(line.series, 'latin1')).toString('latin1');
  },
  function insertedSign(random, text) {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + random.pick([' ', '  ', ',', '=', '\\', '"', '\n', '\r', '\t', '#', '\0', '\xff', '\xc3', '\x80', '\\\n']) + text.slice(at);
  },
  function otherDelimiter(random, text) {
    const places = [...text.matchAll(/[ ,=]/g)].map(({ index }) => index);
    const at = random.pick([...places.slice(0, 12), text.length]);
    return text.slice(0, at) + random.pick([' ', ',', '=', '\\ ', '\\,', '\\=']) + text.slice(at + 1);
  },
  function doubledSpace(_random, text) {
    return text.replace(' ', '  ');
  },
  function doubledLastSpace(_random, text) {
    return text.replace(/ (?=[^ ]*$)/, '   ');
  },
  function tail(random, text) {
    return text + random.pick([' ', '   ', '\r', ' \r', '\r\r', '\xff', '\xc3', bytesOf('é'), '\t', ',', '\n\n', '\n \t\n', '\0', '\\', '"', '=', '\n# a comment="', '\r\n', ' #']);
  },
  function head(random, text) {
    return random.pick([' ', '\t ', '\n', '\r\n', '# ', '#', '\0', ',', '\xef\xbb\xbf', '\\', '"', '=', '  # f="\n']) + text;
  },
  function cut(random, text) {
    return text.slice(0, random.below(text.length + 1));
  },
  function twice(_random, text) {
    return `${text}\n${text}`;
  },
  function joined(random, text) {
    return text + random.pick(['', ' ', ',']) + text;
  },
  function otherLine(random, _text, _line, precision) {
    return bytesOf(randomLine(random, precision));
  },
  function otherGoodLine(random, _text, _line, precision) {
    return bytesOf(goodLine(random, precision));
  },
  function otherFields(random, text, line, precision) {
    const good = bytesOf(goodLine(random, precision));
    const space = good.search(/(?<!\\) /);
    return space < 0 ? text : line.series + good.slice(space);
  },
  function otherSeriesOfFields(random, text, line, precision) {
    const good = bytesOf(goodLine(random, precision));
    const space = good.search(/(?<!\\) /);
    return space < 0 ? text : good.slice(0, space) + text.slice(line.series.length);
  },
];
