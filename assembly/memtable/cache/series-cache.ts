// The series cache: from the bytes of a line up to its first space to the series they name. An entry is good while the
// series of its table keep their numbers; after that the next line with these bytes finds it and makes it good again.
//
// What is cached: at first every series met; past FIRST_SIGHT_MAX entries one that is met a second time, as far as a
// filter of SEEN_SLOTS fingerprints can tell, since of series that never return an entry is wasted. Past the bound in bytes
// nothing more, and when the entries not added since outnumber those there are, all are forgotten.
import { TABLE_SERIES, TABLE_SERIES_EPOCH } from '../../layout/table';
import { nextRandom } from '../../base/random';
import { isSame, isHead } from '../../base/simd-bytes';
import { give, take } from '../memory';

/** u32 each: the table and the series' number in it, TABLE_SERIES_EPOCH when it got it. */
export const SERIES_TABLE: usize = 0;
export const SERIES_NUMBER: usize = 4;
export const SERIES_EPOCH: usize = 8;
/** u32: the entry that came after this one last time; never 0. */
export const SERIES_NEXT: usize = 12;
/** u64: what the checksum of each of its rows is at the last tag (parse/checksum.ts). */
export const SERIES_CHECKSUM: usize = 16;
/** u32 each: tags; scope (parse/line-series.ts); bytes up to and with the first space, which stand at SERIES_TEXT. */
export const SERIES_TAGS: usize = 24;
const SERIES_SCOPE: usize = 28;
export const SERIES_TEXT_BYTES: usize = 32;
export const SERIES_TEXT: usize = 48;

/** In SERIES_TEXT_BYTES: more than any line has. */
const NO_TEXT: u32 = 0xFFFFFFFF;
/** In SERIES_EPOCH: the entry is bad, whatever its table says. */
const NO_EPOCH: u32 = 0xFFFFFFFF;
const TEXT_BYTES_MAX: u32 = 65536;
const FIRST_SIGHT_MAX: u32 = 16384;
const SEEN_SLOTS: u32 = 1 << 20;
const SLOTS_MIN: u32 = 1024;
const CHUNK_BYTES: u32 = 1 << 18;
const CHUNK_HEAD_BYTES: u32 = 16;
/** Slots looked at: entries that collide beyond are not found, so that no client can make lookups long. */
const PROBES_MAX: u32 = 64;
/** Texts of one upper half of the hash that are compared: by chance there are hardly ever two. */
const COMPARED_MAX: u32 = 4;

/** An entry that no line matches, and that follows itself. */
export const NO_SERIES: usize = memory.data(64, 64);
store<u32>(NO_SERIES, <u32>NO_SERIES, SERIES_NEXT);
store<u32>(NO_SERIES, NO_TEXT, SERIES_TEXT_BYTES);

/** u64 each: entry in the lower half (0 is free), upper half of the hash in the upper. */
let slots: usize = 0;
let slotsMask: u32 = 0;
let entries: u32 = 0;
/** Chunks of entries, each with the address of the one before at its head; where the next entry goes in the newest. */
let chunk: usize = 0;
let nextAt: usize = 0;
let chunkEnd: usize = 0;
let entryBytes: usize = 0;
let entryBytesMax: usize = 64 << 20;
/** u16 each: fingerprints of series met lately. */
let seen: usize = 0;
/** Entries not added since the cache was full. */
let missed: u32 = 0;
/** Counts how often all was forgotten: addresses of entries are good for one value of it. */
export let forgotten: u32 = 0;

/** Bounds the memory of the entries. */
export function setSeriesBytes(bytesMax: u32): void {
  entryBytesMax = bytesMax;
}

const K1: u64 = 0x9FB21C651E98DF25;
const K2: u64 = 0xD6E8FEB86659FD93;

