/** A table that is set aside: no way to a series, not by a replay either, lets a new line in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abi from '../../assembly/layout/codes.js';
import { WasmParser } from '../../src/worker/wasm/wasm.js';
import { moduleOf, type Build } from './builds.js';

const LINES = 'm,t=a v=1i 1\nm,t=b v=2i 2\nm,t=a v=3i 3\n';

function accepted(parser: WasmParser, replaySeq: number | null): number {
  const body = Buffer.from(LINES);
  parser.inputView(body.length).set(body);
  const flags = replaySeq === null ? 0 : abi.PARSE_REPLAY;
  const { accepted: lines, errors } = parser.parse({ databaseId: 1, bytes: body.length, precision: abi.PRECISION_NS, defaultTime: 0n, flags, linesMax: 100, replaySeq: replaySeq ?? 0 });
  for (const { code } of errors) assert.equal(code, abi.LINE_TABLE_SET_ASIDE);
  return lines;
}

for (const build of ['simd', 'scalar'] as const satisfies readonly Build[]) {
  test(`new lines are rejected, lines of a replay are taken, before and after it (${build})`, () => {
    const parser = new WasmParser(moduleOf(build));
    parser.setLimits({ tablesMax: 10, columnsMax: 10, columnNameBytesMax: 1000, namesBytesMax: 1 << 20, seriesBytesMax: 1 << 20 });
    const columns = [{ id: 1, kind: abi.KIND_TAG, key: 't' }, { id: 2, kind: abi.KIND_I64, key: 'v' }];
    parser.define({ id: 1, databaseId: 1, measurement: 'm', created: 1, flushedTo: 1, columns });
    assert.equal(accepted(parser, null), 3);
    parser.setAside(1, true);
    assert.equal(accepted(parser, null), 0);
    for (let seq = 5; seq < 8; seq += 1) assert.equal(accepted(parser, seq), 3);
    assert.equal(accepted(parser, null), 0, 'the replay met these series');
    parser.setAside(1, false);
    assert.equal(accepted(parser, null), 3);
  });
}
