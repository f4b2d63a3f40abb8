// Where inflate stands: the bit buffer over the packed bytes, and the end of what is unpacked.
// Bits come lowest first (RFC 1951, section 3.1.1). `bits` may hold more than `left` true bits; those above are the same
// that will be put there again.

/** Bytes that are read and written beyond an end without a look: packed bytes have as many readable zeros behind them. */
export const SLACK_BYTES: usize = 64;
/** Room behind `outStop`: a literal or the longest match, copied in wide steps. */
export const OUT_MARGIN_BYTES: u32 = 384;

/** The next bits of the stream, lowest first. */
export let bits: u64 = 0;
/** Number of bits in the buffer. */
export let left: u64 = 0;
/** The next packed byte that is not in the buffer. */
export let at: usize = 0;
/** End of the packed bytes. */
export let end: usize = 0;
/** The first byte of this stream's output: nothing before it may be referred to. */
export let outStart: usize = 0;
/** The next byte to write. */
export let out: usize = 0;
/** No symbol is begun beyond it. */
export let outStop: usize = 0;

/** Begins a stream in the packed bytes [from, to). */
export function beginInput(from: usize, to: usize): void {
  bits = 0;
  left = 0;
  at = from;
  end = to;
}

/** Goes on with another buffer, number of bits in it, and next packed byte. */
export function setInput(bitsNow: u64, leftNow: u64, atNow: usize): void {
  bits = bitsNow;
  left = leftNow;
  at = atNow;
}

/** States the next byte to write. */
export function setOut(outNow: usize): void {
  out = outNow;
}

/** Where the output stands; it may have moved. */
export function setOutput(start: usize, next: usize, stop: usize): void {
  outStart = start;
  out = next;
  outStop = stop;
}

/** Fills the buffer to 56 bits or more. */
@inline
export function refill(): void {
  bits |= load<u64>(at) << left;
  at += <usize>((left ^ 63) >> 3);
  left |= 56;
}

/** The next `count` bits, at most 16; there must be as many in the buffer. */
@inline
export function readBits(count: u32): u32 {
  const value = <u32>bits & ((1 << count) - 1);
  bits >>= count;
  left -= count;
  return value;
}

/** Gives the buffer's whole bytes back and drops the bits before them: `at` is the next byte. */
export function alignInput(): void {
  at -= <usize>(left >> 3);
  bits = 0;
  left = 0;
}

/** Whether more was read than there is. */
export function isBeyondEnd(): bool {
  return at - <usize>(left >> 3) > end;
}
