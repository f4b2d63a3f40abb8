// The input buffer: where a body stands while it is parsed, and where inflate puts what it unpacks.
import { INPUT_PADDING } from '../layout/codes';
import { allocate, blockBytes, release } from '../base/arena';

/** Address of the buffer (0: none yet), and bytes it has room for, padding included. */
export let inputAt: usize = 0;
let inputCapacity: usize = 0;

/** Where a body of `bytes` bytes is to be put before parse; the same memory every time while it is large enough. */
export function input(bytes: u32): usize {
  const needed = <usize>bytes + INPUT_PADDING;
  if (needed > inputCapacity) {
    if (inputAt != 0) release(inputAt, inputCapacity);
    inputCapacity = blockBytes(needed);
    inputAt = allocate(inputCapacity);
  }
  return inputAt;
}

/** The same, with the first `kept` bytes of what stands there. */
export function growInput(bytes: u32, kept: u32): usize {
  const before = inputAt;
  const capacity = inputCapacity;
  if (<usize>bytes + INPUT_PADDING <= capacity) return before;
  inputAt = 0;
  const after = input(bytes);
  memory.copy(after, before, kept);
  if (before != 0) release(before, capacity);
  return after;
}
