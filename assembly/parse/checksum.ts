// The checksum of a body's accepted rows, which stands in log frames: this file alone holds it while it is made.
//
// cell(key, kind, value) = c ^ c >> 32 with c = ((hash(key) + kind * B) ^ rotl(value, 32)) * A.
// row: r = hash(measurement); for each tag and field in the line's order r = rotl(r, 7) + cell(...);
// at last r = rotl(r, 7) + cell of the time in nanoseconds, with 0 for hash(key) and 0 for kind.
// body: s = 0; for each accepted row in order s = (s ^ r) * C; s ^= s >> 29.
// The hash, and A, B and C, are those of base/hash.ts; all arithmetic is modulo 2^64.
// Key, kind and value are those of the line as sent, also where the rules of its database put the value into a wider
// column or one of another key: so it does not depend on them.
//
// For each line: beginRow, addCell for its tags, endTags, addCell for its fields, endRow. A line that comes to nothing is
// left where it stands: the next beginRow forgets it.
import { HASH_A, HASH_C } from '../base/hash';

/** Of the rows that were ended in this body. */
let body: u64 = 0;
/** Of the row at hand, as far as its cells were added; and what it was at its last tag. */
let row: u64 = 0;
let tags: u64 = 0;

/** Begins a body. */
export function beginChecksum(): void {
  body = 0;
}

/** The checksum of the rows of this body so far. */
export function checksum(): u64 {
  return body;
}

/** Begins a row. @param sum the hash of its measurement; or, for a series that is known, tagsChecksum of an earlier row of it */
@inline
export function beginRow(sum: u64): void {
  row = sum;
}

/**
 * Adds a tag or a field to the row at hand.
 * @param seed COLUMN_SEED of its column, or cellSeed of its key's hash and its kind
 * @param bits f64 bits, i64, u64, 0 or 1, or the hash of a string or tag value
 */
@inline
export function addCell(seed: u64, bits: u64): void {
  const c = (seed ^ rotl<u64>(bits, 32)) * HASH_A;
  row = rotl<u64>(row, 7) + (c ^ (c >> 32));
}

/** States that the row at hand has all its tags. */
@inline
export function endTags(): void {
  tags = row;
}

/** What the row at hand was when endTags was called: the same for all rows of its series. */
@inline
export function tagsChecksum(): u64 {
  return tags;
}

/** Ends the row at hand and adds it to the body. @param time nanoseconds since 1970 */
@inline
export function endRow(time: i64): void {
  addCell(0, <u64>time);
  const s = (body ^ row) * HASH_C;
  body = s ^ (s >> 29);
}