/** Hash of the bytes up to and with the first space. Not the one of the checksum: this one may change. */
@inline
export function seriesHash(scope: u32, at: usize, bytes: u32): u64 {
  let a: u64 = <u64>bytes * K2 + scope;
  let b: u64 = K1;
  let left = bytes;
  while (left >= 16) {
    a = rotl<u64>((a ^ load<u64>(at)) * K1, 29);
    b = rotl<u64>((b ^ load<u64>(at, 8)) * K2, 31);
    at += 16;
    left -= 16;
  }
  if (left > 8) {
    a = rotl<u64>((a ^ load<u64>(at)) * K1, 29);
    b = rotl<u64>((b ^ load<u64>(at + left - 8)) * K2, 31);
  } else if (left > 0) {
    a = rotl<u64>((a ^ (load<u64>(at) << ((8 - <u64>left) << 3))) * K1, 29);
  }
  a = (a ^ (b >> 32) ^ b) * K1;
  return a ^ (a >> 29);
}

@inline
function hasText(entry: usize, scope: u32, at: usize, bytes: u32): bool {
  if (load<u32>(entry, SERIES_TEXT_BYTES) != bytes || load<u32>(entry, SERIES_SCOPE) != scope) return false;
  return bytes < 16 ? isHead(entry + SERIES_TEXT, at, bytes) : isSame(entry + SERIES_TEXT, at, bytes);
}

/** The entry of that text, good or not; NO_SERIES when there is none. */
export function findSeries(scope: u32, at: usize, bytes: u32, hash: u64): usize {
  if (slots == 0) return NO_SERIES;
  const upper = <u32>(hash >> 32);
  let compared: u32 = 0;
  for (let i: u32 = 0; i < PROBES_MAX; i++) {
    const held = load<u64>(slots + (<usize>((upper + i) & slotsMask) << 3));
    if (held == 0) break;
    if (<u32>(held >> 32) != upper) continue;
    if (hasText(<usize><u32>held, scope, at, bytes)) return <usize><u32>held;
    if (++compared == COMPARED_MAX) break;
  }
  return NO_SERIES;
}

/** Whether the entry's number is still the series' number. */
@inline
export function isGood(entry: usize): bool {
  return load<u32>(entry, SERIES_EPOCH) == load<u32>(load<u32>(entry), TABLE_SERIES_EPOCH);
}

/** The number of a new series of the table. */
@inline
export function newSeries(table: usize): u32 {
  const number = load<u32>(table, TABLE_SERIES);
  store<u32>(table, number + 1, TABLE_SERIES);
  return number;
}

/** States what an entry stands for. */
export function setSeries(entry: usize, table: usize, number: u32, tagsChecksum: u64, tags: u32): void {
  store<u32>(entry, <u32>table, SERIES_TABLE);
  store<u32>(entry, number, SERIES_NUMBER);
  store<u32>(entry, load<u32>(table, TABLE_SERIES_EPOCH), SERIES_EPOCH);
  store<u64>(entry, tagsChecksum, SERIES_CHECKSUM);
  store<u32>(entry, tags, SERIES_TAGS);
}

/** An entry for a text that findSeries did not find, to be filled with setSeries; NO_SERIES when it is not to be cached. */
export function addSeries(scope: u32, at: usize, bytes: u32, hash: u64): usize {
  const size = <u32>SERIES_TEXT + ((bytes + 15) & ~15);
  if (bytes > TEXT_BYTES_MAX || !isWelcome(hash) || !hasRoom(size)) return NO_SERIES;
  if (slots == 0 || (entries + 1) << 1 > slotsMask + 1) growSlots();
  const slot = freeSlot(hash);
  if (slot == 0) return NO_SERIES;
  if (<usize>size > chunkEnd - nextAt) addChunk(max(CHUNK_BYTES, size + CHUNK_HEAD_BYTES));
  const entry = nextAt;
  nextAt += size;
  entries++;
  memory.copy(entry + SERIES_TEXT, at, bytes);
  store<u32>(entry, bytes, SERIES_TEXT_BYTES);
  store<u32>(entry, scope, SERIES_SCOPE);
  store<u32>(entry, <u32>NO_SERIES, SERIES_NEXT);
  store<u64>(slot, (hash & 0xFFFFFFFF00000000) | <u64>entry);
  return entry;
}

