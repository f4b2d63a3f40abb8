// The memory of memtables, counted: what the server's memory budget is held against.
import { allocate, blockBytes, release } from '../base/arena';

/** Bytes of blocks that were taken and not given back. */
let inUse: usize = 0;

/** Bytes of blocks that memtables hold. */
export function memtableBytes(): usize {
  return inUse;
}

/** See setMemtableBytesMax. */
let bytesMax: usize = usize.MAX_VALUE;

/** How much memtables may hold while a body is parsed. */
export function setMemtableBytesMax(bytes: u32): void {
  bytesMax = bytes;
}

/** Whether they hold more, or would with so many bytes besides. */
@inline
export function isOverRoom(bytes: u64): bool {
  return <u64>inUse + bytes > <u64>bytesMax;
}

/** A block of at least `bytes` bytes, not cleared, counted as memory of memtables until `give`. */
export function take(bytes: usize): usize {
  inUse += blockBytes(bytes);
  return allocate(bytes);
}

/** Gives a block of `take` back; nothing when there is none (`at` 0). */
export function give(at: usize, bytes: usize): void {
  if (at == 0) return;
  inUse -= blockBytes(bytes);
  release(at, bytes);
}

/** Moves the first `used` bytes of a block into one of `bytes`. */
export function regrow(at: usize, bytesBefore: usize, used: usize, bytes: usize): usize {
  const to = take(bytes);
  if (at != 0) {
    memory.copy(to, at, used);
    give(at, bytesBefore);
  }
  return to;
}

const ROOM_MIN: u32 = 16;
const ROOM_SMALL: u32 = 4096;

/** How many values to make room for when `count` are needed: powers of four while they are few, of two later. */
export function roomFor(count: u32): u32 {
  const shift: u32 = count <= ROOM_MIN ? 4 : 32 - clz<u32>(count - 1);
  return (<u32>1) << (count <= ROOM_SMALL ? (shift + 1) & ~1 : shift);
}
