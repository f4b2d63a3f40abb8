// A growing list of bytes: a struct of its address, the bytes used and its room (u32 each), in static memory.
import { allocate, blockBytes, release } from './arena';

const USED: usize = 4;
const CAPACITY: usize = 8;
/** Bytes of the struct. */
export const LIST_BYTES: i32 = 16;

/** Address of the list's first byte, until it grows; 0 while it had none. */
@inline
export function listAt(list: usize): usize {
  return load<u32>(list);
}

/** Bytes in the list. */
@inline
export function listUsed(list: usize): u32 {
  return load<u32>(list, USED);
}

/** Keeps the first `bytes` bytes. */
@inline
export function cutList(list: usize, bytes: u32): void {
  store<u32>(list, bytes, USED);
}

/** Adds `bytes` bytes, not cleared, at the end; returns their address until the next call. */
export function extendList(list: usize, bytes: u32): usize {
  const used = listUsed(list);
  const capacity = load<u32>(list, CAPACITY);
  if (used + bytes > capacity) {
    const larger = allocate(used + bytes);
    memory.copy(larger, listAt(list), used);
    if (capacity != 0) release(listAt(list), capacity);
    store<u32>(list, <u32>larger);
    store<u32>(list, <u32>blockBytes(used + bytes), CAPACITY);
  }
  store<u32>(list, used + bytes, USED);
  return listAt(list) + used;
}
