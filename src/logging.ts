/** The program's own log: a line of JSON an event, to stderr, so that stdout holds what was asked for and nothing else. */
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

/** A logger that says what is at `level` or above. It never throws and never waits: see src/outlet.ts. */
export function makeLogger(level: LogLevel): ServerLogger {
  const stderr = outletOf('stderr');
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name) => ({ level: name }) } },
    stderr,
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
