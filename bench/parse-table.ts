/** The table of the parse benchmarks: WASM parser, TypeScript oracle and bare gunzip over the same bytes in one run. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { parseBody } from '../test/oracle/line-protocol.js';
import { secondsOf } from './measure.js';
import { Session } from './session.js';
import { fixed, short, type Row, type Table } from './table.js';
import { bytesOf, type Workload } from './workloads/workload.js';

const GZIP_LEVEL = 6;

/** Warm: the same instance gets the same bodies again and again, its rows removed after each pass. */
export function parseTable(title: string, workloads: readonly Workload[]): Table {
  return { title, columns: PARSE_COLUMNS, rows: workloads.map(warmRow) };
}

export const PARSE_COLUMNS = ['MB', 'lines', 'refused', 'MB/s', 'M lines/s', 'M values/s', '× oracle', '× gunzip'];

function warmRow(workload: Workload): Row {
  const session = new Session();
  const { lines, rejected } = session.write(workload);
  const values = session.values();
  session.clear();
  const pass = (): void => {
    session.write(workload);
    session.clear();
  };
  const { parse, oracle, gunzip } = secondsOf({ parse: pass, ...baselines(workload) });
  return parseRow(workload, { lines, rejected, values, seconds: parse, oracle, gunzip });
}

export interface Baselines {
  /** Seconds of the oracle for the first body, and of gunzip for all. */
  readonly oracle: number;
  readonly gunzip: number;
}

/** What the parser is compared with. The oracle is slow: it gets the first body alone. */
export function baselines({ bodies, precision }: Workload): Record<keyof Baselines, () => void> {
  const packed = bodies.map((body) => ({ bytes: gzipSync(body, { level: GZIP_LEVEL }), chunkSize: Math.max(body.length, 64) }));
  return {
    oracle: () => void parseBody(bodies[0]!, { precision, defaultTimeNs: 0n }),
    gunzip: () => packed.forEach(({ bytes, chunkSize }) => gunzipSync(bytes, { chunkSize })),
  };
}

export interface Measured extends Baselines {
  readonly lines: number;
  readonly rejected: number;
  /** Field values stored. */
  readonly values: number;
  /** Of one pass over all bodies. */
  readonly seconds: number;
}

export function parseRow(workload: Workload, { lines, rejected, values, seconds, oracle, gunzip }: Measured): Row {
  const bytes = bytesOf(workload);
  const speed = bytes / seconds / 1e6;
  const oracleSpeed = workload.bodies[0]!.length / oracle / 1e6;
  const gunzipSpeed = bytes / gunzip / 1e6;
  return {
    name: workload.name,
    cells: [
      fixed(bytes / 1e6, 1), fixed(lines), fixed(rejected), fixed(speed), short(lines / seconds / 1e6), short(values / seconds / 1e6),
      short(speed / oracleSpeed), short(speed / gunzipSpeed),
    ],
    speed,
  };
}
