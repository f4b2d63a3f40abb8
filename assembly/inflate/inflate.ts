// Unpacks deflate streams (RFC 1951) into the input of the parser. The packed bytes stand in a block of their own.
import { INFLATE_CORRUPT, INFLATE_TRUNCATED, INFLATE_ENDED, INFLATE_TOO_LARGE } from '../layout/inflate';
import { allocate, blockBytes, release } from '../base/arena';
import { growInput } from '../parse/input';
import { BLOCK_CORRUPT, BLOCK_CUT, BLOCK_ENDED, decodeBlock } from './block';
import { enlargeTables, readCodes, tableBits, useFixedCodes } from './block-head';
import {
  alignInput, at, beginInput, end, isBeyondEnd, out, OUT_MARGIN_BYTES, outStart, refill, setInput, setOut, setOutput, SLACK_BYTES,
  readBits,
} from './bit-buffer';

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DESCRIBED: u32 = 2;
/** Packed bytes of a stream below which large tables do not pay. */
const SHORT_BYTES: usize = 2048;
/**
 * Packed bytes of a block below which they do not pay either. How long a block is shows at its end: one behind a short one
 * gets small tables, and large ones once it is so long.
 */
const SHORT_BLOCK_BYTES: usize = 1024;
/** Room grows by this when the guess was too small: WASM memory never shrinks, so in few steps. */
const GROWTH: u64 = 4;

/** The block of the packed bytes (0: none yet), and its bytes. */
let packedAt: usize = 0;
let packedCapacity: usize = 0;
/** Address of the parser's input, and the bytes that may be written there before it grows. */
let base: usize = 0;
let room: u32 = 0;
/** The block before was long, be it of another stream: the next will be. */
let wasLong: bool = true;

/** Where `bytes` packed bytes are to be put; the same memory every time while it is large enough. */
export function packed(bytes: u32): usize {
  const needed = <usize>bytes + SLACK_BYTES;
  if (needed > packedCapacity) {
    if (packedAt != 0) release(packedAt, packedCapacity);
    packedCapacity = blockBytes(needed);
    packedAt = allocate(packedCapacity);
  }
  memory.fill(packedAt + bytes, 0, SLACK_BYTES);
  return packedAt;
}

/**
 * Unpacks one stream that starts `from` bytes into the `bytes` packed ones, behind `outBytes` bytes of the parser's input.
 * @param guess room to begin with: how much the input will probably hold
 * @param bytesMax the most bytes that the input may hold then
 * @returns INFLATE_*; see inflatedTo and inflatedBytes
 */
export function inflate(from: u32, bytes: u32, outBytes: u32, guess: u32, bytesMax: u32): u32 {
  beginInput(packedAt + from, packedAt + bytes);
  makeRoom(max(min(guess, bytesMax), outBytes), outBytes);
  setOutput(base + outBytes, base + outBytes, base + room);
  let isLast = false;
  while (!isLast) {
    refill();
    isLast = readBits(1) != 0;
    const status = inflateBlock(readBits(2), bytesMax);
    if (status != INFLATE_ENDED) return status;
  }
  alignInput();
  if (at > end) return INFLATE_TRUNCATED;
  return <u32>(out - base) > bytesMax ? INFLATE_TOO_LARGE : INFLATE_ENDED;
}

/** Packed bytes that the stream unpacked last ends behind. */
export function inflatedTo(): u32 {
  return <u32>(at - packedAt);
}

/** Bytes that the parser's input holds. */
export function inflatedBytes(): u32 {
  return <u32>(out - base);
}

function inflateBlock(type: u32, bytesMax: u32): u32 {
  if (type == STORED) return copyStored(bytesMax);
  const start = at;
  const mayBeLong = end > start && end - start >= SHORT_BYTES;
  const isLarge = mayBeLong && wasLong;
  if (type == FIXED) useFixedCodes(isLarge);
  else if (type != DESCRIBED || !readCodes(isLarge)) return isBeyondEnd() ? INFLATE_TRUNCATED : INFLATE_CORRUPT;
  let isWhole = isLarge || !mayBeLong;
  while (true) {
    const status = decodeBlock(tableBits, isWhole ? end : start + SHORT_BLOCK_BYTES);
    if (status == BLOCK_ENDED) {
      if (mayBeLong) wasLong = at - start >= SHORT_BLOCK_BYTES;
      return INFLATE_ENDED;
    }
    if (status == BLOCK_CORRUPT) return isBeyondEnd() ? INFLATE_TRUNCATED : INFLATE_CORRUPT;
    if (status == BLOCK_CUT) {
      if (isWhole) return INFLATE_TRUNCATED;
      isWhole = true;
      enlargeTables();
    } else if (!grow(0, bytesMax)) return isBeyondEnd() ? INFLATE_TRUNCATED : INFLATE_TOO_LARGE;
  }
}

/** A block of bytes as they are (section 3.2.4). */
function copyStored(bytesMax: u32): u32 {
  alignInput();
  if (at > end || end - at < 4) return INFLATE_TRUNCATED;
  const bytes = <u32>load<u16>(at);
  if (bytes != (<u32>load<u16>(at, 2) ^ 0xffff)) return INFLATE_CORRUPT;
  setInput(0, 0, at + 4);
  if (end - at < <usize>bytes) return INFLATE_TRUNCATED;
  if (<u64>(out - base) + bytes > room && !grow(bytes, bytesMax)) return INFLATE_TOO_LARGE;
  memory.copy(out, at, bytes);
  setOut(out + bytes);
  setInput(0, 0, at + bytes);
  return INFLATE_ENDED;
}

/** Makes room for `bytes` more bytes; false when the input would hold more than `bytesMax`. */
function grow(bytes: u32, bytesMax: u32): bool {
  const has = <u32>(out - base);
  if (has > bytesMax || bytesMax - has < bytes) return false;
  const started = outStart - base;
  makeRoom(<u32>min<u64>(bytesMax, max<u64>(<u64>room * GROWTH, <u64>has + bytes)), has);
  setOutput(base + started, base + has, base + room);
  return true;
}

function makeRoom(bytes: u32, kept: u32): void {
  room = bytes;
  base = growInput(bytes + OUT_MARGIN_BYTES, kept);
}
