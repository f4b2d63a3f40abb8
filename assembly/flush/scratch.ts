// Memory of the flush in progress: blocks out of the arena, listed so that an end or a failure frees them all. The list
// stands apart because a header in a block would double one whose size is a power of two.
import { allocate, blockBytes, release } from '../base/arena';

/** An entry of the list: address and size, u32 each. */
const ENTRY_BYTES: usize = 8;
const ENTRY_SIZE: usize = 4;
/** The list: its address (0: none), its room in bytes, and where its next entry goes. */
let list: usize = 0;
let listBytes: usize = 0;
let listEnd: usize = 0;
/** Bytes of the blocks, the list apart. */
let blocksBytes: usize = 0;

/** Bytes that the flush in progress holds; 0 when there is none. */
export function flushBytes(): usize {
  return blocksBytes + listBytes;
}

/** A block of `bytes`, not cleared. */
export function takeScratch(bytes: usize): usize {
  if (listEnd == list + listBytes) growList();
  const block = allocate(bytes);
  store<u32>(listEnd, <u32>block);
  store<u32>(listEnd, <u32>blockBytes(bytes), ENTRY_SIZE);
  blocksBytes += blockBytes(bytes);
  listEnd += ENTRY_BYTES;
  return block;
}

function growList(): void {
  const used = listBytes;
  const before = list;
  listBytes = max(used << 1, 512);
  list = allocate(listBytes);
  listEnd = list + used;
  if (before == 0) return;
  memory.copy(list, before, used);
  release(before, used);
}

/** Frees one block that `takeScratch` gave. */
export function giveScratch(block: usize): void {
  const entry = entryOfBlock(block);
  release(block, load<u32>(entry, ENTRY_SIZE));
  blocksBytes -= load<u32>(entry, ENTRY_SIZE);
  listEnd -= ENTRY_BYTES;
  store<u64>(entry, load<u64>(listEnd));
}

/** Frees all blocks. */
export function giveAllScratch(): void {
  while (listEnd > list) giveScratch(load<u32>(listEnd - ENTRY_BYTES));
  if (list != 0) release(list, listBytes);
  list = listEnd = 0;
  listBytes = 0;
}

/** The block (0: none yet), or a larger one in its place that begins with its first `kept` bytes. */
export function widen(block: usize, kept: usize, bytes: usize): usize {
  if (block == 0) return takeScratch(bytes);
  // Blocks that are widened are taken early in a flush.
  let entry = list;
  while (<usize>load<u32>(entry) != block) entry += ENTRY_BYTES;
  if (<usize>load<u32>(entry, ENTRY_SIZE) >= bytes) return block;
  const larger = takeScratch(bytes);
  memory.copy(larger, block, kept);
  giveScratch(block);
  return larger;
}

/** Looks from the end: what was taken last is mostly given first. */
function entryOfBlock(block: usize): usize {
  let entry = listEnd - ENTRY_BYTES;
  while (<usize>load<u32>(entry) != block) entry -= ENTRY_BYTES;
  return entry;
}
