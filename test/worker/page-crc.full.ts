/** pyarrow verifies the checksums of pages, and sees a byte that was changed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pythonWithDeltalake } from '../foreign/python/program.js';
import { Random } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';
import { addBody, COLUMNS, flush } from './flush-case.js';
import { HandMadeTable } from './hand-made-table.js';

const PROGRAM = `
import sys, pyarrow.parquet
print(pyarrow.parquet.read_table(sys.argv[1], page_checksum_verification=True).num_rows)
`;

test('[issue 14 2] pyarrow verifies the checksums of pages', async (t) => {
  const found = pythonWithDeltalake();
  if ('missing' in found) return t.skip(found.missing);
  const memtable = new HandMadeTable(encoderModule(), COLUMNS);
  const spans = [addBody(memtable, new Random(32), 2000, 1)];
  memtable.layOut();
  const { file, flushed } = await flush(memtable, spans);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-crc-'));
  try {
    const read = (bytes: Buffer): ReturnType<typeof spawnSync> => {
      const path = join(folder, 'file.parquet');
      writeFileSync(path, bytes);
      return spawnSync(found.python, ['-c', PROGRAM, path], { encoding: 'utf8', timeout: 60_000 });
    };
    const whole = read(file);
    assert.equal(String(whole.stdout).trim(), String(flushed.rows), String(whole.stderr));
    const damaged = Buffer.from(file);
    damaged[60]! ^= 1;
    const broken = read(damaged);
    assert.notEqual(broken.status, 0);
    assert.match(String(broken.stderr), /could not verify page integrity|CRC/i);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
