// Memory of our own above the static data: blocks of a power of two with a free list per size, over memory that is
// grown in large steps. There are no headers: who frees a block says its size. Large blocks that are free side by side are
// joined, and split when a smaller one is wanted: arrays that double leave the next ones room. When 4 GiB are used up,
// allocate traps.

/** Blocks are at least 64 bytes and aligned to 64. */
const SHIFT_MIN: u32 = 6;
const SHIFT_MAX: u32 = 31;
const BLOCK_BYTES_MAX: usize = (<usize>1) << SHIFT_MAX;
/** Blocks of 256 KiB and more are large. */
const SHIFT_LARGE: u32 = 18;
/** Free blocks of its size that are looked at for a neighbour of one that is freed, at most: each may be a cache miss. */
const LOOKS_MAX: u32 = 64;
const GROWTH_BYTES_MIN: u64 = 16 << 20;
const WASM_PAGE_SHIFT: u64 = 16;
const MEMORY_BYTES_MAX: u64 = 1 << 32;
/** Readable bytes that always stand after the last block, so that wide loads need no end check. */
const MARGIN_BYTES: u64 = 64;

/** Head of the free list of each size, by shift; a free block holds the address of the next. */
const heads: usize = memory.data(4 * 32, 8);
/** Where memory that was never given out begins, where the linear memory ends (its margin apart), and the highest nextAt ever. */
let nextAt: u64 = 0;
let endAt: u64 = 0;
let usedTo: u64 = 0;

/** Bytes of memory that were ever in use: the system keeps them for as long as the instance lives. */
export function memoryUsed(): u32 {
  return <u32>min<u64>(usedTo, u32.MAX_VALUE);
}

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
    endAt = ((<u64>memory.size()) << WASM_PAGE_SHIFT) - MARGIN_BYTES;
  }
  if (nextAt + bytes > endAt) {
    const has = (<u64>memory.size()) << WASM_PAGE_SHIFT;
    const needed = nextAt + bytes + MARGIN_BYTES - has;
    const wanted = min(max(max(needed, GROWTH_BYTES_MIN), has / 2), MEMORY_BYTES_MAX - has);
    if (wanted < needed || !growBy(wanted)) {
      if (!growBy(needed)) unreachable();
    }
    endAt = ((<u64>memory.size()) << WASM_PAGE_SHIFT) - MARGIN_BYTES;
  }
  const at = <usize>nextAt;
  nextAt += bytes;
  if (nextAt > usedTo) usedTo = nextAt;
  return at;
}

function growBy(bytes: u64): bool {
  return memory.grow(<i32>((bytes + 0xFFFF) >> WASM_PAGE_SHIFT)) >= 0;
}

/** Takes a free block of a size off its list; 0 when there is none. */
function pop(shift: u32): usize {
  const head = heads + ((<usize>shift) << 2);
  const at = <usize>load<u32>(head);
  if (at != 0) store<u32>(head, load<u32>(at));
  return at;
}

function push(at: usize, shift: u32): void {
  const head = heads + ((<usize>shift) << 2);
  store<u32>(at, load<u32>(head));
  store<u32>(head, <u32>at);
}

/** Takes a free block of a size that stands beside the one at `at` off its list; 0 when none was seen. */
function popNeighbour(at: usize, shift: u32): usize {
  const bytes = (<usize>1) << shift;
  let link = heads + ((<usize>shift) << 2);
  for (let looks: u32 = 0; looks < LOOKS_MAX; looks++) {
    const free = <usize>load<u32>(link);
    if (free == 0) return 0;
    if ((free < at ? at - free : free - at) == bytes) {
      store<u32>(link, load<u32>(free));
      return free;
    }
    link = free;
  }
  return 0;
}

/** A large block out of the smallest larger one that is free, or of memory that was never used. */
function split(shift: u32): usize {
  for (let larger = shift + 1; larger <= SHIFT_MAX; larger++) {
    const at = pop(larger);
    if (at == 0) continue;
    while (larger > shift) {
      larger--;
      push(at + ((<usize>1) << larger), larger);
    }
    return at;
  }
  return extend((<u64>1) << shift);
}

/**
 * A block of at least `bytes` bytes, aligned to 64, with any content.
 * Traps when memory is used up: the instance is lost then, and its owner starts another.
 */
export function allocate(bytes: usize): usize {
  const shift = shiftOf(bytes);
  const at = pop(shift);
  if (at != 0) return at;
  return shift < SHIFT_LARGE ? extend((<u64>1) << shift) : split(shift);
}

/** Gives a block back. `bytes` is what allocate was asked for (any size that takes the same block will do). */
export function release(at: usize, bytes: usize): void {
  let shift = shiftOf(bytes);
  if (shift >= SHIFT_LARGE) {
    for (; shift < SHIFT_MAX; shift++) {
      const neighbour = popNeighbour(at, shift);
      if (neighbour == 0) break;
      at = min(at, neighbour);
    }
    if (<u64>at + ((<u64>1) << shift) == nextAt) {
      nextAt = at;
      return;
    }
  }
  push(at, shift);
}
