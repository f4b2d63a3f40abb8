/** Both unpackers give what gunzip gives: any members, any cut, any cap. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InflateError, loadZlibSync, zlibInflate, type Inflate } from '../../src/worker/inflate.js';
import { Random } from './random.js';

const ROUNDS = 60;
const CUTS = 8;

function load(): Inflate | null {
  try {
    createRequire(import.meta.url).resolve('zlib-sync');
  } catch {
    return null;
  }
  return loadZlibSync();
}

/** Empty, tiny, of zeros, or up to 100 KB that pack badly. */
function memberText(random: Random): Buffer {
  const bytes = random.pick([0, 0, 1, 7, 300, 20_000, 100_000]);
  return random.pick([true, false]) ? Buffer.alloc(bytes) : Buffer.from(Array.from({ length: bytes }, () => random.below(256)));
}

function problemOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    if (error instanceof InflateError) return error.problem;
    throw error;
  }
}

const makers = { 'node:zlib': zlibInflate, 'zlib-sync': load() };
for (const [name, inflate] of Object.entries(makers)) {
  test(`${name}: every member counts, and a cut or too large body is refused`, { skip: inflate === null ? `${name} is not installed` : false }, () => {
    const random = new Random(7);
    for (let round = 0; round < ROUNDS; round += 1) {
      const texts = Array.from({ length: 1 + random.below(4) }, () => memberText(random));
      const members = texts.map((text) => gzipSync(text, { level: random.below(10) }));
      const packed = Buffer.concat(members), whole = Buffer.concat(texts);
      assert.ok(whole.equals(inflate!(packed, Math.max(whole.length, 1))), `round ${round}: ${texts.map(({ length }) => length).join(' + ')} bytes`);
      if (whole.length > 1) assert.equal(problemOf(() => inflate!(packed, whole.length - 1)), 'body-too-large', `round ${round}`);
      const last = members.at(-1)!.length;
      for (let i = 0; i < CUTS; i += 1) {
        const missing = 1 + random.below(last - 2);
        assert.equal(problemOf(() => inflate!(packed.subarray(0, packed.length - missing), whole.length + 1)), 'gzip', `round ${round}, ${missing} bytes cut off`);
      }
    }
  });
}
