/** The examples of docs/line-protocol.md: lines, and what the page says becomes of them. */
import * as abi from '../../assembly/layout/codes.js';
import { KIND_NAMES, LINE_ERRORS } from '../../src/errors.js';
import { listedPoints, type Field } from '../../src/worker/wasm/dump.js';
import { pageSnippets } from '../clients/page.js';
import { ParserSession } from '../worker/parser-session.js';

interface LineExample {
  /** The heading it stands under. */
  readonly heading: string;
  readonly body: Buffer;
  /** As the page says it. */
  readonly outcome: string;
}

const NOT_UTF8 = Buffer.from([0xff]);
const SIGNS: Readonly<Record<string, string>> = { '␠': ' ', '␉': '\t', '␍': '\r', '⌶': '\ufeff' };
const TYPES: Readonly<Record<Field[1], string>> = {
  f64: KIND_NAMES[abi.KIND_F64], i64: KIND_NAMES[abi.KIND_I64], u64: KIND_NAMES[abi.KIND_U64], bool: KIND_NAMES[abi.KIND_BOOL], string: KIND_NAMES[abi.KIND_STRING],
};

/** All examples of the page. @throws Error for a block of another form */
export function lineExamples(): LineExample[] {
  return pageSnippets('line-protocol.md').filter(({ language }) => language === 'lp').map(({ name, text }) => {
    const [lines, outcome, ...more] = text.split('\n---\n');
    if (lines === undefined || outcome === undefined || more.length > 0) throw new Error(`an example under ${name} is not lines, ---, and what becomes of them`);
    return { heading: name, body: bytesOf(lines), outcome };
  });
}

function bytesOf(text: string): Buffer {
  const parts = text.replace(/[␠␉␍⌶]/g, (sign) => SIGNS[sign]!).split('�').map((part) => Buffer.from(part));
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [NOT_UTF8, part])));
}

/** What becomes of a body in a new database, in the words of the page. */
export function outcomeOf(body: Buffer): string {
  const session = new ParserSession();
  const { errors } = session.write(body, { precision: abi.PRECISION_AUTO, flags: abi.PARSE_DUMP });
  const rejected = errors.map(({ line, column, code }) => ({ line, text: `rejected ${LINE_ERRORS[code]!.name} at byte ${column}` }));
  const stored = listedPoints(session.parser).map(({ line, measurement, tags, fields, timestamp }) => {
    const parts = [
      nameText(measurement),
      tags.map(([key, value]) => `${nameText(key)}=${nameText(value)}`).join(', '),
      fields.map((field) => `${nameText(field[0])}=${valueText(field)} ${TYPES[field[1]]}`).join(', '),
      timestamp === null ? 'when it came' : timeText(BigInt(timestamp)),
    ];
    return { line, text: parts.join(' | ').replace('|  |', '| |') };
  });
  return [...rejected, ...stored].toSorted((a, b) => a.line - b.line).map(({ line, text }) => `${line}: ${text}`).join('\n');
}

function nameText(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name).replaceAll('\ufeff', '⌶');
}

function valueText([, type, value]: Field): string {
  if (type === 'f64') return String(Buffer.from(value, 'hex').readDoubleBE());
  return type === 'string' ? JSON.stringify(value) : value;
}

const NANOS = 1_000_000_000n;

/** ISO, with as many digits behind the seconds as it needs. */
function timeText(ns: bigint): string {
  const rest = ((ns % NANOS) + NANOS) % NANOS;
  const digits = String(rest).padStart(9, '0').replace(/(000)+$/, '');
  const seconds = new Date(Number((ns - rest) / 1_000_000n)).toISOString().slice(0, -'.000Z'.length);
  return `${seconds}${digits === '' ? '' : `.${digits}`}Z`;
}
