/** A rejected line as it stands in the files of its database: one JSON object a line. Pure. */
import { LINE_NOT_UTF8 } from '../../assembly/layout/codes.js';
import { LINE_ERRORS } from '../errors.js';

/** By PRECISION_* of the ABI, as the parameter `precision` says it. */
const PRECISION_NAMES = ['auto', 'ns', 'us', 'ms', 's', 'm', 'h'] as const;
type PrecisionName = (typeof PRECISION_NAMES)[number];

/** All that is needed to write the line again as it was meant. */
export interface RejectRecord {
  /** When it was refused, ISO. */
  readonly time: string;
  /** Physical line in its body, from 1. */
  readonly line: number;
  /** Byte column of what is wrong, from 1. */
  readonly column: number;
  readonly code: string;
  /** Of its timestamp. */
  readonly precision: PrecisionName;
  /** What a line without a timestamp was given: nanoseconds since 1970 in decimal, truncated to the precision. */
  readonly default_time: string;
  /** The line, its end apart; one that is not UTF-8 stands as `source_base64` instead. */
  readonly source?: string;
  readonly source_base64?: string;
}

/** What the rejected lines of one body share. */
export interface RejectContext {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** PRECISION_*. */
  readonly precision: number;
  /** Nanoseconds since 1970. */
  readonly defaultTime: bigint;
}

/** A rejected line of a body. */
interface RejectedLine {
  readonly line: number;
  readonly column: number;
  /** LINE_*. */
  readonly code: number;
  readonly source: Buffer;
}

/** Makes records, newline included. */
export function recordWriter({ timeMs, precision, defaultTime }: RejectContext): (refused: RejectedLine) => string {
  const time = new Date(timeMs).toISOString();
  const shared = { precision: PRECISION_NAMES[precision] ?? 'auto', default_time: String(defaultTime) };
  return ({ line, column, code, source }) => {
    const text = code === LINE_NOT_UTF8 ? { source_base64: source.toString('base64') } : { source: source.toString('utf8') };
    return `${JSON.stringify({ time, line, column, code: LINE_ERRORS[code]?.name ?? 'unknown', ...shared, ...text } satisfies RejectRecord)}\n`;
  };
}

/** First byte of a record that was written again since. */
export const TAKEN = '#';

/** The record of a line of a file; null for one that was taken, and for one that is damaged or that a crash cut off. */
export function parseRecord(text: string): RejectRecord | null {
  const value = parseObject(text);
  return value !== null && isRecord(value) ? (value as unknown as RejectRecord) : null;
}

function isRecord({ time, line, column, code, precision, default_time, source, source_base64 }: Readonly<Record<string, unknown>>): boolean {
  const isPlaced = Number.isSafeInteger(line) && Number.isSafeInteger(column) && typeof time === 'string' && typeof code === 'string';
  const isTimed = (PRECISION_NAMES as readonly unknown[]).includes(precision) && typeof default_time === 'string' && /^-?\d{1,19}$/.test(default_time);
  return isPlaced && isTimed && typeof (source ?? source_base64) === 'string';
}

/** The first line of a file, newline included: whose lines follow. */
export function fileHead(database: string): string {
  return `${JSON.stringify({ format: 1, database })}\n`;
}

/** The database of a file's first line, or null when it is none. */
export function parseHead(text: string): string | null {
  const database = parseObject(text)?.['database'];
  return typeof database === 'string' ? database : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith('{') || !text.endsWith('}')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** The bytes of a record's line. */
export function sourceOf({ source, source_base64 }: RejectRecord): Buffer {
  return source_base64 === undefined ? Buffer.from(source ?? '') : Buffer.from(source_base64, 'base64');
}
