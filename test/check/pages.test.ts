/** The walk over pages, on files made byte by byte: checksums where a page has one, and pages that do not fit. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { walkPages } from '../../src/check/pages.js';
import { crc32 } from '../../src/crc.js';
import { systemDisk } from '../../src/disk.js';

type Field = readonly [id: number, value: number | string | readonly Field[] | { readonly list: readonly (readonly Field[] | string)[] }];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}
const zigzag = (value: number): number[] => varint(value < 0 ? -2 * value - 1 : 2 * value);
const text = (value: string): number[] => [...varint(value.length), ...Buffer.from(value)];

/** A struct in Thrift's compact protocol; numbers are i64. */
function struct(fields: readonly Field[]): number[] {
  let before = 0;
  return [...fields.flatMap(([id, value]) => {
    const delta = id - before;
    before = id;
    const [type, bytes] = typeof value === 'number' ? [6, zigzag(value)] : typeof value === 'string' ? [8, text(value)]
      : 'list' in value ? [9, [value.list.length << 4 | (typeof value.list[0] === 'string' ? 8 : 12), ...value.list.flatMap((item) => (typeof item === 'string' ? text(item) : struct(item)))]]
        : [12, struct(value)];
    return [delta << 4 | type, ...bytes];
  }), 0];
}

interface Page {
  readonly bytes: Buffer;
  readonly crc: number | null;
  readonly values: number;
}

/** A file of one column; only what a walk reads stands in it. */
function fileOf(pages: readonly Page[], values = pages.reduce((sum, page) => sum + page.values, 0)): Buffer {
  const chunk = pages.flatMap(({ bytes, crc, values: count }) => [
    ...struct([[1, 0], [2, bytes.length], [3, bytes.length], ...(crc === null ? [] : [[4, crc] as const]), [5, [[1, count]]]]), ...bytes,
  ]);
  const footer = struct([[3, values], [4, { list: [[[1, { list: [[[3, [[3, { list: ['v'] }], [5, values], [7, chunk.length], [9, 4]]]]] }]]] }]]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), Buffer.from(chunk), Buffer.from(footer), length, Buffer.from('PAR1')]);
}

const page = (content: string, values = 3): Page => ({ bytes: Buffer.from(content), crc: crc32(Buffer.from(content)) | 0, values });

async function walk(bytes: Buffer): Promise<{ faults: readonly string[]; checked: number; pages: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'sl-'));
  try {
    writeFileSync(join(folder, 'f.parquet'), bytes);
    return await walkPages(systemDisk, join(folder, 'f.parquet'), bytes.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('[issue 14 6] pages with and without a checksum', async () => {
  const found = await walk(fileOf([page('first'), page('second'), { ...page('third'), crc: null }]));
  assert.deepEqual({ ...found }, { rows: 9n, faults: [], checked: 2, pages: 3 });
});

test('[issue 14 6] every bit of a page with a checksum is held by it', async () => {
  const whole = fileOf([page('first'), page('second')]);
  const start = whole.indexOf('second');
  for (let bit = 0; bit < 8 * 'second'.length; bit += 1) {
    const flipped = Buffer.from(whole);
    flipped[start + (bit >> 3)]! ^= 1 << (bit & 7);
    assert.deepEqual((await walk(flipped)).faults, ['row group 0, column v: the checksum of page 1 is wrong']);
  }
});

test('[issue 14 6] pages that hold other than the footer says', async () => {
  assert.deepEqual((await walk(fileOf([page('first')], 4))).faults, ['row group 0, column v: its pages hold 3 values, and the footer says 4']);
  const longer = fileOf([page('first')]);
  longer[longer.indexOf('first') - 12] = 0x7e;
  assert.equal((await walk(longer)).faults.length, 1);
  await assert.rejects(walk(Buffer.from('PAR1PAR1')), /too short/);
  await assert.rejects(walk(Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(20), Buffer.from('PAR2')])), /does not begin and end/);
});

test('[issue 14 6] no byte of a file that is wrong ends the walk otherwise than by a sentence', async () => {
  const whole = fileOf([page('first'), page('second')]);
  for (let at = 0; at < whole.length; at += 1) {
    for (const value of [0, 0x7f, 0xff]) {
      const changed = Buffer.from(whole);
      changed[at] = value;
      await walk(changed).catch((error: Error) => assert.ok(error.message.length > 5 && error.name === 'Error', `${at} ${value}: ${error.stack}`));
    }
  }
});
