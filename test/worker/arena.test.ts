/** Blocks of linear memory: never two at one place, and large free ones that stand side by side are used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzCount, Random, seedOfRun } from '../fuzz/random.js';
import { encoderModule } from './encoder-module.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const STEPS = fuzzCount(2500);
const HELD_BYTES_MAX = 192 * MiB;

interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly mark: number;
}

const roomOf = (bytes: number): number => Math.max(64, 2 ** Math.ceil(Math.log2(bytes)));

test('blocks of every size, taken and given back in any order, never overlap', () => {
  const seed = seedOfRun();
  console.log(`arena: SEED=${seed}`);
  const random = new Random(seed);
  const { exports, memory } = encoderModule();
  const blocks: Block[] = [];
  let held = 0;
  /** Marks stand in the first and last word of each 64 KiB of a block. */
  const words = (block: Block, visit: (words: Uint32Array, index: number) => void): void => {
    const view = new Uint32Array(memory.buffer, block.at, roomOf(block.bytes) / 4);
    for (let index = 0; index < view.length; index += 16 * KiB) visit(view, index);
    visit(view, view.length - 1);
  };
  for (let step = 1; step <= STEPS; step += 1) {
    const bytes = 1 + random.below(2 ** random.below(25));
    if (held + roomOf(bytes) > HELD_BYTES_MAX || (blocks.length > 0 && random.below(100) < 45)) {
      const [block] = blocks.splice(random.below(blocks.length), 1);
      words(block!, (view, index) => assert.equal(view[index], block!.mark, `step ${step}`));
      held -= roomOf(block!.bytes);
      exports.release(block!.at, block!.bytes);
    } else {
      const block = { at: exports.allocate(bytes) >>> 0, bytes, mark: step };
      assert.equal(block.at % 64, 0);
      words(block, (view, index) => (view[index] = step));
      held += roomOf(bytes);
      blocks.push(block);
    }
  }
  for (const block of blocks) words(block, (view, index) => assert.equal(view[index], block.mark));
  assert.ok(exports.memoryUsed() >>> 0 < 3 * HELD_BYTES_MAX, `${exports.memoryUsed() >>> 0} bytes`);
});

test('a dozen arrays that double again and again take little more than they hold', () => {
  const { exports } = encoderModule();
  const arrays = Array.from({ length: 12 }, () => ({ at: exports.allocate(64 * KiB) >>> 0, bytes: 64 * KiB }));
  while (arrays[0]!.bytes < 16 * MiB) {
    for (const array of arrays) {
      const { at, bytes } = array;
      array.at = exports.allocate(2 * bytes) >>> 0;
      array.bytes = 2 * bytes;
      exports.release(at, bytes);
    }
  }
  const held = arrays.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(exports.memoryUsed() >>> 0 < 1.4 * held, `${(exports.memoryUsed() >>> 0) / held} times what is held`);
  for (const { at, bytes } of arrays) exports.release(at, bytes);
  const used = exports.memoryUsed() >>> 0;
  exports.allocate(64 * MiB);
  assert.equal(exports.memoryUsed() >>> 0, used, 'what was given back serves a block that is larger than all of them');
});
