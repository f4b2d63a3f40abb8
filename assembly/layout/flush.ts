// Numbers of a flush that both sides of the WASM border know; compiled by AssemblyScript and by TypeScript, like codes.ts.

/** Rows of a row group at most. */
export const GROUP_ROWS_MAX = 131072;
/** A row group ends when the values of its rows pass this. */
export const GROUP_BYTES_MAX = 67108864;
/** A page of texts ends when its values pass this: what one call of the flush can compress. */
export const PAGE_BYTES_MAX = 524288;

// A span to flush: rows of one body. Ordered by number.
/** u32. */
export const FLUSH_SPAN_ROW_FIRST = 0;
/** u32, one past the last row. */
export const FLUSH_SPAN_ROW_END = 4;
/** f64: seq. */
export const FLUSH_SPAN_SEQ = 8;
export const FLUSH_SPAN_BYTES = 16;

// Our own columns, where a chunk is asked by column id: ids of memtable columns start at 1 and stay below.
export const COLUMN_TIME = 0xfffffffd;
export const COLUMN_NS = 0xfffffffe;
export const COLUMN_SEQ = 0xffffffff;

// A column chunk under way, at the address `flushChunk` returns: each call does a step of it and may finish a page.
// u32 unless said. Valid until the next call of the flush.
/** Address and length of the page that this call finished, with its header once `flushPage` was called; length 0 when it finished none. */
export const CHUNK_AT = 0;
export const CHUNK_BYTES = 4;
/** Length of that page before compression, with its header as above. */
export const CHUNK_RAW_BYTES = 8;
/** 1 when it is the dictionary page, which stands before the others. */
export const CHUNK_DICTIONARY = 12;
/** 1 when the chunk goes on: the same call again. What follows is told when it does not. */
export const CHUNK_MORE = 16;
/** Parquet encoding of the data pages: ENCODING_*. */
export const CHUNK_ENCODING = 20;
export const CHUNK_NULLS = 24;
/** 1 when a value was NaN. */
export const CHUNK_NAN = 28;
/** i64, f64 or u64 (a bool is 0 or 1); for texts an address (u32) and a length (u32). Only when there are values. */
export const CHUNK_MIN = 32;
export const CHUNK_MAX = 40;
export const CHUNK_STRUCT_BYTES = 48;

// Encodings by their Parquet numbers.
export const ENCODING_PLAIN = 0;
export const ENCODING_RLE = 3;
export const ENCODING_DELTA_BINARY_PACKED = 5;
export const ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6;
export const ENCODING_RLE_DICTIONARY = 8;
