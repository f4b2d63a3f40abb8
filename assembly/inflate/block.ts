// The symbols of a block: literals and matches (RFC 1951, section 3.2.5). One refill of the bit buffer (56 bits) is enough
// for all codes of a step: of literals alone 10 bits, of more and a length 20 (15 after literals), of a distance 28.
import { ENTRY_END, ENTRY_EXCEPTION, ENTRY_LITERAL, ENTRY_POINTER, LITERALS_COUNT_SHIFT, LITERALS_SHIFT } from './table-entry';
import { copy16 } from '../base/simd-bytes';
import { at, bits, left, out, outStart, outStop, setInput, setOut } from './bit-buffer';
import { combinedTable, DISTANCE_BITS, distanceTable, literalTable } from './decoding-tables';

export const BLOCK_ENDED: u32 = 0;
export const BLOCK_CORRUPT: u32 = 1;
/** The packed bytes that it may read were used up. */
export const BLOCK_CUT: u32 = 2;
/** The output must grow; the block goes on where it stopped. */
export const BLOCK_FULL: u32 = 3;

/** Bytes that a refill may run ahead of what is used. */
const AHEAD_BYTES: usize = 8;
const WIDTH: usize = 16;
const REFILLED_BITS: u64 = 56;

/**
 * Unpacks symbols up to the end of the block. One function, since its state must stay in registers; each step looks the
 * next one up before it copies its match. @param tableBits of the combined table @param inEnd packed bytes end there for it, but for a few
 */
export function decodeBlock(tableBits: u32, inEnd: usize): u32 {
  const mask: u64 = (<u64>1 << tableBits) - 1;
  const inStop = inEnd + AHEAD_BYTES;
  const start = outStart;
  const stop = outStop;
  let buffer = bits;
  /** Its low six bits count. */
  let count = left;
  let next = at;
  let to = out;
  let status = BLOCK_CORRUPT;
  buffer = refilled(buffer, next, count);
  next = afterRefill(next, count);
  count |= REFILLED_BITS;
  let entry = lookUp(buffer, mask);
  while (true) {
    if (to > stop) {
      status = BLOCK_FULL;
      break;
    }
    if (next > inStop) {
      status = BLOCK_CUT;
      break;
    }
    store<u32>(to, <u32>(entry >> LITERALS_SHIFT));
    to += <usize>(entry >> LITERALS_COUNT_SHIFT);
    let before = buffer;
    buffer >>= entry;
    count -= entry;
    if ((<u32>entry & ENTRY_LITERAL) != 0) {
      entry = lookUp(buffer, mask);
      store<u32>(to, <u32>(entry >> LITERALS_SHIFT));
      to += <usize>(entry >> LITERALS_COUNT_SHIFT);
      before = buffer;
      buffer >>= entry;
      count -= entry;
      if ((<u32>entry & ENTRY_LITERAL) != 0) {
        buffer = refilled(buffer, next, count);
        next = afterRefill(next, count);
        count |= REFILLED_BITS;
        entry = lookUp(buffer, mask);
        continue;
      }
      if ((<u32>entry & ENTRY_EXCEPTION) != 0) {
        buffer = refilled(buffer, next, count);
        next = afterRefill(next, count);
        count |= REFILLED_BITS;
      }
    }
    if ((<u32>entry & ENTRY_EXCEPTION) != 0) {
      if ((<u32>entry & ENTRY_END) != 0) {
        status = BLOCK_ENDED;
        break;
      }
      if ((<u32>entry & ENTRY_POINTER) == 0) break;
      entry = lookFurther(literalTable, entry, buffer);
      before = buffer;
      buffer >>= entry;
      count -= entry;
      if ((<u32>entry & ENTRY_LITERAL) != 0) {
        store<u8>(to, <u8>(entry >> 16));
        to++;
        buffer = refilled(buffer, next, count);
        next = afterRefill(next, count);
        count |= REFILLED_BITS;
        entry = lookUp(buffer, mask);
        continue;
      }
      if ((<u32>entry & ENTRY_EXCEPTION) != 0) {
        status = BLOCK_ENDED;
        break;
      }
    }
    const length = valueOf(entry, before);

    entry = <u64>load<u32>(distanceTable + (<usize>(buffer & ((1 << DISTANCE_BITS) - 1)) << 2));
    if ((<u32>entry & ENTRY_EXCEPTION) != 0) {
      if ((<u32>entry & ENTRY_POINTER) == 0) break;
      buffer >>= entry;
      count -= entry;
      entry = lookFurther(distanceTable, entry, buffer);
    }
    const distance = valueOf(entry, buffer);
    buffer >>= entry;
    count -= entry;
    if (distance > to - start) break;

    buffer = refilled(buffer, next, count);
    next = afterRefill(next, count);
    count |= REFILLED_BITS;
    entry = lookUp(buffer, mask);
    const stopAt = to + length;
    let from = to - distance;
    if (distance >= WIDTH) {
      copy16(to, from);
      copy16(to + WIDTH, from + WIDTH);
      copy16(to + 2 * WIDTH, from + 2 * WIDTH);
      if (length > 3 * WIDTH) {
        to += 3 * WIDTH;
        from += 3 * WIDTH;
        do {
          copy16(to, from);
          to += WIDTH;
          from += WIDTH;
        } while (to < stopAt);
      }
    } else copyNear(to, from, stopAt);
    to = stopAt;
  }
  setInput(buffer, count & 63, next);
  setOut(to);
  return status;
}

@inline
function refilled(buffer: u64, next: usize, count: u64): u64 {
  return buffer | (load<u64>(next) << count);
}

@inline
function afterRefill(next: usize, count: u64): usize {
  return next + (7 - (<usize>(count >> 3) & 7));
}

@inline
function lookUp(buffer: u64, mask: u64): u64 {
  return load<u64>(combinedTable + (<usize>(buffer & mask) << 3));
}

/** The entry in a subtable, by the bits behind those of its pointer: a code has it, for codes this long are complete. */
@inline
function lookFurther(table: usize, pointer: u64, buffer: u64): u64 {
  return <u64>load<u32>(table + ((<usize>(pointer >> 16) + <usize>(buffer & ~(<u64>-1 << (pointer >> 8)))) << 2));
}

/** Length or distance: the base, and the extra bits that come behind the code. @param before the bits from the code on */
@inline
function valueOf(entry: u64, before: u64): usize {
  return <usize>(<u32>entry >> 16) + <usize>((before & ~(<u64>-1 << entry)) >> (entry >> 8));
}

/** Copies bytes that were written less than 16 bytes before. Eight at a time; as many are right as lie between. */
function copyNear(to: usize, from: usize, stopAt: usize): void {
  while (to - from < 8) {
    const distance = to - from;
    store<u64>(to, load<u64>(from));
    to += distance;
    if (to >= stopAt) return;
  }
  do {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  } while (to < stopAt);
}
