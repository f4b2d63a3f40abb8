// A column's struct in a memtable. Its values are sparse: of a field there is one entry a row that has a value, rows
// ascending; of a tag one entry a series that has it, series ascending. u32 each unless said. The first 64 bytes, a cache
// line, are all that the fast path needs of a field. Compiled by AssemblyScript and by TypeScript, like codes.ts.

/** 16 bytes: the first of the key as a line spells it, with its `=` (memtable/key-spelling.ts). */
export const COLUMN_HEAD = 0;
/** u16 each: a bit for each of these bytes that counts; how many bytes the spelling has, 0 when it is not for comparing. */
export const COLUMN_HEAD_MASK = 16;
export const COLUMN_SPELLED_BYTES = 18;
/** KIND_*. */
export const COLUMN_KIND = 20;
/** u64: what the checksum of a cell starts with. */
export const COLUMN_SEED = 24;
/** Address of the key as spelled when it is longer than 16 bytes, else 0. */
export const COLUMN_SPELLED_AT = 32;
export const COLUMN_ID = 36;
/** Number of values. */
export const COLUMN_COUNT = 40;
/**
 * Where the u32 row (of a tag: series) of value 0 would stand, and those of the others behind it; only those of the values
 * from COLUMN_DENSE on are there. 0: value i is that of row i.
 */
export const COLUMN_ROWS = 44;
/** Address of the values: tag u32 code; f64, i64, u64 8 bytes; bool u8; string u32 = end of the value in the heap. */
export const COLUMN_VALUES = 48;
/** How many values COLUMN_VALUES has room for; as many less COLUMN_DENSE have room for their numbers. */
export const COLUMN_CAPACITY = 52;
/** String: address of the bytes of all values, one after another. Tag: the bytes of all dictionary entries. */
export const COLUMN_HEAP = 56;
/** Bytes COLUMN_HEAP has room for. */
export const COLUMN_HEAP_CAPACITY = 60;
/** Tag: number of dictionary entries, and address of u32[entries] = end of each entry in the heap. */
export const COLUMN_ENTRIES = 64;
export const COLUMN_ENTRY_ENDS = 68;
/** Tag: room of COLUMN_ENTRY_ENDS and COLUMN_ENTRY_HASHES; u32[entries] hashes; slots and count - 1. */
export const COLUMN_ENTRY_CAPACITY = 72;
export const COLUMN_ENTRY_HASHES = 76;
export const COLUMN_SLOTS = 80;
export const COLUMN_SLOTS_MASK = 84;
/** Address and length of the unescaped key. */
export const COLUMN_KEY_AT = 88;
export const COLUMN_KEY_BYTES = 92;
/** u64: hash of the key. */
export const COLUMN_KEY_HASH = 96;
/** u64: the last line that named the key, a multiple of four, and how (AS_* of parse/schema/line-keys.ts). A key named twice in a line is found by it. */
export const COLUMN_LINE = 104;
/** Where COLUMN_ROWS is not 0: so many values are those of the first rows. */
export const COLUMN_DENSE = 112;
/** Tag: entries when the body COLUMN_BODY (u64) first added one: what a rollback goes back to. */
export const COLUMN_ENTRIES_BEFORE = 116;
export const COLUMN_BODY = 120;
export const COLUMN_STRUCT_BYTES = 128;
