/**
 * The program's own log, to stderr, so that stdout holds what was asked for and nothing else: a line of JSON an event, and
 * a line of text where stderr is a terminal.
 */
import { isatty } from 'node:tty';
import { pino } from 'pino';
import { outletOf } from './outlet.js';

/** Levels of `--log-level`, the quietest last. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  debug(sentence: string): void;
  info(sentence: string): void;
  warn(sentence: string): void;
  error(sentence: string): void;
}

/** The server's own. */
export interface ServerLogger extends Logger {
  /** Lines that stderr did not take. */
  readonly linesDropped: number;
}

const STDERR = 2;

/**
 * A logger that says what is at `level` or above. It never throws and never waits: see src/outlet.ts.
 * @param isForPeople whether lines are text
 */
export function makeLogger(level: LogLevel, isForPeople = isatty(STDERR)): ServerLogger {
  const stderr = outletOf('stderr');
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name) => ({ level: name }) } },
    isForPeople ? { write: (line) => stderr.write(asText(line)) } : stderr,
  );
  return {
    debug: (sentence) => logger.debug(sentence),
    info: (sentence) => logger.info(sentence),
    warn: (sentence) => logger.warn(sentence),
    error: (sentence) => logger.error(sentence),
    get linesDropped() {
      return stderr.linesDropped;
    },
  };
}

/** An event as people read it: time, level when it is no plain news, and what happened. */
function asText(line: string): string {
  const { time, level, msg } = JSON.parse(line) as { readonly time: string; readonly level: string; readonly msg: string };
  return `${time.slice(0, 19).replace('T', ' ')} ${level === 'info' ? '' : `${level.toUpperCase()}: `}${msg}\n`;
}
