/** The program's own log: a line of JSON an event, to stderr, so that stdout holds what was asked for and nothing else. */
import { pino } from 'pino';

/** Levels of `--log-level`, the quietest last. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  debug(sentence: string): void;
  info(sentence: string): void;
  warn(sentence: string): void;
  error(sentence: string): void;
}

/** A logger that says what is at `level` or above. It writes at once: nothing is lost when the process ends. */
export function makeLogger(level: LogLevel): Logger {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (name) => ({ level: name }) } },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    debug: (sentence) => logger.debug(sentence),
    info: (sentence) => logger.info(sentence),
    warn: (sentence) => logger.warn(sentence),
    error: (sentence) => logger.error(sentence),
  };
}
