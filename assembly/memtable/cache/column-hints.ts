// Where the column of a key is likely to be found: a slot by table and the ends of the key. Whoever takes a hint compares
// the key.

/** u32 each: table and column. */
const HINT_BYTES: u32 = 8;
const HINTS_SHIFT: u32 = 14;
const hints: usize = memory.data(131072, 8);
const MIX: u64 = 0x9E3779B97F4A7C15;

/** The slot of a key; up to 7 bytes behind it are read. */
@inline
export function hintOf(table: usize, keyAt: usize, keyBytes: usize): usize {
  const isLong = keyBytes >= 8;
  const first = isLong ? load<u64>(keyAt) : load<u64>(keyAt) << ((8 - <u64>keyBytes) << 3);
  const last = isLong ? load<u64>(keyAt + keyBytes - 8) : 0;
  const mixed = (first ^ rotl<u64>(last, 29) ^ (<u64>table << 13)) * MIX;
  return hints + <usize>(mixed >> (64 - HINTS_SHIFT)) * HINT_BYTES;
}

/** The column in a slot, when it is one of the table; else 0. */
@inline
export function hintedColumn(hint: usize, table: usize): usize {
  return load<u32>(hint) == <u32>table ? <usize>load<u32>(hint, 4) : 0;
}

/** Notes the column of a table in the slot that hintOf gave for its key. */
@inline
export function setHint(hint: usize, table: usize, column: usize): void {
  store<u32>(hint, <u32>table);
  store<u32>(hint, <u32>column, 4);
}

/** Forgets all: a table is to be freed. */
export function forgetHints(): void {
  memory.fill(hints, 0, HINT_BYTES << HINTS_SHIFT);
}
