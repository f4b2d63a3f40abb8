/** Parse speed of the WASM parser, rows into builders and out again, beside the TypeScript oracle on the same bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Benchmark from 'benchmark';
import * as abi from '../assembly/abi.js';
import { parseBody } from '../test/oracle/line-protocol.js';
import { root } from '../test/root.js';
import { ParserSession } from '../test/worker/parser-session.js';
import { tsbsBodies } from './tsbs.js';

/** Bytes of a data set that are parsed at a time, cut at a line's end. */
const BODY_BYTES_MAX = 1024 * 1024;
const SECONDS_MAX = 2;

export interface ParseSpeed {
  readonly data: string;
  readonly bytes: number;
  readonly lines: number;
  readonly wasmMBps: number;
  readonly oracleMBps: number;
}

/** Data sets by name: one body each. */
function dataSets(): Map<string, Buffer> {
  const file = (name: string): Buffer => {
    const bytes = readFileSync(join(root, 'test/data/lpdata', name));
    const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    return text.length <= BODY_BYTES_MAX ? text : text.subarray(0, text.lastIndexOf(0x0a, BODY_BYTES_MAX) + 1);
  };
  return new Map([
    ['generated TSBS cpu-only', tsbsBodies({ bodies: 1, linesPerBody: 3000, hosts: 4000, seed: 1 })[0]!],
    ...['tsbs_cpu-only.lp', 'tsbs_devops.lp', 'tsbs_iot.lp', 'metrics.lp', 'docs_bay-area-weather.lp', 'read_filter.lp.gz', 'tag_values.lp.gz']
      .map((name) => [name, file(name)] as const),
  ]);
}

export function parseSpeeds(): ParseSpeed[] {
  return [...dataSets()].map(([data, body]) => {
    const session = new ParserSession();
    const { accepted } = session.write(body);
    const rewind = (parsed: { readonly status: number; readonly spans: readonly { tableId: number; rowFirst: number; rowEnd: number }[] }): void => {
      if (parsed.status !== abi.PARSE_ACCEPTED) throw new Error(`${data}: status ${parsed.status}`);
      for (const { tableId, rowEnd } of parsed.spans) session.parser.removeRows(tableId, [{ rowFirst: 0, rowEnd }]);
    };
    const mbps = (action: () => void): number => body.length * hertzOf(action) / 1e6;
    return {
      data,
      bytes: body.length,
      lines: accepted,
      wasmMBps: mbps(() => rewind(session.parse(body))),
      oracleMBps: mbps(() => parseBody(body, { precision: 'ns', defaultTimeNs: 0n })),
    };
  });
}

/** Runs a second, as `benchmark` measures them. */
function hertzOf(action: () => void): number {
  action();
  const benchmark = new Benchmark({ fn: action, maxTime: SECONDS_MAX, minSamples: 3 });
  benchmark.run();
  if (benchmark.error !== undefined) throw benchmark.error;
  return benchmark.hz;
}
