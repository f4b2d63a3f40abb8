// A memtable's struct, at the address that `tableAt(id)` returns (0 when there is none). u32 each unless said. Compiled by
// AssemblyScript and by TypeScript, like codes.ts.
export const TABLE_ID = 0;
export const TABLE_ROWS = 4;
/** Address of i64[rows]: nanoseconds since 1970. */
export const TABLE_TIMES = 8;
export const TABLE_COLUMNS = 12;
/** Address of u32[columns]: addresses of column structs, in the order they were defined (= by column id). */
export const TABLE_COLUMNS_AT = 16;
/** Address of u32[rows]: the series of each row. */
export const TABLE_SERIES_AT = 20;
/** Number of series: one or more for every set of tags met. Two series may have the same tags; one may have no row. */
export const TABLE_SERIES = 24;
export const TABLE_DATABASE = 28;
/** Address and length of the unescaped measurement. */
export const TABLE_NAME_AT = 32;
export const TABLE_NAME_BYTES = 36;
/** Room of TABLE_TIMES and TABLE_SERIES_AT, and of TABLE_COLUMNS_AT. */
export const TABLE_ROWS_CAPACITY = 40;
export const TABLE_COLUMNS_CAPACITY = 44;
/** Open addressing from key to column address, and the number of slots - 1. */
export const TABLE_SLOTS = 48;
export const TABLE_SLOTS_MASK = 52;
/** Bytes of all keys. */
export const TABLE_KEY_BYTES = 56;
/** How many rows the last body that added some found. */
export const TABLE_ROWS_BEFORE = 60;
/** u64: that body. */
export const TABLE_BODY = 64;
/** How many series it found. */
export const TABLE_SERIES_BEFORE = 72;
/** Counts how often the series were numbered anew; who remembers a number remembers this with it. */
export const TABLE_SERIES_EPOCH = 76;
/** u64: hash of the measurement. */
export const TABLE_NAME_HASH = 80;
/** f64 each, seqs: of its creation; up to which rows are in files. */
export const TABLE_CREATED = 88;
export const TABLE_FLUSHED_TO = 96;
/** A guess for the next line (memtable/cache/line-guess.ts): columns in the order of the line last judged, and their room. */
export const TABLE_CELLS_AT = 104;
export const TABLE_CELLS_CAPACITY = 108;
/** The same of fields alone, their number besides. */
export const TABLE_FIELDS_AT = 112;
export const TABLE_FIELDS = 116;
export const TABLE_FIELDS_CAPACITY = 120;
/** Lines looked up in this window; FOUND for each of them that was found; RARE (memtable/cache/one-off-series.ts). */
export const TABLE_LOOKS = 124;
/** Number of columns at TABLE_CELLS_AT. */
export const TABLE_CELLS = 128;
/** Hash that the table is found by (memtable/tables.ts). */
export const TABLE_SLOT_HASH = 132;
/** While needs are listed (parse/schema/needed.ts): u64, the listing; u32, where the measurement stands in its names. */
export const TABLE_LISTING = 136;
export const TABLE_LISTED_AT = 144;
/** 1: new lines are rejected. */
export const TABLE_SET_ASIDE = 148;
/** Counts how often rows left, and those behind them got other numbers. */
export const TABLE_MOVES = 152;
/** Rows read back from files (read/rows.ts): address of i64[rows], the seq of each; 0: rows have none of their own. */
export const TABLE_SEQS = 156;
/** Room of TABLE_SEQS. */
export const TABLE_SEQS_CAPACITY = 160;
export const TABLE_STRUCT_BYTES = 192;
