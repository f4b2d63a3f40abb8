/** What engines that read Delta make of a table before and after its files were put together, of every type at its extremes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { post, writePath } from '../e2e/client.js';
import { makeDataDir, removeDataDir, sluice, TestServer } from '../e2e/server.js';
import { DATABASE, tableFolder } from './doors.js';
import { pythonWith } from './python/program.js';

const READERS = ['deltalake==1.6.6', 'polars==2.1.0', 'pyarrow==25.0.1', 'pandas==3.1.1', 'chdb==4.4.0', 'daft==0.7.26'];
const found = pythonWith(READERS, 'deltalake, polars, pyarrow');
const skip = 'missing' in found ? found.missing : false;

/** Texts of all rows, sorted, by each way of reading; floats by their bits. */
const SCRIPT = `
import json, struct, sys, polars as pl, pyarrow as pa
from datetime import datetime, timezone
from deltalake import DeltaTable, QueryBuilder
folder = sys.argv[1]
names = ["time", "sluice_ns", "Tag~2", "f", "i", "u", "b", "s", "later"]
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
def text(value):
    if value is None: return "null"
    if isinstance(value, bool): return str(value).lower()
    if isinstance(value, float): return struct.pack(">d", value).hex()
    if isinstance(value, datetime):
        since = value - epoch
        return str((since.days * 86400 + since.seconds) * 1000000 + since.microseconds)
    return str(value)
def rows(columns): return sorted("|".join(text(v) for v in row) for row in zip(*columns))
arrow = DeltaTable(folder).to_pyarrow_table()
fusion = pa.table(QueryBuilder().register("t", DeltaTable(folder)).execute("SELECT * FROM t").read_all())
frame = pl.scan_delta(folder).collect()
late = DeltaTable(folder).to_pyarrow_table(filters=[("f", ">", 1.0)])
print(json.dumps({
    "pyarrow": rows([arrow[n].to_pylist() for n in names]), "datafusion": rows([fusion[n].to_pylist() for n in names]),
    "polars": rows([frame[n].to_list() for n in names]), "filtered": rows([late[n].to_pylist() for n in names]),
    "files": len(DeltaTable(folder).file_uris()),
}))
`;

interface Point {
  readonly tag: string | null;
  readonly ns: bigint;
  readonly fields: Readonly<Record<string, readonly [line: string, text: string]>>;
}

const bits = (value: number): string => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer.toString('hex');
};
const float = (line: string): readonly [string, string] => [line, bits(Number(line))];
const plain = (line: string, text = line.replace(/[iu]$/, '')): readonly [string, string] => [line, text];

/** The tag is called `Tag~2` in files, for a field `tag` was there before. */
const TIMES = [-2_208_988_800_000_000_001n, -1n, 0n, 999n, 1_600_000_000_123_456_789n, 9_223_372_036_854_775_806n];
const POINTS: readonly Point[] = TIMES.flatMap((ns, at) => [
  { tag: null, ns, fields: { f: float(['1.7976931348623157e308', '-0', '5e-324', '0.1', '-1e-300', '1e21'][at]!), i: plain(`${-(2n ** 63n) + BigInt(at)}i`), b: plain('true'), s: plain('""', '') } },
  { tag: `räum ${at}`, ns, fields: { f: float('2.5'), i: plain(`${2n ** 63n - 1n - BigInt(at)}i`), u: plain(`${2n ** 64n - 1n}u`), s: plain('"a\\"b\\\\ ü"', 'a"b\\ ü') } },
]);

function lineOf({ fields, ns, tag }: Point, only: (name: string) => boolean): string {
  const some = Object.entries(fields).filter(([name]) => only(name)).map(([name, [line]]) => `${name}=${line}`);
  return `m${tag === null ? '' : `,Tag=${tag.replace(' ', '\\ ')}`} ${some.join(',')} ${ns}`;
}

function textOf({ fields, ns, tag }: Point, later: string): string {
  const micros = ns >= 0n ? ns / 1000n : -((999n - ns) / 1000n);
  const values = ['f', 'i', 'u', 'b', 's'].map((name) => fields[name]?.[1] ?? 'null');
  return [micros, ns - micros * 1000n, tag ?? 'null', ...values, later].join('|');
}

test('[issue 14 3] engines read the same rows after compaction as the model has, of every type at its extremes', { skip }, async () => {
  assert.ok('python' in found);
  const dataDir = makeDataDir();
  try {
    const server = await TestServer.start(dataDir, ['--without-auth', '--maintenance-cpu', '0']);
    const send = async (lines: readonly string[]): Promise<void> => {
      const { body, status } = await post(server.url, writePath('/api/v3/write_lp', DATABASE, 'nanosecond'), Buffer.from(lines.join('\n')));
      assert.equal(status, 204, body);
      assert.equal(sluice(['flush', '--data-dir', dataDir]).code, 0);
    };
    await send([`m tag=1i ${TIMES[0]! + 1n}`]);
    // Each point is written in parts, and each part of the floats first with another value.
    await send(POINTS.map((point) => lineOf({ ...point, fields: { ...point.fields, f: float('7') } }, () => true)));
    await send(POINTS.map((point) => lineOf(point, (name) => name === 'f')));
    await send(POINTS.filter((_, at) => at % 3 === 0).map((point) => lineOf({ ...point, fields: { later: plain('t', 'true') } }, () => true)));
    assert.equal(sluice(['compact', '--data-dir', dataDir]).code, 0);
    await server.stop();
    const { stdout, stderr, status } = spawnSync(found.python, ['-c', SCRIPT, tableFolder(dataDir, 'm')], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const read = JSON.parse(stdout) as Record<string, string[]>;
    const other = textOf({ tag: null, ns: TIMES[0]! + 1n, fields: {} }, 'null');
    const expected = [other, ...POINTS.map((point, at) => textOf(point, at % 3 === 0 ? 'true' : 'null'))].sort();
    for (const way of ['pyarrow', 'datafusion', 'polars']) assert.deepEqual(read[way]!.toSorted(), expected, way);
    assert.deepEqual(read['filtered']!.toSorted(), POINTS.flatMap((point, at) => (Number(point.fields['f']![0]) > 1 ? [textOf(point, at % 3 === 0 ? 'true' : 'null')] : [])).sort());
  } finally {
    removeDataDir(dataDir);
  }
});