/** Makes an entry bad until setSeries: its series is rolled back. */
@inline
export function spoilSeries(entry: usize): void {
  store<u32>(entry, NO_EPOCH, SERIES_EPOCH);
}

/** Forgets all entries. */
export function forgetSeries(): void {
  while (chunk != 0) {
    const before = <usize>load<u32>(chunk);
    give(chunk, load<u32>(chunk, 4));
    chunk = before;
  }
  if (slots != 0) give(slots, <usize>(slotsMask + 1) << 3);
  slots = 0;
  entries = 0;
  nextAt = 0;
  chunkEnd = 0;
  entryBytes = 0;
  missed = 0;
  forgotten++;
  store<u32>(NO_SERIES, <u32>NO_SERIES, SERIES_NEXT);
}

/** Forgets all entries, and what was met lately. */
export function freeSeries(): void {
  forgetSeries();
  give(seen, SEEN_SLOTS << 1);
  seen = 0;
}

/** Bytes that the cache holds. */
export function cacheBytes(): usize {
  return entryBytes + (slots == 0 ? 0 : <usize>(slotsMask + 1) << 3) + (seen == 0 ? 0 : SEEN_SLOTS << 1);
}

/** Whether an entry is worth it: while there are few, or when the series was met before. */
function isWelcome(hash: u64): bool {
  if (entries < FIRST_SIGHT_MAX) return true;
  if (seen == 0) {
    seen = take(SEEN_SLOTS << 1);
    memory.fill(seen, 0, SEEN_SLOTS << 1);
  }
  const slot = seen + (<usize>(<u32>(hash >> 16) & (SEEN_SLOTS - 1)) << 1);
  const fingerprint = <u16>(hash >> 48) | 1;
  const isMet = load<u16>(slot) == fingerprint;
  // Of two series with one slot each stays now and then, until it is met and needs it no longer.
  if (load<u16>(slot) == 0 || <i32>nextRandom() < 0) store<u16>(slot, fingerprint);
  return isMet;
}

function hasRoom(size: u32): bool {
  if (<usize>size <= chunkEnd - nextAt || entryBytes + CHUNK_BYTES <= entryBytesMax) return true;
  if (++missed <= entries) return false;
  forgetSeries();
  return true;
}

function addChunk(bytes: u32): void {
  const before = chunk;
  chunk = take(bytes);
  store<u32>(chunk, <u32>before);
  store<u32>(chunk, bytes, 4);
  nextAt = chunk + CHUNK_HEAD_BYTES;
  chunkEnd = chunk + bytes;
  entryBytes += bytes;
}

/** Address of a free slot within reach; 0 when there is none. */
function freeSlot(hash: u64): usize {
  const upper = <u32>(hash >> 32);
  for (let i: u32 = 0; i < PROBES_MAX; i++) {
    const slot = slots + (<usize>((upper + i) & slotsMask) << 3);
    if (load<u64>(slot) == 0) return slot;
  }
  return 0;
}

function growSlots(): void {
  const before = slots;
  const countBefore: u32 = before == 0 ? 0 : slotsMask + 1;
  const count = max(countBefore << 1, SLOTS_MIN);
  slots = take(<usize>count << 3);
  memory.fill(slots, 0, <usize>count << 3);
  slotsMask = count - 1;
  for (let i: u32 = 0; i < countBefore; i++) {
    const held = load<u64>(before + (<usize>i << 3));
    if (held == 0) continue;
    const slot = freeSlot(held);
    if (slot != 0) store<u64>(slot, held);
  }
  give(before, <usize>countBefore << 3);
}
