/** `sluice status` as text for people and as JSON. Pure. */
import type { OverviewNow } from '../admin/overview.js';
import { counted, inWords } from './words.js';

/** What two moments of a server tell. */
export interface Status {
  readonly running: true;
  readonly version: string;
  readonly pid: number;
  readonly data_dir: string;
  readonly uptime_seconds: number;
  readonly listeners: readonly string[];
  /** null: writes are taken. */
  readonly refusal: string | null;
  readonly lines: { readonly stored: number; readonly stored_per_second: number };
  readonly requests: { readonly received_per_second: number; readonly in_flight: number };
  readonly refused_per_second: { readonly lines: Readonly<Record<string, number>>; readonly requests: Readonly<Record<string, number>> };
  readonly log: { readonly bytes: number; readonly files: number; readonly oldest_row_seconds: number | null };
  readonly unflushed: { readonly rows: number; readonly tables: number };
  readonly files: { readonly made: number; readonly flushes: number; readonly failures: number };
  readonly memory: { readonly rows: number; readonly rows_max: number; readonly bodies: number; readonly bodies_max: number; readonly heap: number; readonly resident: number };
  readonly workers: readonly { readonly number: number; readonly busy: boolean; readonly row_bytes: number }[];
  readonly databases: number;
  readonly tables: number;
  readonly tables_set_aside: number;
  readonly problems: readonly string[];
}

/** @param before an earlier moment of the same server */
export function statusOf(before: OverviewNow, now: OverviewNow): Status {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const value = (name: string, of = now): number => Object.values(valuesOf(of, name)).reduce((sum, each) => sum + each, 0);
  const rate = (name: string): number => round((value(name) - value(name, before)) / seconds);
  const ratesOf = (name: string): Record<string, number> => {
    const earlier = valuesOf(before, name);
    return Object.fromEntries(Object.entries(valuesOf(now, name)).map(([label, each]) => [label, round((each - (earlier[label] ?? 0)) / seconds)]).filter(([, each]) => each !== 0));
  };
  const bodies = value('sluice_body_memory_bytes');
  return {
    running: true,
    version: now.version, pid: now.pid, data_dir: now.dataDir, uptime_seconds: Math.floor(now.upMs / 1000), listeners: now.listeners, refusal: now.refusal,
    lines: { stored: value('sluice_lines_accepted_total'), stored_per_second: rate('sluice_lines_accepted_total') },
    requests: { received_per_second: rate('sluice_requests_received_total'), in_flight: value('sluice_requests_in_flight') },
    refused_per_second: { lines: ratesOf('sluice_lines_rejected_by_code_total'), requests: ratesOf('sluice_requests_shed_total') },
    log: { bytes: value('sluice_log_bytes'), files: value('sluice_log_segments'), oldest_row_seconds: now.oldestRowMs === null ? null : Math.floor(now.oldestRowMs / 1000) },
    unflushed: { rows: value('sluice_unflushed_rows'), tables: value('sluice_unflushed_tables') },
    files: { made: value('sluice_flush_files_total'), flushes: value('sluice_flushes_total'), failures: value('sluice_flush_failures_total') },
    memory: {
      rows: value('sluice_unflushed_bytes'), rows_max: now.memory.rowsBytesMax,
      bodies: bodies - value('sluice_body_memory_free_bytes'), bodies_max: bodies, heap: now.memory.heapBytes, resident: now.memory.residentBytes,
    },
    workers: now.workers.map(({ busy, memtableBytes, number }) => ({ number, busy, row_bytes: memtableBytes })),
    databases: now.databases, tables: now.tables, tables_set_aside: value('sluice_tables_set_aside'), problems: now.problems,
  };
}

