import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemDisk } from '../../src/disk.js';
import { longestLine } from '../../src/query/longest-line.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-lines-'));
after(() => rmSync(folder, { recursive: true }));

const MIB = 1 << 20;
let files = 0;

/** A file of lines with so many bytes each, newlines included, and an end without one. */
function file(lines: readonly number[], end = 0): string {
  const path = join(folder, `${files += 1}`);
  writeFileSync(path, lines.map((bytes) => `${'x'.repeat(bytes - 1)}\n`).join('') + 'x'.repeat(end));
  return path;
}

test('the longest line of some files, wherever it begins and ends', async () => {
  const cases: [paths: string[], bytes: number][] = [
    [[], 0], [[file([])], 0], [[file([1])], 1], [[file([3, 7, 5])], 7], [[file([3], 9)], 9], [[file([4]), file([6]), file([5])], 6],
    [[file([MIB])], MIB], [[file([MIB - 1, 2, 1])], MIB - 1], [[file([MIB - 2, 4, 1])], MIB - 2], [[file([5, 3 * MIB, 5])], 3 * MIB],
    [[file([9, MIB - 9, 10])], MIB - 9], [[file([MIB + 1], MIB + 2)], MIB + 2],
  ];
  for (const [paths, bytes] of cases) assert.equal(await longestLine(systemDisk, paths), bytes);
  await assert.rejects(longestLine(systemDisk, [join(folder, 'none')]), /none/);
});
