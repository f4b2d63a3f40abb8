/** What befalls one file of a data folder. Pure until it is inflicted. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../fuzz/random.js';

/** One file and what becomes of it. */
export interface Damage {
  /** Below the data folder. */
  readonly path: string;
  /** null: there was none. */
  readonly before: Buffer | null;
  /** null: it is deleted. */
  readonly after: Buffer | null;
  /** The bytes that are no longer as they were; `to` is the end of the file as it was where something is appended. */
  readonly hit: { readonly from: number; readonly to: number };
  readonly says: string;
}

/** How a file is hit at an offset. */
export type Blow = (bytes: Buffer, at: number, random: Random) => Pick<Damage, 'after' | 'hit'>;

const STRETCH_BYTES_MAX = 256;

function overwritten(bytes: Buffer, from: number, stretch: Uint8Array): Pick<Damage, 'after' | 'hit'> {
  const after = Buffer.from(bytes);
  after.set(stretch, from);
  return { after, hit: { from, to: from + stretch.length } };
}

function garbageBytes(length: number, random: Random): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function stretchLength(bytes: Buffer, at: number, random: Random): number {
  return Math.min(1 + random.below(STRETCH_BYTES_MAX), bytes.length - at);
}

/** A flip of one bit of the byte at the offset. */
export function flipOf(bit: number): Blow {
  return (bytes, at) => overwritten(bytes, at, Uint8Array.of(bytes[at]! ^ (1 << bit)));
}

export const BLOWS = {
  flip: (bytes, at, random) => flipOf(random.below(8))(bytes, at, random),
  cut: (bytes, at) => ({ after: bytes.subarray(0, at), hit: { from: at, to: bytes.length } }),
  empty: (bytes) => ({ after: Buffer.alloc(0), hit: { from: 0, to: bytes.length } }),
  zero: (bytes, at, random) => {
    let length = stretchLength(bytes, at, random);
    // Zeros over zeros are no damage.
    while (at + length < bytes.length && bytes.subarray(at, at + length).every((byte) => byte === 0)) length += 1;
    return overwritten(bytes, at, new Uint8Array(length));
  },
  garbage: (bytes, at, random) => overwritten(bytes, at, garbageBytes(stretchLength(bytes, at, random), random)),
  append: (bytes, _at, random) => ({
    after: Buffer.concat([bytes, garbageBytes(1 + random.below(STRETCH_BYTES_MAX), random)]),
    hit: { from: bytes.length, to: bytes.length },
  }),
  delete: (bytes) => ({ after: null, hit: { from: 0, to: bytes.length } }),
} as const satisfies Record<string, Blow>;

export type BlowName = keyof typeof BLOWS;

/** A file that was there, hit. */
export function damaged(path: string, before: Buffer, at: number, how: string, blow: Blow, random: Random): Damage {
  const { after, hit } = blow(before, at, random);
  return { path, before, after, hit, says: `${how} at ${hit.from} of ${before.length}` };
}

/** A file that nobody of ours wrote: empty, or of garbage. */
export function stray(path: string, isEmpty: boolean, random: Random): Damage {
  const after = isEmpty ? Buffer.alloc(0) : garbageBytes(1 + random.below(STRETCH_BYTES_MAX), random);
  return { path, before: null, after, hit: { from: 0, to: 0 }, says: isEmpty ? 'an empty stray file' : 'a stray file of garbage' };
}

/** What leaves a folder as it is. */
export const NO_DAMAGE: Damage = { path: 'nothing', before: null, after: null, hit: { from: 0, to: 0 }, says: 'nothing' };

/** Does it to a data folder. What stands in the way, as a socket does, goes. */
export function inflict(dataDir: string, { path, after }: Damage): void {
  const target = join(dataDir, path);
  rmSync(target, { force: true });
  if (after === null) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, after, { mode: 0o600 });
}