/** Values of a metric by the only label that it has, '' for none; none when it is not counted. */
function valuesOf({ metrics }: OverviewNow, name: string): Record<string, number> {
  const samples = metrics.find((metric) => metric.name === name)?.samples ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

interface ScreenOptions {
  /** null: lines are as long as they are. */
  readonly columns: number | null;
  readonly isColored: boolean;
}

const LABEL_CHARACTERS = 12;
const COLUMNS_LEAST = 30;
/** Foreground colours of terminals. */
const COLORS = { good: '32', bad: '31' } as const;

/** One screen of text, a newline behind each line. */
export function screenOf(status: Status, { columns, isColored }: ScreenOptions): string {
  const paint = (text: string, color: keyof typeof COLORS): string => (isColored ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text);
  const lines: string[] = [];
  const say = (label: string, parts: readonly string[], color?: keyof typeof COLORS): void => {
    const texts = wrapped(parts, columns === null ? null : Math.max(columns, COLUMNS_LEAST) - LABEL_CHARACTERS);
    texts.forEach((text, at) => lines.push(`${(at === 0 ? label : '').padEnd(LABEL_CHARACTERS)}${color === undefined ? text : paint(text, color)}`));
  };
  const { files, log, memory, refused_per_second: refused, unflushed } = status;
  say('sluice', [status.version, `pid ${status.pid}`, `up ${spanText(status.uptime_seconds)}`]);
  say('writes', status.refusal === null ? ['taken'] : [`refused: ${inWords(status.refusal)}`], status.refusal === null ? 'good' : 'bad');
  say('listening', status.listeners.length === 0 ? ['on no address'] : status.listeners);
  say('data', [status.data_dir]);
  say('lines', [`${numberText(status.lines.stored_per_second)}/s`, `${numberText(status.lines.stored)} stored since the start`]);
  say('requests', [`${numberText(status.requests.received_per_second)}/s`, `${numberText(status.requests.in_flight)} in flight`]);
  const ratesOf = (what: string, rates: Readonly<Record<string, number>>): string[] => Object.entries(rates).map(([code, rate]) => `${what} ${code} ${numberText(rate)}/s`);
  const refusals = [...ratesOf('lines', refused.lines), ...ratesOf('requests', refused.requests)];
  say('refused', refusals.length === 0 ? ['nothing'] : refusals, refusals.length === 0 ? undefined : 'bad');
  say('log', [`${bytesText(log.bytes)} in ${counted(log.files, 'file')}`, ...(log.oldest_row_seconds === null ? [] : [`oldest row ${spanText(log.oldest_row_seconds)}`])]);
  say('in log only', [unflushed.rows === 0 ? 'no row' : `${numberText(unflushed.rows)} ${unflushed.rows === 1 ? 'row' : 'rows'} of ${counted(unflushed.tables, 'table')}`]);
  say('files', [`${numberText(files.made)} made since the start`, counted(files.flushes, 'table flush').replace(/flushs$/, 'flushes'), ...(files.failures === 0 ? [] : [`${files.failures} failed`])]);
  say('memory', [
    `rows ${bytesText(memory.rows)} of ${bytesText(memory.rows_max)}`, `bodies ${bytesText(memory.bodies)} of ${bytesText(memory.bodies_max)}`,
    `JavaScript ${bytesText(memory.heap)}`, `process ${bytesText(memory.resident)}`,
  ]);
  say('workers', status.workers.length === 0 ? ['none is up'] : status.workers.map(({ busy, number, row_bytes: bytes }) => `${number} ${busy ? 'busy' : 'idle'} ${bytesText(bytes)}`));
  say('tables', [`${numberText(status.tables)} in ${counted(status.databases, 'database')}`, ...(status.tables_set_aside === 0 ? [] : [`${status.tables_set_aside} set aside`])]);
  if (status.problems.length === 0) say('trouble', ['none'], 'good');
  for (const [at, problem] of status.problems.entries()) say(at === 0 ? 'trouble' : '', [inWords(problem)], 'bad');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** Parts side by side as far as they fit, words of one that does not below each other; a word longer than a line is cut into pieces. */
function wrapped(parts: readonly string[], widthMax: number | null): string[] {
  const whole = parts.join(' · ');
  if (widthMax === null || whole.length <= widthMax) return [whole];
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    for (const [at, word] of part.split(' ').flatMap((each) => pieces(each, widthMax)).entries()) {
      // A part that fits into a line is not torn; its first word decides for all.
      const needed = at === 0 && part.length <= widthMax ? part.length : word.length;
      const between = line === '' ? '' : at === 0 ? ' · ' : ' ';
      if (line !== '' && line.length + between.length + needed > widthMax) {
        lines.push(line);
        line = word;
      } else {
        line += between + word;
      }
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): string[] {
  return Array.from({ length: Math.max(1, Math.ceil(word.length / width)) }, (_, at) => word.slice(at * width, (at + 1) * width));
}

/** Thousands by commas. */
function numberText(value: number): string {
  const [whole, ...fraction] = String(value).split('.');
  return [whole!.replace(/\B(?=(\d{3})+$)/g, ','), ...fraction].join('.');
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, at] = [bytes, 0];
  while (value >= 1024 && at < units.length - 1) [value, at] = [value / 1024, at + 1];
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** The two largest units, as in `3 d 4 h`. */
function spanText(seconds: number): string {
  const units = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  let left = seconds;
  return units.slice(first, first + 2).map(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? '' : `${count} ${unit}`;
  }).filter((text) => text !== '').join(' ');
}
