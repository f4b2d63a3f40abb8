// Numbers of reading files back that both sides of the WASM border know; compiled by AssemblyScript and by TypeScript, like codes.ts.

// What the calls of assembly/read/read.ts return.
export const READ_OK = 0;
/** The compressed bytes are none of Snappy, or not as long as the header says. */
export const READ_SNAPPY = 1;
/** Definition levels end too early, or tell of other rows than there are. */
export const READ_LEVELS = 2;
/** Values end too early or too late, or are none of their encoding. */
export const READ_VALUES = 3;
/** A value stands for an entry that the dictionary does not have. */
export const READ_INDEX = 4;
/** The column's kind is never written in this encoding. */
export const READ_ENCODING = 5;
/** A time, its nanoseconds, a seq or an unsigned number that cannot be. */
export const READ_RANGE = 6;
/** The chunk has more or fewer rows than its row group. */
export const READ_ROWS = 7;
/** Memtables would hold more than they may. */
export const READ_NO_ROOM = 8;

/** Bytes of a page at most, before and after compression: no page of ours is longer. */
export const READ_PAGE_BYTES_MAX = 268435456;
