// Memory of our own above the static data: blocks of a power of two with a free list per size, over memory that is
// grown in large steps. There are no headers: who frees a block says its size. When 4 GiB are used up, allocate traps.

/** Blocks are at least 64 bytes and aligned to 64. */
const SHIFT_MIN: u32 = 6;
const BLOCK_BYTES_MAX: usize = 1 << 31;
const GROWTH_BYTES_MIN: u64 = 16 << 20;
const PAGE_SHIFT: u64 = 16;
const MEMORY_BYTES_MAX: u64 = 1 << 32;
/** Readable bytes that always stand after the last block, so that wide loads need no end check. */
const MARGIN_BYTES: u64 = 64;

/** Head of the free list of each size, by shift; a free block holds the address of the next. */
const heads: usize = memory.data(4 * 32, 8);
let nextAt: u64 = 0;
let endAt: u64 = 0;

function shiftOf(bytes: usize): u32 {
  if (bytes > BLOCK_BYTES_MAX) unreachable();
  const shift: u32 = bytes <= 1 ? 0 : 32 - clz<u32>(<u32>bytes - 1);
  return max(shift, SHIFT_MIN);
}

/** Bytes that a block for `bytes` bytes takes. */
export function blockBytes(bytes: usize): usize {
  return (<usize>1) << shiftOf(bytes);
}

/** Takes `bytes` more at the end of memory. */
function extend(bytes: u64): usize {
  if (nextAt == 0) {
    nextAt = (<u64>__heap_base + 63) & ~63;
    endAt = ((<u64>memory.size()) << PAGE_SHIFT) - MARGIN_BYTES;
  }
  if (nextAt + bytes > endAt) {
    const has = (<u64>memory.size()) << PAGE_SHIFT;
    const needed = nextAt + bytes + MARGIN_BYTES - has;
    const wanted = min(max(max(needed, GROWTH_BYTES_MIN), has / 2), MEMORY_BYTES_MAX - has);
    if (wanted < needed || !growBy(wanted)) {
      if (!growBy(needed)) unreachable();
    }
    endAt = ((<u64>memory.size()) << PAGE_SHIFT) - MARGIN_BYTES;
  }
  const at = <usize>nextAt;
  nextAt += bytes;
  return at;
}

function growBy(bytes: u64): bool {
  return memory.grow(<i32>((bytes + 0xFFFF) >> PAGE_SHIFT)) >= 0;
}

/**
 * A block of at least `bytes` bytes, aligned to 64, with any content.
 * Traps when memory is used up: the instance is lost then, and its owner starts another.
 */
export function allocate(bytes: usize): usize {
  const shift = shiftOf(bytes);
  const head = heads + ((<usize>shift) << 2);
  const at = <usize>load<u32>(head);
  if (at == 0) return extend((<u64>1) << shift);
  store<u32>(head, load<u32>(at));
  return at;
}

/** Gives a block back. `bytes` is what allocate was asked for (any size that takes the same block will do). */
export function release(at: usize, bytes: usize): void {
  const head = heads + ((<usize>shiftOf(bytes)) << 2);
  store<u32>(at, load<u32>(head));
  store<u32>(head, <u32>at);
}
